"""The events that tell what happened to appointments and to held slots."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from app.domain.appointments import Appointment
from app.domain.bookings import Booking
from app.domain.events import APPOINTMENT, HOLD, Concerned, EventType, FieldChange, NewEvent, changed_fields, plain
from app.domain.lanes import NOWHERE, Lane
from app.domain.tickets import Ticket

_OF_HOLD = ("technician_id", "bay_id", "starts_at", "ends_at", "expires_at", "held_by", "customer_id")


def appointment_event(
    type_: EventType,
    before: Appointment | None,
    after: Appointment,
    *,
    ticket: Ticket,
    lanes: Mapping[UUID, Lane],
    occurred_at: datetime,
) -> NewEvent:
    """Tell what happened to an appointment; it concerns its ticket's people and its technician, before and after.

    `lanes` are those of its technicians, before and after, by their ids.
    """
    return NewEvent(
        type=type_,
        kind=APPOINTMENT,
        id=after.id,
        version=after.version,
        ticket_id=ticket.id,
        assignment_id=after.assignment_id,
        occurred_at=occurred_at,
        before=None if before is None else _concerned(before, ticket, lanes),
        after=_concerned(after, ticket, lanes),
        changes=changed_fields(before, after),
    )


def hold_event(type_: EventType, hold: Booking, *, occurred_at: datetime) -> NewEvent:
    """Tell that a slot was held, or is free again."""
    concerned = Concerned(technician_id=hold.technician_id, customer_id=hold.customer_id)
    held = type_ is EventType.SLOT_HELD
    said = [(name, plain(getattr(hold, name))) for name in _OF_HOLD]
    return NewEvent(
        type=type_,
        kind=HOLD,
        id=hold.id,
        version=1 if held else 2,
        occurred_at=occurred_at,
        before=None if held else concerned,
        after=concerned if held else None,
        changes=tuple(
            FieldChange(field=name, old=None if held else value, new=value if held else None) for name, value in said
        ),
    )


def _concerned(appointment: Appointment, ticket: Ticket, lanes: Mapping[UUID, Lane]) -> Concerned:
    lane = lanes.get(appointment.technician_id, NOWHERE)
    return Concerned(
        technician_id=appointment.technician_id,
        team_id=lane.team_id,
        territory_id=ticket.territory_id,
        territory_ids=lane.territory_ids,
        requester_id=ticket.requester_id,
        customer_id=ticket.customer_id,
    )
