"""Technicians let appointments be written into calendars of theirs, and take that back."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.db.tables.deliveries import calendar_connections
from app.db.tables.people import technicians
from app.domain.calendar_connections import CalendarProvider
from app.domain.people import Actor
from app.domain.refusals import Invalid, NotFound
from app.services.invitations.posts import Seal
from app.services.perform import Writer, beside_the_log

LONGEST_CALENDAR_ID = 300
LONGEST_TOKEN = 8192


async def connect_calendar(
    writer: Writer,
    actor: Actor,
    technician_id: UUID,
    provider: CalendarProvider,
    *,
    calendar_id: str,
    refresh_token: str,
    seal: Seal,
) -> None:
    """Keep a technician's grant, sealed, in place of the one before.

    Guard: the row's own; of several at once the last one stands.

    Raises:
        Invalid: what is given cannot be a grant or a calendar.
        NotFound: there is no such technician.
    """
    if not 1 <= len(calendar_id) <= LONGEST_CALENDAR_ID or not calendar_id.isprintable():
        raise Invalid(field=("calendarId",), problem=f"A calendar's id has 1 to {LONGEST_CALENDAR_ID} characters.")
    if not 1 <= len(refresh_token) <= LONGEST_TOKEN or not refresh_token.isascii() or " " in refresh_token:
        raise Invalid(field=("refreshToken",), problem="That is no refresh token.")
    now = writer.clock()
    key = {"organization_id": actor.organization_id, "technician_id": technician_id, "provider": provider}
    values = {"calendar_id": calendar_id, "sealed_token": seal.close(refresh_token), "broken_because": None}
    first = insert(calendar_connections).values(**key, **values, created_at=now, updated_at=now)
    again = first.on_conflict_do_update(
        index_elements=list(key), set_={**values, "version": calendar_connections.c.version + 1, "updated_at": now}
    )
    async with beside_the_log(writer, actor) as connection:
        there = sa.select(technicians.c.id).where(
            technicians.c.organization_id == actor.organization_id, technicians.c.id == technician_id
        )
        if await connection.scalar(there) is None:
            raise NotFound(field=("technicianId",), kind="technician")
        await connection.execute(again)


async def disconnect_calendar(writer: Writer, actor: Actor, technician_id: UUID, provider: CalendarProvider) -> bool:
    """Forget a technician's grant; False where there is none.

    Guard: the row's own.
    """
    of = calendar_connections.c
    async with beside_the_log(writer, actor) as connection:
        done = await connection.execute(
            sa.update(calendar_connections)
            .where(
                of.organization_id == actor.organization_id,
                of.technician_id == technician_id,
                of.provider == provider,
                of.sealed_token.is_not(None),
            )
            .values(sealed_token=None, version=of.version + 1, updated_at=writer.clock())
        )
    return done.rowcount == 1
