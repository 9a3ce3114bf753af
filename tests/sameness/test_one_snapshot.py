"""One response is one state of the database, while somebody else changes several rows at once, again and again.

`make sameness` reads 10,000 responses each way; the environment says how many.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.tables.assignments import assignments
from app.db.tables.people import technicians, users
from app.db.tables.tickets import comments, tickets
from app.db.transaction import Mode, transaction
from app.domain.assignments import ACTIVE
from app.reads.reader import Reader
from schema.execution.answers import Way
from tests.sameness.asking import NO_LIMIT, noted_ways
from tests.sameness.loading import load
from tests.sameness.organisation import Organisation, named
from tests.sameness.rows import Rows
from tests.sameness.viewers import Viewer, viewers_of
from tests.sameness.vocabulary import PLAIN
from tests.serving import Served, serving

_RESPONSES = int(os.environ.get("SNAPSHOT_RESPONSES", "400"))
_MANY = 10_000
_READERS = 6
_TICKETS = 3

# Resolved field by field, these are many statements; every text they show is changed in one transaction.
_QUERY = """
query Shown($ids: [ID!]!, $ticket: ID!, $job: ID!) {
  ticket(id: $ticket) { title comments(first: 3) { nodes { body } } }
  nodes(ids: $ids) {
    ... on Ticket {
      title
      currentAssignment { reasonNote technician { name user { name } } ticket { title } }
      comments(first: 2) { edges { node { body } } }
    }
  }
  assignment(id: $job) { reasonNote ticket { title currentAssignment { reasonNote } } }
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changing:
    """Rows that all say the same, and change together."""

    engine: AsyncEngine
    organisation: Organisation
    tickets: list[UUID]
    jobs: list[UUID]

    async def say(self, text: str) -> None:
        """Let every row say something else, in one transaction."""
        here = self.organisation.id
        of_jobs = sa.select(assignments.c.technician_id).where(
            assignments.c.organization_id == here, assignments.c.id.in_(self.jobs)
        )
        of_people = sa.select(technicians.c.user_id).where(
            technicians.c.organization_id == here, technicians.c.id.in_(of_jobs)
        )
        changes = [
            sa.update(tickets).where(tickets.c.id.in_(self.tickets)).values(title=text),
            sa.update(assignments).where(assignments.c.id.in_(self.jobs)).values(reason_note=text),
            sa.update(comments).where(comments.c.ticket_id.in_(self.tickets)).values(body=text),
            sa.update(users).where(users.c.id.in_(of_people)).values(name=text),
        ]
        async with transaction(self.engine, here) as connection:
            for change in changes:
                await connection.execute(change)

    @asynccontextmanager
    async def again_and_again(self) -> AsyncIterator[None]:
        """Change what the rows say until the block ends."""

        async def change() -> None:
            for number in count():
                await self.say(f"state {number}")

        changing = asyncio.create_task(change())
        try:
            yield
        finally:
            changing.cancel()
            await asyncio.gather(changing, return_exceptions=True)


@pytest.mark.parametrize("way", list(Way))
async def test_no_response_is_torn_while_rows_change_together(
    engine: AsyncEngine,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    way: Way,
) -> None:
    ways = noted_ways(monkeypatch)
    changing = await _changing(engine)
    plans = way is Way.PLAN
    async with serving(database_url, read_plans=plans, cost_bucket=NO_LIMIT) as served, changing.again_and_again():
        states = await _read(served, changing, _RESPONSES)

    torn = [each for each in states if len(each) != 1]
    with capsys.disabled() if _RESPONSES >= _MANY else nullcontext():
        told = f"{way}: {len(states)} responses, {len(torn)} torn, {len(set.union(*states))} states seen"
        print(told)  # noqa: T201  # the figures are what a long run is for
    assert len(states) == _RESPONSES
    assert set(ways) == {way}
    assert torn == []
    # The rows did change meanwhile.
    assert len(set.union(*states)) > 20


async def test_responses_are_torn_when_each_statement_looks_for_itself(
    engine: AsyncEngine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same check finds what it looks for once a response is no longer read in one transaction."""

    async def run(self: Reader, read: Any, *arguments: Any, **named: Any) -> Any:
        async with transaction(engine, self.actor.organization_id, mode=Mode.READ) as connection:
            return await read(connection, *arguments, **named)

    monkeypatch.setattr(Reader, "run", run)
    changing = await _changing(engine)
    async with serving(database_url, read_plans=False, cost_bucket=NO_LIMIT) as served, changing.again_and_again():
        states = await _read(served, changing, 200)

    assert [each for each in states if len(each) != 1] != []


async def _changing(engine: AsyncEngine) -> Changing:
    organisation = named("Changing", PLAIN)
    rows = await load(engine, organisation, many=40, now=datetime(2026, 3, 2, tzinfo=UTC))
    chosen = list(_talked_about(rows))[:_TICKETS]
    changing = Changing(
        engine=engine,
        organisation=organisation,
        tickets=[ticket for ticket, _ in chosen],
        jobs=[job for _, job in chosen],
    )
    await changing.say("state at first")
    return changing


def _talked_about(rows: Rows) -> Iterator[tuple[UUID, UUID]]:
    """Yield tickets that can be seen, that somebody works on and that were commented, with the job."""
    commented = {each["ticket_id"] for each in rows["comments"] if each["deleted_at"] is None}
    seen = {each["id"] for each in rows["tickets"] if each["deleted_at"] is None}
    for job in rows["assignments"]:
        if job["status"] in ACTIVE and job["ticket_id"] in commented & seen:
            yield job["ticket_id"], job["id"]


async def _read(served: Served, changing: Changing, responses: int) -> list[set[str]]:
    """Return what each of so many responses says."""
    of, index = changing.organisation, changing.organisation.keys
    viewer = next(each for each in viewers_of(of) if each.sees_all)
    ids = [of.id_of("Ticket", index["Ticket"].index(key)) for key in changing.tickets]
    job = of.id_of("Assignment", index["Assignment"].index(changing.jobs[0]))
    variables = {"ids": ids, "ticket": ids[0], "job": job}
    left = iter(range(responses))
    async with httpx.AsyncClient(timeout=60) as client:
        groups = await asyncio.gather(*(_reader(client, served, viewer, variables, left) for _ in range(_READERS)))
    return [state for group in groups for state in group]


async def _reader(
    client: httpx.AsyncClient, served: Served, viewer: Viewer, variables: dict[str, Any], left: Iterator[int]
) -> list[set[str]]:
    headers = {"Authorization": f"Bearer {viewer.token}"}
    states = []
    for _ in left:
        told = await client.post(served.http, json={"query": _QUERY, "variables": variables}, headers=headers)
        answer = json.loads(told.content)
        assert "errors" not in answer
        states.append(set(_texts(answer["data"])))
    return states


def _texts(told: Any) -> Iterator[str]:
    match told:
        case str():
            yield told
        case dict():
            for each in told.values():
                yield from _texts(each)
        case list():
            for each in told:
                yield from _texts(each)
