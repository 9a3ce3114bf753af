"""Someone puts a technician's queue into an order of their own, or one job of it in its place."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from app.db import queue_versions, records
from app.db.locks import lock_technicians
from app.db.tables.assignments import assignments
from app.db.tables.people import technicians
from app.domain import validation
from app.domain.assignments import ACTIVE, Assignment
from app.domain.events import QUEUE, Concerned, EventType, FieldChange, NewEvent
from app.domain.people import Actor
from app.domain.policy import Action, Standing, is_staff
from app.domain.refusals import Invalid, InvalidTransition, NotFound, StaleVersion
from app.services.change import Change, Writer, Written, perform
from app.services.situations import require

MOST_ORDERED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ReorderQueue:
    """Whose queue, and its jobs in the order wanted, at most 100; those not named go where the rules put them."""

    technician_id: UUID
    assignment_ids: tuple[UUID, ...]
    expected_version: int
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PinAssignment:
    """Which job, and its place among the pinned, 1 to 100; None: where the rules put it."""

    assignment_id: UUID
    position: int | None
    expected_version: int
    idempotency_key: str | None = None


async def reorder_queue(writer: Writer, actor: Actor, command: ReorderQueue) -> Written:
    """Pin the jobs named in their order and no others. Ids: technician.

    Jobs under way stay before them. A job's version stays, as nothing of the job changes.

    Guard: the row locks of the queue's jobs, by id, then the technician's advisory lock, under which no job is
    given to them; the queue's version is compared then.
    """

    async def work(change: Change) -> dict[str, UUID]:
        wanted = command.assignment_ids
        if len(wanted) > MOST_ORDERED:
            raise Invalid(field=("orderedAssignmentIds",), problem=f"At most {MOST_ORDERED} jobs are put in order.")
        if len(set(wanted)) != len(wanted):
            raise Invalid(field=("orderedAssignmentIds",), problem="Each job is named once.")
        queue = await _locked(change, command.technician_id, command.expected_version)
        strangers = [at for at, each in enumerate(wanted) if each not in queue]
        if strangers:
            field = ("orderedAssignmentIds", str(strangers[0]))
            raise Invalid(field=field, problem="This is no active job of the technician.")
        await _pin(change, command.technician_id, queue, {each: at for at, each in enumerate(wanted, start=1)})
        return {"technician": command.technician_id}

    return await perform(writer, actor, "reorderQueue", command, work)


async def pin_assignment(writer: Writer, actor: Actor, command: PinAssignment) -> Written:
    """Put one job in its place among the pinned ones of its queue, or back where the rules put it. Ids: technician.

    Guard: as `reorder_queue`.
    """

    async def work(change: Change) -> dict[str, UUID]:
        position = command.position
        if position is not None:
            position = validation.number(position, ("position",), least=1, most=MOST_ORDERED)
        job = await _job(change, command.assignment_id)
        queue = await _locked(change, job.technician_id, command.expected_version)
        if job.id not in queue:
            raise InvalidTransition(
                subject="job", current=job.status, to="pinned", allowed=(), why="Only active jobs are pinned."
            )
        pinned = sorted((each for each in queue.values() if each.pin is not None), key=lambda each: each.pin or 0)
        order = [each.id for each in pinned if each.id != job.id]
        if position is not None:
            order.insert(position - 1, job.id)
        await _pin(change, job.technician_id, queue, {each: at for at, each in enumerate(order, start=1)})
        return {"technician": job.technician_id}

    return await perform(writer, actor, "pinAssignment", command, work)


async def _job(change: Change, assignment_id: UUID) -> Assignment:
    found = await records.fetch_one(
        change.connection, assignments, Assignment, change.actor.organization_id, assignment_id
    )
    if found is None or not is_staff(change.actor):
        raise NotFound(field=("assignmentId",), kind="job")
    return found


async def _locked(change: Change, technician_id: UUID, expected: int) -> Mapping[UUID, Assignment]:
    """Lock a queue that the actor may put in order; return its jobs by their ids."""
    connection, organization_id = change.connection, change.actor.organization_id
    if not is_staff(change.actor):
        raise NotFound(field=("technicianId",), kind="technician")
    of = technicians.c
    known = sa.select(of.id).where(of.organization_id == organization_id, of.id == technician_id)
    if await connection.scalar(known) is None:
        raise NotFound(field=("technicianId",), kind="technician")
    standing = Standing(technician_id=technician_id)
    require(change.actor, Action.REORDER_QUEUE, standing, words="put another technician's queue in order")
    # Whoever steps on with a job has locked it before they ask for the technician.
    await _jobs(change, technician_id, lock=True)
    await lock_technicians(connection, organization_id, [technician_id])
    current = await queue_versions.lock(connection, organization_id, technician_id)
    if current != expected:
        raise StaleVersion(field=("expectedVersion",), kind=QUEUE, id=technician_id, expected=expected, current=current)
    return {each.id: each for each in await _jobs(change, technician_id)}


async def _jobs(change: Change, technician_id: UUID, *, lock: bool = False) -> list[Assignment]:
    return await records.fetch(
        change.connection,
        assignments,
        Assignment,
        assignments.c.organization_id == change.actor.organization_id,
        assignments.c.technician_id == technician_id,
        assignments.c.status.in_(ACTIVE),
        order=[assignments.c.id],
        lock=lock,
    )


async def _pin(change: Change, technician_id: UUID, queue: Mapping[UUID, Assignment], pins: Mapping[UUID, int]) -> None:
    connection, organization_id = change.connection, change.actor.organization_id
    of = assignments.c
    moved = [each.id for each in queue.values() if each.pin != pins.get(each.id)]
    for job_id in sorted(moved):
        await connection.execute(
            sa.update(assignments)
            .where(of.organization_id == organization_id, of.id == job_id)
            .values(pin=pins.get(job_id))
        )
    change.queues.add(technician_id)
    version = await queue_versions.lock(connection, organization_id, technician_id)
    team = sa.select(technicians.c.team_id).where(
        technicians.c.organization_id == organization_id, technicians.c.id == technician_id
    )
    concerned = Concerned(technician_id=technician_id, team_id=await connection.scalar(team), internal=True)
    change.tell(
        NewEvent(
            type=EventType.QUEUE_REORDERED,
            kind=QUEUE,
            id=technician_id,
            version=version + 1,
            occurred_at=change.now,
            before=concerned,
            after=concerned,
            changes=(FieldChange(field="pinned", old=_pinned(queue), new=_named(pins)),),
        )
    )


def _pinned(queue: Mapping[UUID, Assignment]) -> list[str]:
    return _named({each.id: each.pin for each in queue.values() if each.pin is not None})


def _named(pins: Mapping[UUID, int]) -> list[str]:
    return [str(job_id) for job_id in sorted(pins, key=lambda job_id: pins[job_id])]
