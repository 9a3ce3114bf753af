"""Technicians' queues against the seeded rows, whole and in pages."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from app.domain.appointment_life import OPEN
from app.reads.orders import write_cursor
from app.reads.queues import QUEUE_ORDER, QueueItem, load_queues
from schema.ids import global_id
from tests.domain.life_cycles import ACTIVE_JOBS
from tests.reads.seed import Seed
from tests.serving import Served, serving, token
from tests.world import BEFORE

pytestmark = pytest.mark.asyncio(loop_scope="module")

TECHNICIANS = ["ann", "bob", "cleo", "dan"]
PAGE = """query ($first: Int, $after: String) {
  technicianQueue(first: $first, after: $after) {
    totalCount
    items { position assignment { id } }
    next { position assignment { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(seed: Seed) -> AsyncIterator[Served]:
    """The seeded organisation behind a running server."""
    address = seed.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    async with serving(address) as running:
        yield running


def expected(seed: Seed, technician_id: UUID) -> list[dict[str, Any]]:
    """Sort the technician's active jobs in Python: under way, first agreed, first due, priority, first come."""
    present = {row["id"]: row for row in seed.tickets if row["deleted_at"] is None}
    jobs = [
        row
        for row in seed.jobs
        if row["technician_id"] == technician_id and row["status"] in ACTIVE_JOBS and row["ticket_id"] in present
    ]
    return sorted(
        jobs,
        key=lambda job: (
            job["status"] not in {"IN_PROGRESS", "PAUSED", "EN_ROUTE"},
            agreed_for(seed, job),
            present[job["ticket_id"]]["sla_due_first"],
            present[job["ticket_id"]]["priority"],
            job["assigned_at"],
            job["id"],
        ),
    )


def agreed_for(seed: Seed, job: dict[str, Any]) -> datetime:
    """Return when the open appointment of a job's ticket begins, or a time behind all others."""
    mine = [row for row in seed.agreed["appointments"] if row["ticket_id"] == job["ticket_id"]]
    return next((row["starts_at"] for row in mine if row["status"] in OPEN), datetime(9999, 1, 1, tzinfo=UTC))


async def queues(seed: Seed, name: str, keys: list[UUID]) -> dict[UUID, list[QueueItem]]:
    reader = seed.reader(name)
    found = await load_queues(reader, keys)
    assert reader.statements == 1
    await reader.close()
    return found


async def test_queues_of_many_technicians_come_in_one_statement_each_in_its_order(seed: Seed) -> None:
    nobody = uuid4()
    keys = [*seed.world.technicians.values(), nobody]
    found = await queues(seed, "dispatcher", keys)
    assert list(found) == keys
    assert found[nobody] == []
    for key in seed.world.technicians.values():
        assert [item.assignment.id for item in found[key]] == [job["id"] for job in expected(seed, key)]
        assert [item.position for item in found[key]] == list(range(1, len(found[key]) + 1))
        assert {item.assignment.technician_id for item in found[key]} == {key}


async def test_a_queue_alone_is_what_it_is_among_others(seed: Seed) -> None:
    together = await queues(seed, "ann", list(seed.world.technicians.values()))
    for key, items in together.items():
        alone = (await queues(seed, "ann", [key]))[key]
        assert [(item.position, item.assignment.id, item.rank_reason) for item in alone] == [
            (item.position, item.assignment.id, item.rank_reason) for item in items
        ]


async def test_each_place_in_a_queue_says_why(seed: Seed) -> None:
    tickets = {row["id"]: row for row in seed.tickets}
    jobs = {row["id"]: row for row in seed.jobs}
    for items in (await queues(seed, "dispatcher", list(seed.world.technicians.values()))).values():
        for item in items:
            job = jobs[item.assignment.id]
            if job["status"] in {"IN_PROGRESS", "PAUSED", "EN_ROUTE"}:
                assert item.rank_reason == f"Under way ({job['status']})"
            else:
                ticket = tickets[job["ticket_id"]]
                due = ticket.get("sla_due_at")
                stands = "" if due is None else f"Due {due:%Y-%m-%d %H:%M} UTC, "
                start = agreed_for(seed, job)
                agreed = "" if start.year == 9999 else f"Agreed for {start:%Y-%m-%d %H:%M} UTC, "
                assert item.rank_reason.startswith(f"{agreed}{stands}{ticket['priority']} ")
                assert item.planned_start == (start if agreed else None)
                assert (item.sla_due_at, item.late) == (due, ticket.get("sla_state") == "BREACHED")
                assert item.rank_reason.endswith(f"assigned {job['assigned_at']:%Y-%m-%d %H:%M} UTC")


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize("name", TECHNICIANS)
async def test_pages_of_a_queue_visit_each_job_once_in_its_place(
    seed: Seed, served: Served, name: str, size: int
) -> None:
    whole = [global_id("Assignment", job["id"]) for job in expected(seed, seed.world.technicians[name])]
    at, after = 0, None
    while at < len(whole):
        part = (await asked(served, seed, name, size, after))["data"]["technicianQueue"]
        assert [item["assignment"]["id"] for item in part["items"]] == whole[at : at + size]
        assert [item["position"] for item in part["items"]] == list(range(1, len(whole) + 1))[at : at + size]
        assert part["totalCount"] == len(whole)
        assert part["next"] == {"position": 1, "assignment": {"id": whole[0]}}
        assert part["pageInfo"]["hasPreviousPage"] is (at > 0)
        at, after = at + size, part["pageInfo"]["endCursor"]
        assert part["pageInfo"]["hasNextPage"] is (at < len(whole))
    behind = (await asked(served, seed, name, size, after))["data"]["technicianQueue"]
    assert behind["items"] == []
    nothing = {"hasNextPage": False, "hasPreviousPage": True, "startCursor": None, "endCursor": None}
    assert behind["pageInfo"] == nothing


async def test_a_cursor_before_everything_has_nothing_before_it(seed: Seed, served: Served) -> None:
    whole = expected(seed, seed.world.technicians["ann"])
    first = {
        "waiting": -1,
        "pin_rank": 1,
        "agreed_first": BEFORE,
        "sla_due_first": BEFORE,
        "priority": "P0",
        "meters": 0,
        "assigned_at": BEFORE,
        "id": UUID(int=0),
    }
    part = (await asked(served, seed, "ann", 100, write_cursor(QUEUE_ORDER, first)))["data"]["technicianQueue"]
    assert len(part["items"]) == len(whole)
    assert (part["pageInfo"]["hasPreviousPage"], part["pageInfo"]["hasNextPage"]) == (False, False)


@pytest.mark.parametrize("after", ["", "nonsense", "A" * 2000])
async def test_a_cursor_of_no_queue_is_refused_by_its_argument(seed: Seed, served: Served, after: str) -> None:
    answer = await asked(served, seed, "ann", 1, after)
    assert [error["extensions"] for error in answer["errors"]] == [{"code": "BAD_USER_INPUT", "field": ["after"]}]


async def asked(served: Served, seed: Seed, name: str, first: int, after: str | None) -> dict[str, Any]:
    """Return the response to a page of the technician's own queue."""
    return await served.ask(token(seed.world, name), PAGE, {"first": first, "after": after})


DAY = """query ($date: Date) {
  technicianQueue(date: $date, first: 100) {
    date totalCount items { position plannedStart plannedEnd assignment { id } } next { assignment { id } }
  }
}"""


@pytest.mark.parametrize("plans", [True, False], ids=["planned", "ordinary"])
async def test_the_queue_of_a_day_has_what_is_agreed_for_it_and_today_what_has_no_time(seed: Seed, plans: bool) -> None:
    address = seed.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    today, sizes = datetime.now(ZoneInfo("Europe/Amsterdam")).date(), {}
    async with serving(address, read_plans=plans) as served:
        for day in (date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3), date(2025, 1, 1), today):
            answer = await served.ask(token(seed.world, "ann"), DAY, {"date": day.isoformat()})
            queue = answer["data"]["technicianQueue"]
            jobs = [job for job in expected(seed, seed.world.technicians["ann"]) if local_day(seed, job, today) == day]
            ids = [global_id("Assignment", job["id"]) for job in jobs]
            assert (queue["date"], queue["totalCount"]) == (day.isoformat(), len(jobs))
            assert [(item["position"], item["assignment"]["id"]) for item in queue["items"]] == list(enumerate(ids, 1))
            assert queue["next"] == (None if not ids else {"assignment": {"id": ids[0]}})
            sizes[day] = len(ids)
    assert sizes[date(2025, 1, 1)] == 0
    assert min(sizes[date(2026, 1, 1)], sizes[date(2026, 1, 2)], sizes[today]) > 0


def local_day(seed: Seed, job: dict[str, Any], today: date) -> date:
    start = agreed_for(seed, job)
    return today if start.year == 9999 else start.astimezone(ZoneInfo("Europe/Amsterdam")).date()
