"""Time taken and given back: the rows of bookings, which are released and never moved."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from app.db import records
from app.db.tables.appointments import bookings
from app.db.tables.base import Moment, Uuid
from app.domain.appointment_events import hold_event
from app.domain.bookings import Booking, BookingKind
from app.domain.events import EventType
from app.domain.refusals import SlotTaken
from app.domain.slot_offers import SlotOffer
from app.services.appointments.waiting import decline
from app.services.change import Change

_OVERLAPS = "23P01"
_EXPIRED = sa.text(
    """
    UPDATE bookings SET active = false, released_at = :now
    WHERE organization_id = :organization_id AND active AND kind = 'HOLD' AND expires_at <= :now
        AND (technician_id = :technician_id OR bay_id = :bay_id) AND during && tstzrange(:start, :end)
    RETURNING id
    """
).bindparams(
    sa.bindparam("organization_id", type_=Uuid),
    sa.bindparam("technician_id", type_=Uuid),
    sa.bindparam("bay_id", type_=Uuid),
    sa.bindparam("now", type_=Moment),
    sa.bindparam("start", type_=Moment),
    sa.bindparam("end", type_=Moment),
)


async def take(
    change: Change,
    offer: SlotOffer,
    *,
    buffer_minutes: int,
    appointment_id: UUID | None = None,
    hold_until: datetime | None = None,
    held_by: UUID | None = None,
    waitlist_entry_id: UUID | None = None,
    field: str = "slotToken",
) -> Booking:
    """Take the time of an offer: for an appointment, or as a hold until a moment.

    Holds that have run out give way first.

    Guard: the locks of the technician and the bay, under which the offer was judged; the exclusion constraints
    would stop whoever forgot them.

    Raises:
        SlotTaken: the time is taken.
    """
    over = offer.ends_at + timedelta(minutes=buffer_minutes)
    await _release_expired(change, offer, over)
    held = hold_until is not None
    booking = Booking(
        id=change.new_id(),
        organization_id=change.actor.organization_id,
        kind=BookingKind.HOLD if held else BookingKind.APPOINTMENT,
        active=True,
        technician_id=offer.technician_id,
        bay_id=offer.bay_id,
        starts_at=offer.starts_at,
        ends_at=offer.ends_at,
        latitude=None if offer.wanted.place is None else offer.wanted.latitude,
        longitude=None if offer.wanted.place is None else offer.wanted.longitude,
        appointment_id=appointment_id,
        waitlist_entry_id=waitlist_entry_id,
        held_by=held_by,
        customer_id=offer.wanted.customer_id if held else None,
        offer=offer.written() if held else None,
        expires_at=hold_until,
        created_at=change.now,
        released_at=None,
    )
    row = {each.name: getattr(booking, each.name) for each in fields(booking)}
    try:
        await change.connection.execute(_insert(), {**row, "over": over})
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _OVERLAPS:
            raise
        raise SlotTaken(field=(field,), wanted=offer.wanted) from error
    return booking


async def release(change: Change, booking_ids: Iterable[UUID]) -> None:
    """Give time back. Guard: the locks of the technicians whose it was."""
    ids = list(booking_ids)
    if ids:
        query = sa.update(bookings).where(
            bookings.c.organization_id == change.actor.organization_id, bookings.c.id.in_(ids), bookings.c.active
        )
        await change.connection.execute(query.values(active=False, released_at=change.now))


async def booking_of(change: Change, appointment_id: UUID) -> Booking | None:
    """Return the booking that an appointment has now."""
    found = await records.fetch(
        change.connection,
        bookings,
        Booking,
        bookings.c.organization_id == change.actor.organization_id,
        bookings.c.appointment_id == appointment_id,
        bookings.c.active,
    )
    return found[0] if found else None


async def find_booking(change: Change, booking_id: UUID) -> Booking | None:
    """Return a booking as it is now, without locking it."""
    return await records.fetch_one(change.connection, bookings, Booking, change.actor.organization_id, booking_id)


async def _release_expired(change: Change, offer: SlotOffer, over: datetime) -> None:
    values = {
        "organization_id": change.actor.organization_id,
        "technician_id": offer.technician_id,
        "bay_id": offer.bay_id,
        "now": change.now,
        "start": offer.starts_at,
        "end": over,
    }
    released: Sequence[UUID] = (await change.connection.scalars(_EXPIRED, values)).all()
    for booking_id in released:
        hold = await find_booking(change, booking_id)
        if hold is not None:
            change.tell(hold_event(EventType.SLOT_RELEASED, hold, occurred_at=change.now))
            await decline(change, hold)


@cache
def _insert() -> "sa.Insert":
    start: sa.ColumnElement[Any] = sa.bindparam("starts_at", type_=Moment)
    over: sa.ColumnElement[Any] = sa.bindparam("over", type_=Moment)
    names = [each.name for each in fields(Booking)]
    return sa.insert(bookings).values(
        {
            **{name: sa.bindparam(name, type_=bookings.c[name].type) for name in names},
            "during": sa.func.tstzrange(start, over),
        }
    )
