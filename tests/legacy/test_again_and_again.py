"""A second run, one that was cut short, and two at once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from app.legacy import memory
from tests.demo.reading import fetch, fingerprints
from tests.legacy.coming import NOW, Coming

COUNTS = """
    SELECT (SELECT count(*) FROM tickets) AS tickets, (SELECT count(*) FROM assignments) AS assignments,
        (SELECT count(*) FROM technicians) AS technicians,
        (SELECT count(DISTINCT ticket_number) FROM tickets) AS numbers,
        (SELECT max(position) FROM events) AS head, (SELECT count(*) FROM events) AS events
"""


class Cut(Exception):
    """The import was cut short."""


def cut_after(batches: int) -> Callable[[str, int, int], None]:
    left = iter(range(batches))

    def progress(_stage: str, _done: int, _total: int) -> None:
        if next(left, None) is None:
            raise Cut

    return progress


async def counted(coming: Coming) -> Any:
    return tuple((await fetch(coming.url, COUNTS))[0])


async def test_a_second_run_changes_nothing(coming: Coming) -> None:
    await coming.old.ticket_platform(tickets=250)
    first = await coming.tickets()
    before = await fingerprints(coming.url)

    second = await coming.tickets(now=NOW + timedelta(days=1))

    assert await fingerprints(coming.url) == before
    assert first.imported["Ticket"] == second.known["Ticket"] == 250
    assert set(second.imported.values()) == {0}


async def test_a_run_that_was_cut_short_is_gone_on_with(coming: Coming) -> None:
    await coming.old.ticket_platform(tickets=250)
    with pytest.raises(Cut):
        await coming.tickets(progress=cut_after(1))
    assert (await counted(coming))[0] == 200

    report = await coming.tickets()

    tickets, _, _, numbers, head, events = await counted(coming)
    assert (report.known["Ticket"], report.imported["Ticket"]) == (200, 50)
    assert (tickets, numbers, head) == (250, 250, events)


async def test_what_is_new_there_comes_with_the_next_run(coming: Coming) -> None:
    await coming.old.ticket_platform(tickets=20)
    await coming.tickets()
    await coming.old.insert("service_tickets", id="new", title="Fan", status="open", assigned_engineer_id="E-new")

    report = await coming.tickets()

    assert (report.imported["Ticket"], report.imported["Technician"]) == (1, 1)
    assert [job["engineer"] for job in await coming.jobs("new")] == ["E-new"]


async def at_once(coming: Coming) -> list[Any]:
    return await asyncio.gather(*(coming.tickets(batch=20) for _ in range(3)), return_exceptions=True)


async def test_imports_at_once_share_the_work(coming: Coming) -> None:
    await coming.old.ticket_platform(tickets=200)

    reports = await at_once(coming)

    tickets, assignments, technicians, numbers, head, events = await counted(coming)
    assert sum(report.imported["Ticket"] for report in reports) == tickets == numbers == 200
    assert sum(report.imported["Assignment"] for report in reports) == assignments
    assert technicians == 4 + sum(report.imported["Technician"] for report in reports)
    assert head == events


async def test_without_the_lock_they_would_not(coming: Coming, monkeypatch: pytest.MonkeyPatch) -> None:
    await coming.old.ticket_platform(tickets=200)
    guarded = memory.importing

    @asynccontextmanager
    async def unguarded(engine: Any, organization_id: Any, *, alone: bool) -> AsyncIterator[Any]:
        assert alone
        async with guarded(engine, organization_id, alone=False) as connection:
            yield connection

    monkeypatch.setattr(memory, "importing", unguarded)

    reports = await at_once(coming)

    assert any(isinstance(report, DBAPIError) for report in reports)
