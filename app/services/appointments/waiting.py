"""Somebody who waits for a time: how they are found, changed, and told of."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.db import records
from app.db.tables.appointments import bookings, waitlist_entries
from app.domain.bookings import Booking
from app.domain.events import EventType
from app.domain.waitlist import WaitlistEntry, WaitlistStatus
from app.domain.waitlist_events import waitlist_event
from app.services.change import Change

WAITS = frozenset({WaitlistStatus.WAITING, WaitlistStatus.OFFERED})


async def lock_entry(change: Change, entry_id: UUID) -> WaitlistEntry | None:
    """Lock somebody who waits. Guard: the row's lock, taken after those of technicians, bays and parts."""
    return await records.fetch_one(
        change.connection, waitlist_entries, WaitlistEntry, change.actor.organization_id, entry_id, lock=True
    )


async def save_entry(
    change: Change,
    before: WaitlistEntry,
    after: WaitlistEntry,
    *,
    told_as: EventType,
    technician_id: UUID | None = None,
) -> WaitlistEntry:
    """Write a locked entry and tell of it; return it with its new version."""
    saved = await records.update(change.connection, waitlist_entries, before, after, now=change.now)
    told = waitlist_event(told_as, before, saved, technician_id=technician_id, occurred_at=change.now)
    change.tell(told)
    return saved


async def offered_to(change: Change, entry_id: UUID) -> Booking | None:
    """Return the hold that somebody who waits was offered."""
    found = await records.fetch(
        change.connection,
        bookings,
        Booking,
        bookings.c.organization_id == change.actor.organization_id,
        bookings.c.waitlist_entry_id == entry_id,
        bookings.c.active,
    )
    return found[0] if found else None


async def decline(change: Change, hold: Booking) -> None:
    """Let whoever was offered a hold wait on: it was not taken in time, or not wanted; the start is not offered again.

    Guard: the entry's row lock.
    """
    if hold.waitlist_entry_id is None:
        return
    entry = await lock_entry(change, hold.waitlist_entry_id)
    if entry is None or entry.status is not WaitlistStatus.OFFERED:
        return
    start = hold.starts_at.isoformat()
    status = WaitlistStatus.WAITING if entry.expires_at > change.now else WaitlistStatus.EXPIRED
    after = replace(entry, status=status, declined=(*entry.declined, start))
    await save_entry(change, entry, after, told_as=EventType.WAITLIST_EXPIRED, technician_id=hold.technician_id)


async def stop_waiting(change: Change, appointment_id: UUID) -> list[Booking]:
    """Let nobody wait any more for an earlier time of an appointment; return what they were offered, still held.

    Guard: the rows' locks.
    """
    of = waitlist_entries.c
    found = await records.fetch(
        change.connection,
        waitlist_entries,
        WaitlistEntry,
        of.organization_id == change.actor.organization_id,
        of.appointment_id == appointment_id,
        of.status.in_(sorted(WAITS)),
        order=(of.id,),
        lock=True,
    )
    held = []
    for entry in found:
        hold = await offered_to(change, entry.id)
        held += [] if hold is None else [hold]
        after = replace(entry, status=WaitlistStatus.CANCELLED)
        await save_entry(change, entry, after, told_as=EventType.WAITLIST_LEFT)
    return held


async def in_order(change: Change, *, before: datetime, most: int) -> list[UUID]:
    """Return who waits, in the order in which they are asked: fleet customers, premium ones, the others, by time."""
    of = waitlist_entries.c
    query = (
        sa.select(of.id)
        .where(
            of.organization_id == change.actor.organization_id,
            of.status == WaitlistStatus.WAITING,
            of.paused_at.is_(None),
            of.expires_at > before,
        )
        .order_by(of.tier_rank, of.created_at, of.id)
        .limit(most)
    )
    return list(await change.connection.scalars(query))
