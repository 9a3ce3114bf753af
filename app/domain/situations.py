"""A ticket with its active job at one moment, and the events that lead from one moment to the next."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.domain.assignments import Assignment
from app.domain.events import Concerned, EventType, NewEvent, changed_fields
from app.domain.tickets import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A ticket, its active job if it has one, and the team the job's technician belongs to.

    `last` is the ticket's latest turn where it was looked for: the active job, if there is one.
    """

    ticket: Ticket
    job: Assignment | None = None
    team_id: UUID | None = None
    last: Assignment | None = None


def ticket_event(type_: EventType, before: Situation | None, after: Situation, *, occurred_at: datetime) -> NewEvent:
    """Tell what happened to the ticket itself."""
    return NewEvent(
        type=type_,
        kind="Ticket",
        id=after.ticket.id,
        version=after.ticket.version,
        ticket_id=after.ticket.id,
        occurred_at=occurred_at,
        before=None if before is None else concerned(before.ticket, before.job, before.team_id),
        after=concerned(after.ticket, after.job, after.team_id),
        changes=changed_fields(None if before is None else before.ticket, after.ticket),
    )


def job_event(
    type_: EventType,
    before: Assignment | None,
    after: Assignment,
    *,
    ticket: Ticket,
    team_id: UUID | None,
    occurred_at: datetime,
) -> NewEvent:
    """Tell what happened to a job; it concerns its own technician even after it has ended."""
    return NewEvent(
        type=type_,
        kind="Assignment",
        id=after.id,
        version=after.version,
        ticket_id=ticket.id,
        assignment_id=after.id,
        occurred_at=occurred_at,
        before=None if before is None else concerned(ticket, before, team_id),
        after=concerned(ticket, after, team_id),
        changes=changed_fields(before, after),
    )


def concerned(ticket: Ticket, job: Assignment | None, team_id: UUID | None, *, internal: bool = False) -> Concerned:
    """Say whom a ticket concerns while `job` is its job."""
    return Concerned(
        technician_id=None if job is None else job.technician_id,
        team_id=None if job is None else team_id,
        territory_id=ticket.territory_id,
        requester_id=ticket.requester_id,
        customer_id=ticket.customer_id,
        internal=internal,
    )
