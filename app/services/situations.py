"""Finding and locking the ticket, its active job and the technicians a change is about."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import records
from app.db.tables.assignments import assignments
from app.db.tables.people import technicians
from app.db.tables.tickets import tickets
from app.domain.assignments import ACTIVE, Assignment
from app.domain.people import Actor
from app.domain.policy import Action, Standing, may
from app.domain.refusals import Forbidden, NotFound, StaleVersion
from app.domain.situations import Situation
from app.domain.tickets import Ticket
from app.services.change import Change


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
    job = await active_job(change.connection, ticket, lock=lock)
    return Situation(ticket=ticket, job=job, team_id=await team_of(change.connection, job))


async def lock_job(change: Change, assignment_id: UUID) -> tuple[Situation, Assignment]:
    """Lock the ticket of a job, then the job; the situation's active job may be another one.

    Guard: as `lock_ticket`. The job's ticket never changes, so it is read without a lock.

    Raises:
        NotFound: no such job, or not the actor's to see.
    """
    connection, organization_id = change.connection, change.actor.organization_id
    missing = NotFound(field=("assignmentId",), kind="job")
    ticket_id = await connection.scalar(
        sa.select(assignments.c.ticket_id).where(
            assignments.c.organization_id == organization_id, assignments.c.id == assignment_id
        )
    )
    if ticket_id is None:
        raise missing
    try:
        situation = await lock_ticket(change, ticket_id)
    except NotFound as hidden:
        raise missing from hidden
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


async def active_job(connection: AsyncConnection, ticket: Ticket, *, lock: bool) -> Assignment | None:
    """Return the ticket's active job."""
    found = await records.fetch(
        connection,
        assignments,
        Assignment,
        assignments.c.organization_id == ticket.organization_id,
        assignments.c.ticket_id == ticket.id,
        assignments.c.status.in_(ACTIVE),
        lock=lock,
    )
    return found[0] if found else None


async def team_of(connection: AsyncConnection, job: Assignment | None) -> UUID | None:
    """Return the team of the job's technician."""
    if job is None:
        return None
    team: UUID | None = await connection.scalar(
        sa.select(technicians.c.team_id).where(
            technicians.c.organization_id == job.organization_id, technicians.c.id == job.technician_id
        )
    )
    return team


async def last_turn(connection: AsyncConnection, ticket: Ticket) -> Assignment | None:
    """Return the ticket's latest turn; the next one's sequence is one more."""
    found = await records.fetch(
        connection,
        assignments,
        Assignment,
        assignments.c.organization_id == ticket.organization_id,
        assignments.c.ticket_id == ticket.id,
        order=[assignments.c.sequence.desc()],
        limit=1,
    )
    return found[0] if found else None
