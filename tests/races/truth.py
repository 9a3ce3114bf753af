"""What must be true of an organisation's tickets and jobs whatever anybody has tried."""

from collections import defaultdict
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.assignments import assignments
from app.db.tables.tickets import tickets
from app.domain.events import Event, plain
from tests.domain.life_cycles import ACTIVE_JOBS, JOB_STEPS, JOBS_OF_TICKET, TICKET_STEPS
from tests.services.scene import Scene

_UNTOLD = {"id", "organization_id", "version", "created_at", "updated_at", "status_rank", "pin"}
# What a ticket shows of its clocks is told with the clocks.
_UNTOLD |= {name for name in (each.name for each in tickets.c) if name.startswith("sla_")}


async def check(scene: Scene) -> None:
    """Fail where anything is not as it must be."""
    jobs, rows, events = await scene.rows(assignments), await scene.rows(tickets), await scene.events()
    by_ticket: dict[UUID, list[Any]] = defaultdict(list)
    for job in sorted(jobs, key=lambda job: job.sequence):
        by_ticket[job.ticket_id].append(job)
    for ticket in rows:
        _check_turns(by_ticket[ticket.id])
        active = [job.status for job in by_ticket[ticket.id] if job.status in ACTIVE_JOBS]
        assert len(active) <= 1, active
        agreed = JOBS_OF_TICKET.get(ticket.status, {None})
        assert (active[0].value if active else None) in agreed, (ticket.status, active)
    running = [job.technician_id for job in jobs if job.status == "IN_PROGRESS"]
    assert len(running) == len(set(running)), "a technician works on two jobs at once"
    _check_log(events)
    for kind, table, found in (("Assignment", assignments, jobs), ("Ticket", tickets, rows)):
        assert replayed(events, kind) == {row.id: stored(table, row) for row in found}, kind


def _check_turns(turns: list[Any]) -> None:
    assert [turn.sequence for turn in turns] == list(range(1, len(turns) + 1))
    assert [turn.previous_id for turn in turns] == [None, *(turn.id for turn in turns)][: len(turns)]
    assert all(turn.ended_at is not None for turn in turns[:-1])


def _check_log(events: list[Event]) -> None:
    assert [event.position for event in events] == list(range(1, len(events) + 1))
    versions: dict[tuple[str, UUID], int] = {}
    for event in events:
        if event.kind not in {"Assignment", "Ticket"} or event.type == "DISPATCH_FAILED":
            continue
        key = (event.kind, event.subject_id)
        assert event.version == versions.get(key, 0) + 1, (event.type, event.version)
        versions[key] = event.version
        for change in event.changes:
            if change.field == "status" and change.old is not None:
                steps = JOB_STEPS if event.kind == "Assignment" else TICKET_STEPS
                assert change.new in steps[change.old], (event.kind, change)


def replayed(events: list[Event], kind: str) -> dict[UUID, dict[str, Any]]:
    """Return every row of a kind as the log tells it; what a change says was before must have been told."""
    rows: dict[UUID, dict[str, Any]] = {}
    for event in events:
        if event.kind != kind or event.type == "DISPATCH_FAILED":
            continue
        row = rows.setdefault(event.subject_id, {})
        for change in event.changes:
            if change.field in {"parts_used", "required_skills", "required_parts"}:
                continue
            assert row.get(change.field) == change.old, (event.type, change)
            row[change.field] = change.new
    return rows


def stored(table: sa.Table, row: Any) -> dict[str, Any]:
    """Return a row as the log spells it."""
    return {column.name: plain(getattr(row, column.name)) for column in table.c if column.name not in _UNTOLD}
