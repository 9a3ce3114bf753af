"""Finding and locking the ticket, its active job and the technicians a change is about."""

from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import records
from app.db.tables.assignments import assignments
from app.db.tables.people import technicians
from app.db.tables.tickets import tickets
from app.domain.assignments import Assignment
from app.domain.people import Actor
from app.domain.policy import Action, Standing, may
from app.domain.refusals import Forbidden, NotFound, StaleVersion
from app.domain.situations import Situation
from app.domain.tickets import Ticket
from app.services.change import Change

_SELECT_TICKET_ID = sa.select(assignments.c.ticket_id).where(
    assignments.c.organization_id == sa.bindparam("organization_id"), assignments.c.id == sa.bindparam("id")
)


async def lock_ticket(change: Change, ticket_id: UUID, *, field: str = "ticketId") -> Situation:
    """Lock a ticket the actor may see, with its active job.

    Guard: the ticket's row lock; every change of a ticket or of its jobs takes it first. The job
    is read afterwards, so it is the one that stands while the lock is held.

    Raises:
        NotFound: no such ticket, deleted, another organisation's, or not the actor's to see.
    """
    return await _situation(change, ticket_id, field=field, lock=True)


async def read_ticket(change: Change, ticket_id: UUID, *, field: str = "ticketId") -> Situation:
    """Read a ticket as `lock_ticket` does, without locking: for what only hangs on to it."""
    return await _situation(change, ticket_id, field=field, lock=False)


async def _situation(change: Change, ticket_id: UUID, *, field: str, lock: bool) -> Situation:
    ticket = await records.fetch_one(
        change.connection, tickets, Ticket, change.actor.organization_id, ticket_id, lock=lock
    )
    if ticket is None or ticket.deleted_at is not None or not may_view(change.actor, ticket):
        raise NotFound(field=(field,), kind="ticket")
    return await _with_job(change.connection, ticket, lock=lock)


async def read_any_ticket(change: Change, ticket_id: UUID) -> Situation:
    """Read a ticket with its active job without locking, whoever may see it, also when it was deleted."""
    ticket = await records.fetch_one(change.connection, tickets, Ticket, change.actor.organization_id, ticket_id)
    if ticket is None:
        raise LookupError("what hangs on to a ticket has none")
    return await _with_job(change.connection, ticket, lock=False)


async def _with_job(connection: AsyncConnection, ticket: Ticket, *, lock: bool) -> Situation:
    last, team_id = await _last_turn(connection, ticket, lock=lock)
    if last is None or not last.is_active:
        return Situation(ticket=ticket, last=last)
    return Situation(ticket=ticket, job=last, team_id=team_id, last=last)


async def _last_turn(
    connection: AsyncConnection, ticket: Ticket, *, lock: bool
) -> tuple[Assignment | None, UUID | None]:
    """Return the ticket's latest turn and its technician's team: only the latest can be active."""
    values = {"organization_id": ticket.organization_id, "ticket_id": ticket.id}
    row = (await connection.execute(_select_last_turn(lock), values)).mappings().one_or_none()
    if row is None:
        return None, None
    columns = dict(row)
    team_id = columns.pop("team_id")
    return Assignment(**columns), team_id


@cache
def _select_last_turn(lock: bool) -> "sa.Select[Any]":
    of, who = assignments.c, technicians.c
    team = (
        sa.select(who.team_id)
        .where(who.organization_id == of.organization_id, who.id == of.technician_id)
        .scalar_subquery()
    )
    query = (
        records.select(assignments, Assignment)
        .add_columns(team.label("team_id"))
        .where(of.organization_id == sa.bindparam("organization_id"), of.ticket_id == sa.bindparam("ticket_id"))
        .order_by(of.sequence.desc())
        .limit(1)
    )
    return query.with_for_update() if lock else query


async def lock_job(change: Change, assignment_id: UUID) -> tuple[Situation, Assignment]:
    """Lock the ticket of a job, then the job; the situation's active job may be another one.

    Guard: as `lock_ticket`. The job's ticket never changes, so it is read without a lock.

    Raises:
        NotFound: no such job, or not the actor's to see.
    """
    connection, organization_id = change.connection, change.actor.organization_id
    missing = NotFound(field=("assignmentId",), kind="job")
    values = {"organization_id": organization_id, "id": assignment_id}
    ticket_id = await connection.scalar(_SELECT_TICKET_ID, values)
    if ticket_id is None:
        raise missing
    try:
        situation = await lock_ticket(change, ticket_id)
    except NotFound as hidden:
        raise missing from hidden
    job = situation.last
    if job is None or job.id != assignment_id:
        job = await records.fetch_one(connection, assignments, Assignment, organization_id, assignment_id, lock=True)
    if job is None:
        raise missing
    return situation, job


async def find_job(change: Change, assignment_id: UUID) -> tuple[Situation, Assignment] | None:
    """Lock a job as `lock_job` does, whoever asks; None when it, or its ticket, is not there any more."""
    try:
        return await lock_job(change, assignment_id)
    except NotFound:
        return None


def expect_version(row: Ticket | Assignment, expected: int | None) -> None:
    """Raise StaleVersion when the client has read another version than the locked one."""
    if expected is not None and expected != row.version:
        kind = "Ticket" if isinstance(row, Ticket) else "Assignment"
        raise StaleVersion(field=("expectedVersion",), kind=kind, id=row.id, expected=expected, current=row.version)


def may_view(actor: Actor, ticket: Ticket) -> bool:
    """Tell whether the actor may know of the ticket."""
    standing = Standing(requester_id=ticket.requester_id, customer_id=ticket.customer_id)
    return may(actor, Action.VIEW_TICKET, standing)


def require(actor: Actor, action: Action, standing: Standing, *, words: str) -> None:
    """Raise Forbidden unless the policy lets the actor do this; `words` complete "You may not …"."""
    if not may(actor, action, standing):
        raise Forbidden(action=words)


async def team_of(change: Change, situation: Situation, job: Assignment) -> UUID | None:
    """Return the team of a job's technician."""
    if situation.job is not None and situation.job.technician_id == job.technician_id:
        return situation.team_id
    team: UUID | None = await change.connection.scalar(
        sa.select(technicians.c.team_id).where(
            technicians.c.organization_id == change.actor.organization_id, technicians.c.id == job.technician_id
        )
    )
    return team


def standing_of(situation: Situation) -> Standing:
    """Return how the ticket stands to its actors: its technician is the last one if nobody has it now."""
    ticket, last = situation.ticket, situation.last
    return Standing(
        requester_id=ticket.requester_id,
        customer_id=ticket.customer_id,
        technician_id=None if last is None else last.technician_id,
    )
