"""A technician's queue held still while somebody puts it in order, and the pins that keep the order."""

from collections.abc import Mapping
from uuid import UUID

import sqlalchemy as sa

from app.db import queue_versions, records
from app.db.locks import lock_technicians
from app.db.tables.assignments import assignments
from app.db.tables.people import technicians
from app.domain.assignments import ACTIVE, Assignment
from app.domain.events import QUEUE, EventType, FieldChange, NewEvent
from app.domain.lanes import NOWHERE
from app.domain.policy import Action, Standing, is_staff
from app.domain.refusals import NotFound, StaleVersion
from app.services.change import Change
from app.services.lanes import lanes_of
from app.services.situations import require

MOST_PINNED = 100


async def locked_queue(change: Change, technician_id: UUID, expected: int) -> Mapping[UUID, Assignment]:
    """Lock a queue that the actor may put in order; return its jobs by their ids.

    Raises:
        NotFound: there is no such technician, or the actor is a customer.
        Forbidden: it is another technician's queue, and the actor is no dispatcher.
        StaleVersion: it has changed since the client read it.
    """
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


async def pin(change: Change, technician_id: UUID, queue: Mapping[UUID, Assignment], pins: Mapping[UUID, int]) -> None:
    """Pin the jobs of a locked queue at these places and no others, and tell it."""
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
    lanes = await lanes_of(change, [technician_id])
    concerned = lanes.get(technician_id, NOWHERE).concerned(technician_id)
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
