"""A technician ends a job with an outcome, hours and the parts used."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.assignments import assignment_parts
from app.db.tables.customers import parts
from app.domain import assignments as rules
from app.domain import validation
from app.domain.assignments import TICKET_STATUS_AFTER, AssignmentOutcome, AssignmentStatus, Report
from app.domain.events import Concerned, EventType, FieldChange, NewEvent, plain
from app.domain.people import Actor
from app.domain.refusals import Invalid
from app.services.assignments.job_step import StepCommand, take_step, write_step
from app.services.assignments.reported_files import file_under, files_of_report, told_files
from app.services.change import Change
from app.services.perform import Writer, Written, perform

Part: TypeAlias = sa.Row[Any]

MOST_LINES = 100
MOST_PIECES = 100_000
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PartUsed:
    """One line of parts. `cost` is of the whole line, in the part's currency."""

    part_number: str
    part_name: str
    quantity: int
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteAssignment(StepCommand):
    """Which job, what came of it, and what went into it. Hours: 0 to 999.99."""

    outcome: AssignmentOutcome
    time_spent_hours: Decimal
    diagnosis: str | None = None
    actions_taken: str | None = None
    notes: str | None = None
    parts_used: tuple[PartUsed, ...] = ()
    attachment_ids: tuple[UUID, ...] = ()


async def complete_assignment(writer: Writer, actor: Actor, command: CompleteAssignment) -> Written:
    """End the actor's job; the outcome decides its status and the ticket's. Ids: assignment, ticket.

    Parts that the organisation stocks leave its stock, which may fall below zero: what a technician
    has built in is a fact, the count on the shelf is an estimate. Other parts are only noted.

    Files of the ticket that are named become the report's.

    Guard: the ticket's row lock, then the job's, then the parts' row locks by id, then the attachments'.
    """

    async def work(change: Change) -> dict[str, UUID]:
        report = _report(command)
        lines = _lines(command.parts_used)
        step = await take_step(change, command, lambda job, at: rules.complete(job, report, at=at))
        report_files = await files_of_report(change, step.situation.ticket.id, command.attachment_ids)
        known = await _lock_parts(change, {line.part_number for line in lines})
        used = [_priced(at, line, known.get(line.part_number)) for at, line in enumerate(lines)]
        succeeded = step.after.status is AssignmentStatus.COMPLETED
        ids = await write_step(
            change,
            step,
            told_as=EventType.JOB_COMPLETED if succeeded else EventType.JOB_FAILED,
            ticket_status=TICKET_STATUS_AFTER[report.outcome],
            ticket_told_as=EventType.TICKET_RESOLVED if succeeded else EventType.TICKET_STATUS_CHANGED,
            resolution_notes=(report.actions_taken or report.notes) if succeeded else None,
            also=(*_told(used), *told_files(report_files)),
        )
        await _insert(change, ids["assignment"], used)
        for part in known.values():
            await _take(change, part, sum(line.quantity for line in lines if line.part_number == part.part_number))
        await file_under(change, ids["assignment"], report_files)
        return ids

    return await perform(writer, actor, "completeAssignment", command, work)


def _report(command: CompleteAssignment) -> Report:
    return Report(
        outcome=command.outcome,
        time_spent_hours=validation.hours(command.time_spent_hours),
        diagnosis=validation.optional_text(command.diagnosis, "diagnosis"),
        actions_taken=validation.optional_text(command.actions_taken, "actionsTaken"),
        notes=validation.optional_text(command.notes, "notes"),
    )


def _lines(used: tuple[PartUsed, ...]) -> list[PartUsed]:
    if len(used) > MOST_LINES:
        raise Invalid(field=("partsUsed",), problem=f"partsUsed has at most {MOST_LINES} lines.")
    return [_line(number, each) for number, each in enumerate(used)]


def _line(number: int, line: PartUsed) -> PartUsed:
    at = ("partsUsed", str(number))
    try:
        part_number = validation.text(line.part_number, "partNumber", longest=LONGEST_NAME)
        part_name = validation.text(line.part_name, "partName", longest=LONGEST_NAME)
    except Invalid as wrong:
        wrong.field = (*at, *(wrong.field or ()))
        raise
    return PartUsed(
        part_number=part_number,
        part_name=part_name,
        quantity=validation.number(line.quantity, (*at, "quantity"), least=1, most=MOST_PIECES),
        cost=None if line.cost is None else validation.money(line.cost, (*at, "cost")),
    )


def _priced(at: int, line: PartUsed, part: Part | None) -> dict[str, Any]:
    """Return the line's columns; what the part is known to cost stands in for a cost that was not said."""
    cost = line.cost
    if cost is None and part is not None and part.unit_cost is not None:
        cost = part.unit_cost * line.quantity
        if cost > validation.MOST_MONEY:
            problem = "quantity makes the line cost more than can be noted; say what it cost."
            raise Invalid(field=("partsUsed", str(at), "quantity"), problem=problem)
    return {
        "part_id": None if part is None else part.id,
        "part_number": line.part_number,
        "part_name": line.part_name,
        "quantity": line.quantity,
        "cost": cost,
        "currency": None if part is None else part.currency,
    }


def _told(used: list[dict[str, Any]]) -> tuple[FieldChange, ...]:
    return (FieldChange(field="parts_used", old=None, new=plain(used)),) if used else ()


async def _insert(change: Change, assignment_id: UUID, used: list[dict[str, Any]]) -> None:
    if not used:
        return
    key = {"organization_id": change.actor.organization_id, "assignment_id": assignment_id}
    rows = [{**key, "line": number, **line} for number, line in enumerate(used, start=1)]
    await change.connection.execute(sa.insert(assignment_parts), rows)


async def _lock_parts(change: Change, numbers: set[str]) -> dict[str, Part]:
    if not numbers:
        return {}
    query = (
        sa.select(parts)
        .where(parts.c.organization_id == change.actor.organization_id, parts.c.part_number.in_(sorted(numbers)))
        .order_by(parts.c.id)
        # A new ticket that requires these parts refers to them in an order of its own: it must not wait.
        .with_for_update(key_share=True)
    )
    return {row.part_number: row for row in await change.connection.execute(query)}


async def _take(change: Change, part: Part, quantity: int) -> None:
    left = part.stock - quantity
    await change.connection.execute(
        sa.update(parts)
        .where(parts.c.organization_id == part.organization_id, parts.c.id == part.id)
        .values(stock=left, version=part.version + 1, updated_at=change.now)
    )
    change.tell(
        NewEvent(
            type=EventType.RECORD_CHANGED,
            kind="Part",
            id=part.id,
            version=part.version + 1,
            occurred_at=change.now,
            before=Concerned(internal=True),
            after=Concerned(internal=True),
            changes=(FieldChange(field="stock", old=part.stock, new=left),),
        )
    )
