"""Finding and locking the appointment that a change is about, with its ticket."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from app.db import records
from app.db.tables.appointments import appointments
from app.domain.appointment_events import appointment_event
from app.domain.appointments import Appointment
from app.domain.events import EventType
from app.domain.policy import Action
from app.domain.refusals import NotFound, StaleVersion
from app.domain.situations import Situation
from app.services.appointments.outside import tell_outside
from app.services.change import Change
from app.services.lanes import lanes_of
from app.services.situations import lock_ticket, require, standing_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """An appointment and its ticket, both locked."""

    appointment: Appointment
    situation: Situation


async def lock_agreed(change: Change, appointment_id: UUID, *, field: str = "id") -> Agreed:
    """Lock the ticket of an appointment, then read the appointment.

    Guard: the ticket's row lock; every change of an appointment takes it first.

    Raises:
        NotFound: no such appointment, or not the actor's to see.
    """
    organization_id = change.actor.organization_id
    missing = NotFound(field=(field,), kind="appointment")
    query = sa.select(appointments.c.ticket_id).where(
        appointments.c.organization_id == organization_id, appointments.c.id == appointment_id
    )
    ticket_id = await change.connection.scalar(query)
    if ticket_id is None:
        raise missing
    try:
        situation = await lock_ticket(change, ticket_id)
    except NotFound as hidden:
        raise missing from hidden
    appointment = await records.fetch_one(
        change.connection, appointments, Appointment, organization_id, appointment_id, lock=True
    )
    if appointment is None:
        raise missing
    return Agreed(appointment=appointment, situation=situation)


def expect_bookable_by(change: Change, agreed: Agreed, *, words: str) -> None:
    """Refuse whoever may not book for the appointment's customer. Raises Forbidden."""
    require(change.actor, Action.BOOK_SLOT, standing_of(agreed.situation), words=words)


def expect_version(appointment: Appointment, expected: int | None) -> None:
    """Raise StaleVersion when the client has read another version than the locked one."""
    if expected is not None and expected != appointment.version:
        raise StaleVersion(
            field=("expectedVersion",),
            kind="Appointment",
            id=appointment.id,
            expected=expected,
            current=appointment.version,
        )


async def save(change: Change, agreed: Agreed, after: Appointment, *, told_as: EventType) -> Appointment:
    """Write a locked appointment, tell of it here and outside; return it with its new version."""
    before = agreed.appointment
    saved = await records.update(change.connection, appointments, before, after, now=change.now)
    lanes = await lanes_of(change, [before.technician_id, saved.technician_id])
    change.tell(
        appointment_event(told_as, before, saved, ticket=agreed.situation.ticket, lanes=lanes, occurred_at=change.now)
    )
    await tell_outside(change, saved, told_as)
    return saved
