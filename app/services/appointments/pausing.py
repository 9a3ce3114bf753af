"""Waits of customers who are active no longer, and offers of time that is nobody's any more."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db import records
from app.db.locks import lock_bays, lock_technicians
from app.db.tables.appointments import bookings, waitlist_entries
from app.db.tables.base import Uuid
from app.db.tables.customers import customers
from app.domain.bookings import Booking
from app.domain.events import EventType
from app.domain.waitlist import WaitlistEntry, WaitlistStatus
from app.services.appointments.holds import give_back
from app.services.appointments.waiting import WAITS, lock_entry, offered_to, save_entry
from app.services.change import Change
from app.services.naming import no_longer_active

_KEYS = sa.ARRAY(Uuid)


async def hold_customer(change: Change, customer_id: UUID | None) -> None:
    """Keep a customer active until the change ends, so that a wait that begins is paused with the others.

    Guard: the customer's row, which cannot change meanwhile.

    Raises:
        Invalid: the customer is active no longer.
    """
    if customer_id is None:
        return
    of = customers.c
    query = sa.select(of.active).where(of.organization_id == change.actor.organization_id, of.id == customer_id)
    if await change.connection.scalar(query.with_for_update(read=True)) is False:
        raise no_longer_active(("customerId",), "customer")


async def pause_waits(change: Change, customer_ids: Collection[UUID]) -> None:
    """Let customers who are active no longer wait without being asked; what they are offered now goes to the next.

    Who waits for an earlier time of an appointment goes on, as the appointment does.

    Guard: the customers' rows, for which nobody waits who holds what follows; the locks of the technicians whose
    time is offered; the entries' row locks.
    """
    waiting = await _waits(change, customer_ids, paused=False, lock=False)
    offers = await _offers(change, bookings.c.waitlist_entry_id, [each.id for each in waiting])
    await lock_technicians(change.connection, change.actor.organization_id, [offer.technician_id for offer in offers])
    for entry in await _waits(change, customer_ids, paused=False, lock=True):
        hold = await offered_to(change, entry.id)
        paused = replace(entry, status=WaitlistStatus.WAITING, paused_at=change.now)
        whose = None if hold is None else hold.technician_id
        await save_entry(change, entry, paused, told_as=EventType.WAITLIST_PAUSED, technician_id=whose)
        if hold is not None:
            await give_back(change, hold)


async def resume_waits(change: Change, customer_ids: Collection[UUID]) -> None:
    """Let customers who are active again be asked, at the place that they had.

    Guard: the customers' rows; the entries' row locks.
    """
    for entry in await _waits(change, customer_ids, paused=True, lock=True):
        await save_entry(change, entry, replace(entry, paused_at=None), told_as=EventType.WAITLIST_RESUMED)


async def withdraw_offers_in(change: Change, bay_ids: Collection[UUID]) -> None:
    """Take back what is offered to those who wait in bays where nothing is done any more; they wait on.

    Guard: the bays' locks, under which time in them is offered; then as `_withdraw`.
    """
    await lock_bays(change.connection, change.actor.organization_id, bay_ids)
    await _withdraw(change, await _offers(change, bookings.c.bay_id, bay_ids))


async def withdraw_offers_of(change: Change, technician_ids: Collection[UUID]) -> None:
    """Take back what is offered to those who wait of technicians who do nothing any more; they wait on.

    Guard: the technicians' locks, under which their time is offered; then as `_withdraw`.
    """
    await lock_technicians(change.connection, change.actor.organization_id, technician_ids)
    await _withdraw(change, await _offers(change, bookings.c.technician_id, technician_ids))


async def _withdraw(change: Change, offers: Collection[Booking]) -> None:
    """Take offers back. Guard: the technicians' locks, then the entries' row locks."""
    await lock_technicians(change.connection, change.actor.organization_id, [each.technician_id for each in offers])
    for offer in offers:
        entry = None if offer.waitlist_entry_id is None else await lock_entry(change, offer.waitlist_entry_id)
        if entry is None or entry.status is not WaitlistStatus.OFFERED:
            continue
        status = WaitlistStatus.WAITING if entry.expires_at > change.now else WaitlistStatus.EXPIRED
        # They have not declined it: elsewhere the same start may be offered to them.
        waits = replace(entry, status=status)
        whose = offer.technician_id
        await save_entry(change, entry, waits, told_as=EventType.WAITLIST_WITHDRAWN, technician_id=whose)
        await give_back(change, offer)


async def _waits(
    change: Change, customer_ids: Collection[UUID], *, paused: bool, lock: bool
) -> Collection[WaitlistEntry]:
    """Return who of these customers waits for a first time."""
    of = waitlist_entries.c
    return await records.fetch(
        change.connection,
        waitlist_entries,
        WaitlistEntry,
        of.organization_id == change.actor.organization_id,
        of.customer_id == sa.any_(sa.literal(sorted(customer_ids), _KEYS)),
        of.appointment_id.is_(None),
        of.status.in_(sorted(WAITS)),
        of.paused_at.is_not(None) if paused else of.paused_at.is_(None),
        order=(of.id,),
        lock=lock,
    )


async def _offers(change: Change, column: "sa.Column[Any]", keys: Collection[UUID]) -> Collection[Booking]:
    """Return what is held for those who wait, by a column of the hold."""
    of = bookings.c
    return await records.fetch(
        change.connection,
        bookings,
        Booking,
        of.organization_id == change.actor.organization_id,
        column == sa.any_(sa.literal(sorted(keys), _KEYS)),
        of.waitlist_entry_id.is_not(None),
        of.active,
        order=(of.id,),
    )
