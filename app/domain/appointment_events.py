"""What the log tells of appointments."""

from datetime import datetime
from uuid import UUID

from app.domain.appointments import Appointment
from app.domain.events import APPOINTMENT, Concerned, EventType, NewEvent, changed_fields
from app.domain.tickets import Ticket


def appointment_event(
    type_: EventType,
    before: Appointment | None,
    after: Appointment,
    *,
    ticket: Ticket,
    team_id: UUID | None,
    occurred_at: datetime,
) -> NewEvent:
    """Tell what happened to an appointment; it concerns its technician, whose team `team_id` is."""
    return NewEvent(
        type=type_,
        kind=APPOINTMENT,
        id=after.id,
        version=after.version,
        ticket_id=ticket.id,
        assignment_id=after.assignment_id,
        occurred_at=occurred_at,
        before=None if before is None else _concerned(before, ticket, team_id),
        after=_concerned(after, ticket, team_id),
        changes=changed_fields(before, after),
    )


def _concerned(appointment: Appointment, ticket: Ticket, team_id: UUID | None) -> Concerned:
    return Concerned(
        technician_id=appointment.technician_id,
        team_id=team_id,
        territory_id=ticket.territory_id,
        requester_id=ticket.requester_id,
        customer_id=ticket.customer_id,
    )
