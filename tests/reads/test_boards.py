"""Boards against the seeded rows: each ticket and job is on a board exactly when the domain's rule shows it."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from app.domain.assignments import ACTIVE
from app.domain.board import Narrowing
from app.domain.events import Concerned
from schema.ids import global_id
from tests.reads.seed import Seed
from tests.reads.test_queues import agreed_for
from tests.serving import Served, serving, token

pytestmark = pytest.mark.asyncio(loop_scope="module")

ENDED = {"RESOLVED", "CLOSED", "CANCELLED"}
UNDER_WAY = {"IN_PROGRESS", "PAUSED", "EN_ROUTE"}
BOARD = """query ($filter: BoardFilter!) {
  dispatchBoard(filter: $filter) {
    hasMoreRows hasMoreUnassigned hasMoreAtRisk
    rows {
      technician { id }
      queue(first: 100) {
        totalCount next { assignment { id } } pageInfo { hasNextPage } items { position assignment { id } }
      }
    }
    unassigned { id }
    atRisk { id }
  }
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[True, False], ids=["planned", "ordinary"])
async def served(seed: Seed, request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    """The seeded organisation behind a running server, which answers either way."""
    address = seed.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    async with serving(address, read_plans=request.param, max_cost=100_000) as running:
        yield running


def narrowings(seed: Seed) -> list[Narrowing]:
    """Return boards narrowed by everything alone, and by some things together."""
    ann, bob, cleo, dan = (seed.world.technicians[name] for name in ("ann", "bob", "cleo", "dan"))
    here, there = seed.territories
    north, south = seed.world.teams["north"], seed.world.teams["south"]
    lists: list[dict[str, Any]] = [
        {},
        {"territory_ids": {here}},
        {"territory_ids": {here, there}},
        {"territory_ids": set()},
        {"team_ids": {north}},
        {"team_ids": {north, south}},
        {"technician_ids": {bob}},
        {"technician_ids": {ann, dan}},
        {"technician_ids": set()},
        {"team_ids": {south}, "technician_ids": {ann, bob}},
        {"territory_ids": {there}, "team_ids": {north, south}, "technician_ids": {bob, cleo}},
    ]
    return [Narrowing(include_unassigned=nobodys, **_sets(each)) for each in lists for nobodys in (True, False)]


def _sets(lists: dict[str, Any]) -> dict[str, Any]:
    return {name: frozenset(keys) for name, keys in lists.items()}


async def board(served: Served, seed: Seed, narrowing: Narrowing) -> dict[str, Any]:
    """Return the board that a client asks for."""
    lists = {
        "territoryIds": ("Territory", narrowing.territory_ids),
        "teamIds": ("Team", narrowing.team_ids),
        "technicianIds": ("Technician", narrowing.technician_ids),
    }
    wanted = {
        "from": "2026-01-01T00:00:00Z",
        "to": "2026-01-02T00:00:00Z",
        "includeUnassigned": narrowing.include_unassigned,
        **{name: [global_id(kind, key) for key in keys] for name, (kind, keys) in lists.items() if keys is not None},
    }
    answer = await served.ask(token(seed.world, "dispatcher"), BOARD, {"filter": wanted})
    assert "errors" not in answer, answer
    found: dict[str, Any] = answer["data"]["dispatchBoard"]
    return found


def jobs_of(seed: Seed, narrowing: Narrowing) -> dict[UUID, list[UUID]]:
    """Return each technician's jobs that the rule shows, in queue order, sorted in Python."""
    present = {row["id"]: row for row in seed.tickets if row["deleted_at"] is None}
    shown = [
        job
        for job in seed.jobs
        if job["status"] in ACTIVE
        and job["ticket_id"] in present
        and narrowing.shows(
            Concerned(
                technician_id=job["technician_id"],
                team_id=seed.teams[job["technician_id"]],
                territory_id=present[job["ticket_id"]]["territory_id"],
            )
        )
    ]
    shown.sort(
        key=lambda job: (
            job["status"] not in UNDER_WAY,
            agreed_for(seed, job),
            present[job["ticket_id"]]["sla_due_first"],
            present[job["ticket_id"]]["priority"],
            job["assigned_at"],
            job["id"],
        )
    )
    found: dict[UUID, list[UUID]] = {}
    for job in shown:
        found.setdefault(job["technician_id"], []).append(job["id"])
    return found


def unassigned_of(seed: Seed, narrowing: Narrowing) -> list[UUID]:
    """Return the open tickets without an active job that the rule shows, most urgent first."""
    held = {job["ticket_id"] for job in seed.jobs if job["status"] in ACTIVE}
    waiting = [
        row
        for row in seed.tickets
        if row["deleted_at"] is None
        and row["status"] not in ENDED
        and row["id"] not in held
        and narrowing.shows(Concerned(territory_id=row["territory_id"]))
    ]
    return [row["id"] for row in sorted(waiting, key=lambda row: (row["priority"], row["created_at"], row["id"]))]


def at_risk_of(seed: Seed, narrowing: Narrowing) -> list[UUID]:
    """Return the tickets that warn or are breached and that the rule shows, first due first."""
    holders = {job["ticket_id"]: job["technician_id"] for job in seed.jobs if job["status"] in ACTIVE}
    alarming = [
        row
        for row in seed.tickets
        if row["deleted_at"] is None
        and row.get("sla_state") in {"AT_RISK", "BREACHED"}
        and narrowing.shows(
            Concerned(
                technician_id=holders.get(row["id"]),
                team_id=seed.teams[holders[row["id"]]] if row["id"] in holders else None,
                territory_id=row["territory_id"],
            )
        )
    ]
    return [row["id"] for row in sorted(alarming, key=lambda row: (row["sla_due_first"], row["id"]))]


def expected_lanes(seed: Seed, narrowing: Narrowing, busy: set[UUID]) -> list[UUID]:
    """Return who has a lane: whoever works there or has a job there, longest known first."""
    # Of the seed only these two are said to work in a territory, and that is in both.
    roaming = {seed.world.technicians[name] for name in ("ann", "cleo")}
    found = []
    for key in sorted(seed.world.technicians.values()):
        if narrowing.team_ids is not None and seed.teams[key] not in narrowing.team_ids:
            continue
        if narrowing.technician_ids is not None and key not in narrowing.technician_ids:
            continue
        there = narrowing.territory_ids is None or (narrowing.territory_ids and key in roaming)
        if there or key in busy:
            found.append(key)
    return found


async def test_a_board_holds_exactly_what_its_stream_would_tell(served: Served, seed: Seed) -> None:
    jobs_seen: set[UUID] = set()
    tickets_seen: set[UUID] = set()
    alarms_seen: set[UUID] = set()
    for narrowing in narrowings(seed):
        told = await board(served, seed, narrowing)
        jobs, waiting = jobs_of(seed, narrowing), unassigned_of(seed, narrowing)

        lanes = {row["technician"]["id"]: row["queue"] for row in told["rows"]}
        assert list(lanes) == [global_id("Technician", key) for key in expected_lanes(seed, narrowing, set(jobs))]
        for key in seed.world.technicians.values():
            wanted = [global_id("Assignment", job) for job in jobs.get(key, ())]
            queue = lanes.get(global_id("Technician", key), {"items": [], "totalCount": 0, "next": None})
            assert [item["assignment"]["id"] for item in queue["items"]] == wanted
            assert [item["position"] for item in queue["items"]] == list(range(1, len(wanted) + 1))
            assert queue["totalCount"] == len(wanted)
            assert queue["next"] == ({"assignment": {"id": wanted[0]}} if wanted else None)
        assert [each["id"] for each in told["unassigned"]] == [global_id("Ticket", key) for key in waiting]
        alarming = at_risk_of(seed, narrowing)
        assert [each["id"] for each in told["atRisk"]] == [global_id("Ticket", key) for key in alarming]
        assert not any(told[name] for name in ("hasMoreRows", "hasMoreUnassigned", "hasMoreAtRisk"))
        alarms_seen.update(alarming)
        jobs_seen.update(*jobs.values())
        tickets_seen.update(waiting)

    # Enough of both for a condition that is forgotten to show.
    assert len(jobs_seen) > 15
    assert len(tickets_seen) > 10
    assert len(alarms_seen) > 5
