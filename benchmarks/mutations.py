"""Mutations a second into one organisation and into four, with PostgreSQL's normal durability.

The mutation is `addComment`: it reads a ticket, inserts a row and appends one event. Rounds are
interleaved, so that a machine that slows down slows all alike; medians are printed as Markdown.
"""

import argparse
import asyncio
import platform
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

import asyncpg
import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import now
from app.db.engine import open_engine
from app.domain.tickets import TicketCategory, TicketPriority
from app.services.comments.add_comment import AddComment, add_comment
from app.services.tickets.create_ticket import CreateTicket, create_ticket
from benchmarks.place import workplace
from schema.ids import global_id
from tests.cli.command import Workplace, free_port, wait_until_ready
from tests.serving import SECRET, token
from tests.world import World, make_world, writer_for

WRITERS = 16
ORGANIZATIONS = 4
BODY = "The seal is worn; a new one is on its way."
MUTATION = "mutation($input: AddCommentInput!) { addComment(input: $input) { changeId errors { __typename } } }"
STATEMENT = "UPDATE commits SET done = done + 1 WHERE writer = $1"

Act: TypeAlias = Callable[[int], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A ticket of one organisation, and what it takes to comment on it."""

    world: World
    ticket_id: UUID
    bearer: str


async def rate(act: Act, *, writers: int, seconds: float) -> float:
    """Let writers act without a pause; return how many acts a second were finished."""
    begun = time.perf_counter()
    finished = 0

    async def work(number: int) -> None:
        nonlocal finished
        while time.perf_counter() - begun < seconds:
            await act(number)
            finished += 1

    await asyncio.gather(*(work(number) for number in range(writers)))
    return finished / (time.perf_counter() - begun)


async def desks_in(engine: AsyncEngine) -> list[Desk]:
    """Make the organisations, each with a ticket."""
    desks = []
    for number in range(ORGANIZATIONS):
        world = await make_world(engine, f"Organisation {number + 1}")
        command = CreateTicket(
            title="The pump leaks",
            description="Since Monday.",
            category=TicketCategory.INCIDENT,
            priority=TicketPriority.P2,
        )
        created = await create_ticket(writer_for(engine), world.actor("dispatcher"), command)
        bearer = token(world, "dispatcher", lifetime=timedelta(hours=4))
        desks.append(Desk(world=world, ticket_id=created.ids["ticket"], bearer=bearer))
    return desks


def by_services(engine: AsyncEngine, desks: list[Desk]) -> Act:
    """Return an act that calls the service in this process."""
    writer = writer_for(engine)
    actors = [desk.world.actor("dispatcher") for desk in desks]

    async def act(number: int) -> None:
        at = number % len(desks)
        await add_comment(writer, actors[at], AddComment(ticket_id=desks[at].ticket_id, body=BODY))

    return act


def by_http(client: httpx.AsyncClient, desks: list[Desk]) -> Act:
    """Return an act that asks the server."""

    async def act(number: int) -> None:
        desk = desks[number % len(desks)]
        variables = {"input": {"ticketId": global_id("Ticket", desk.ticket_id), "body": BODY}}
        answer = await client.post(
            "/graphql",
            json={"query": MUTATION, "variables": variables},
            headers={"Authorization": f"Bearer {desk.bearer}"},
        )
        if answer.json()["data"]["addComment"]["errors"]:
            raise RuntimeError(answer.text)

    return act


@asynccontextmanager
async def plain_commits(url: str) -> AsyncIterator[Callable[[int], Act]]:
    """Give an act that only commits a changed row, by the number of rows among which the writers are spread."""
    pool = await asyncpg.create_pool(url, min_size=WRITERS, max_size=WRITERS)
    await pool.execute("CREATE TABLE commits (writer int PRIMARY KEY, done int NOT NULL)")
    await pool.execute("INSERT INTO commits SELECT n, 0 FROM generate_series(0, $1::int) n", WRITERS)

    def act_on(rows: int) -> Act:
        async def act(number: int) -> None:
            await pool.execute(STATEMENT, number % rows)

        return act

    yield act_on
    await pool.close()


async def measure(place: Workplace, *, rounds: int, seconds: float) -> dict[str, float]:
    """Return the median rate of each way of writing."""
    url, port = place.server.url(), free_port()
    process = place.start("serve", "--port", str(port), DATABASE_URL=url, JWT_SECRET_KEY=SECRET)
    engine = open_engine(url, size=WRITERS)
    desks = await desks_in(engine)
    await asyncio.to_thread(wait_until_ready, port, process)
    rates: dict[str, list[float]] = {}
    async with (
        plain_commits(url) as commit,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        ways: Mapping[str, tuple[Act, int]] = {
            "plain commits, 1 writer": (commit(1), 1),
            f"plain commits, {WRITERS} writers on 1 row": (commit(1), WRITERS),
            f"plain commits, {WRITERS} writers on {ORGANIZATIONS} rows": (commit(ORGANIZATIONS), WRITERS),
            "services, 1 organisation, 1 writer": (by_services(engine, desks[:1]), 1),
            f"services, 1 organisation, {WRITERS} writers": (by_services(engine, desks[:1]), WRITERS),
            f"services, {ORGANIZATIONS} organisations, {WRITERS} writers": (by_services(engine, desks), WRITERS),
            "HTTP, 1 organisation, 1 writer": (by_http(client, desks[:1]), 1),
            f"HTTP, 1 organisation, {WRITERS} writers": (by_http(client, desks[:1]), WRITERS),
            f"HTTP, {ORGANIZATIONS} organisations, {WRITERS} writers": (by_http(client, desks), WRITERS),
        }
        for act, writers in ways.values():
            await rate(act, writers=writers, seconds=min(1, seconds))
        for _ in range(rounds):
            for name, (act, writers) in ways.items():
                rates.setdefault(name, []).append(await rate(act, writers=writers, seconds=seconds))
    await engine.dispose()
    return {name: statistics.median(each) for name, each in rates.items()}


def table(medians: Mapping[str, float], *, at: datetime, rounds: int, seconds: float) -> str:
    """Return the medians as Markdown, each with its ratio to a single writer's plain commits."""
    first = next(iter(medians.values()))
    rows = [f"| {name} | {each:,.0f} | {each / first:.2f} |" for name, each in medians.items()]
    made = f"{at:%Y-%m-%d}, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return "\n".join(
        [
            f"{made}; median of {rounds} rounds of {seconds:g} s.",
            "",
            "| way of writing | a second | of one writer's plain commits |",
            "|---|---:|---:|",
            *rows,
            "",
        ]
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    chosen = parser.parse_args()
    with workplace() as place:
        medians = asyncio.run(measure(place, rounds=chosen.rounds, seconds=chosen.seconds))
    sys.stdout.write(table(medians, at=now(), rounds=chosen.rounds, seconds=chosen.seconds))


if __name__ == "__main__":
    main()
