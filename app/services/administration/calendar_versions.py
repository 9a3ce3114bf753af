"""Business calendars are versions: whatever names one names the newest, and they follow one another."""

from uuid import UUID

import sqlalchemy as sa

from app.db.tables.organizations import organizations
from app.db.tables.sla import business_calendars
from app.domain.refusals import Invalid
from app.services.change import Change


async def lock_promises(change: Change) -> None:
    """Lock what the organisation promises, so that versions follow one another; the lock comes before any row."""
    mine = organizations.c.organization_id == change.actor.organization_id
    await change.connection.execute(sa.select(organizations.c.id).where(mine).with_for_update(key_share=True))


async def check_holds(change: Change, calendar_id: UUID) -> None:
    """Refuse a version of a calendar that another one has followed: nothing would follow it any more.

    Guard: the lock of what is promised, which the caller has.

    Raises:
        Invalid: there is a newer version of it.
    """
    named, newer = business_calendars.alias("named"), business_calendars.alias("newer")
    query = sa.select(newer.c.id == named.c.id).where(
        named.c.organization_id == change.actor.organization_id,
        named.c.id == calendar_id,
        newer.c.organization_id == named.c.organization_id,
        newer.c.name == named.c.name,
    )
    holds = await change.connection.scalar(query.order_by(newer.c.created_at.desc(), newer.c.id.desc()).limit(1))
    if holds is False:
        raise Invalid(field=("calendarId",), problem="This calendar has a newer version; name that one.")
