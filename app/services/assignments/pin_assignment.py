"""Someone puts one job of a queue in its place, or lets it go where the rules put it."""

from dataclasses import dataclass
from uuid import UUID

from app.db import records
from app.db.tables.assignments import assignments
from app.domain import validation
from app.domain.assignments import Assignment
from app.domain.people import Actor
from app.domain.policy import is_staff
from app.domain.refusals import InvalidTransition, NotFound
from app.services.assignments.queue_order import MOST_PINNED, locked_queue, pin
from app.services.change import Change
from app.services.perform import Writer, Written, perform


@dataclass(frozen=True, slots=True, kw_only=True)
class PinAssignment:
    """Which job, and its place among the pinned, 1 to 100; None: where the rules put it."""

    assignment_id: UUID
    position: int | None
    expected_version: int
    idempotency_key: str | None = None


async def pin_assignment(writer: Writer, actor: Actor, command: PinAssignment) -> Written:
    """Put one job in its place among the pinned ones of its queue, or back where the rules put it. Ids: technician.

    Guard: as `reorder_queue`.
    """

    async def work(change: Change) -> dict[str, UUID]:
        position = command.position
        if position is not None:
            position = validation.number(position, ("position",), least=1, most=MOST_PINNED)
        job = await _job(change, command.assignment_id)
        queue = await locked_queue(change, job.technician_id, command.expected_version)
        if job.id not in queue:
            raise InvalidTransition(
                subject="job", current=job.status, to="pinned", allowed=(), why="Only active jobs are pinned."
            )
        pinned = sorted((each for each in queue.values() if each.pin is not None), key=lambda each: each.pin or 0)
        order = [each.id for each in pinned if each.id != job.id]
        if position is not None:
            order.insert(position - 1, job.id)
        await pin(change, job.technician_id, queue, {each: at for at, each in enumerate(order, start=1)})
        return {"technician": job.technician_id}

    return await perform(writer, actor, "pinAssignment", command, work)


async def _job(change: Change, assignment_id: UUID) -> Assignment:
    found = await records.fetch_one(
        change.connection, assignments, Assignment, change.actor.organization_id, assignment_id
    )
    if found is None or not is_staff(change.actor):
        raise NotFound(field=("assignmentId",), kind="job")
    return found
