"""What calendars outside may read: a technician's appointments, and single ones, by addresses that let them."""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.tables.appointments import appointments
from app.db.tables.deliveries import calendar_feeds
from app.db.tables.people import technicians, users
from app.db.tables.tickets import tickets
from app.domain.appointments import AppointmentStatus
from app.domain.calendar_addresses import EntryKey, FeedKey
from app.domain.invitations import published
from app.domain.particulars import Audience, entry_of
from app.domain.people import Actor
from app.services.invitations.particulars import particulars
from app.services.perform import Writer, beside_the_log

BACK, AHEAD = timedelta(days=30), timedelta(days=180)
_MOST = 5000


async def feed(connection: AsyncConnection, key: FeedKey, now: datetime) -> bytes | None:
    """Return a technician's appointments from 30 days back to 180 ahead; None: revoked, or they work here no more."""
    generation = sa.select(calendar_feeds.c.generation).where(
        calendar_feeds.c.organization_id == key.organization_id, calendar_feeds.c.technician_id == key.technician_id
    )
    same = (technicians.c.organization_id == users.c.organization_id) & (technicians.c.user_id == users.c.id)
    query = (
        sa.select(users.c.name, sa.func.coalesce(generation.scalar_subquery(), 0).label("generation"))
        .join(technicians, same)
        .where(
            users.c.organization_id == key.organization_id,
            users.c.active,
            technicians.c.id == key.technician_id,
            technicians.c.active,
        )
    )
    whose = (await connection.execute(query)).one_or_none()
    if whose is None or whose.generation != key.generation:
        return None
    of = appointments.c
    found = await particulars(
        connection,
        of.organization_id == key.organization_id,
        of.technician_id == key.technician_id,
        of.status != AppointmentStatus.CANCELLED,
        of.ends_at > now - BACK,
        of.starts_at < now + AHEAD,
        tickets.c.deleted_at.is_(None),
        limit=_MOST,
    )
    return published([entry_of(each, Audience.TECHNICIAN) for each in found], name=whose.name)


async def single(connection: AsyncConnection, key: EntryKey) -> bytes | None:
    """Return an appointment as customers may know it; None: it was called off, or is not there any more."""
    found = await particulars(
        connection,
        appointments.c.organization_id == key.organization_id,
        appointments.c.id == key.appointment_id,
        appointments.c.status != AppointmentStatus.CANCELLED,
        tickets.c.deleted_at.is_(None),
        limit=1,
    )
    if not found:
        return None
    return published([entry_of(found[0], Audience.CUSTOMER, with_place=key.with_place)])


async def revoke_feed(writer: Writer, actor: Actor, technician_id: UUID) -> None:
    """Let the address of a technician's feed hold no longer; the next one is another.

    Guard: the row's own; each call raises the generation once.
    """
    now = writer.clock()
    first = insert(calendar_feeds).values(
        organization_id=actor.organization_id, technician_id=technician_id, generation=1, updated_at=now
    )
    again = first.on_conflict_do_update(
        index_elements=["organization_id", "technician_id"],
        set_={"generation": calendar_feeds.c.generation + 1, "updated_at": now},
    )
    async with beside_the_log(writer, actor) as connection:
        await connection.execute(again)
