"""Slots that are held: how many somebody has, and how one is given back."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from app.db.locks import lock_technicians
from app.db.tables.appointments import bookings
from app.db.timers.setting import set_timer
from app.domain.appointment_events import hold_event
from app.domain.bookings import Booking, BookingKind
from app.domain.events import EventType
from app.domain.timers import Timer, TimerKind
from app.services.appointments.taking import find_booking, release
from app.services.appointments.waiting import decline
from app.services.change import Change


async def count_holds(change: Change) -> int:
    """Return how many slots the actor holds now."""
    of = bookings.c
    query = sa.select(sa.func.count()).where(
        of.organization_id == change.actor.organization_id,
        of.held_by == change.actor.user_id,
        of.kind == BookingKind.HOLD,
        of.active,
        of.expires_at > change.now,
    )
    return int(await change.connection.scalar(query) or 0)


async def give_back(change: Change, hold: Booking) -> bool:
    """Give a hold's time back and tell so; False: it was given back, or booked, before.

    Whoever waits for such a time is asked afterwards.

    Guard: the technician's lock, under which the hold is read again.
    """
    await lock_technicians(change.connection, hold.organization_id, [hold.technician_id])
    present = await find_booking(change, hold.id)
    if present is None or not present.active:
        return False
    await release(change, [hold.id])
    change.tell(hold_event(EventType.SLOT_RELEASED, present, occurred_at=change.now))
    await decline(change, present)
    await tell_who_waits(change, hold.id)
    return True


async def tell_who_waits(change: Change, booking_id: UUID) -> None:
    """Let the time of a booking that was given back be offered to whoever waits for it, once this is committed."""
    timer = Timer(TimerKind.SLOT_FREED, change.actor.organization_id, booking_id)
    await set_timer(change.connection, timer, after=timedelta())
