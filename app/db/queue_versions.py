"""The versions of technicians' queues, one for each of their local dates."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.tables.base import Moment, Uuid

# A technician's dates are those of the first of their territories, else the organisation's.
LOCAL_ZONE = """
    SELECT coalesce((
        SELECT place.time_zone FROM technician_territories AS works
        JOIN territories AS place ON place.organization_id = works.organization_id AND place.id = works.territory_id
        WHERE works.organization_id = whose.organization_id AND works.technician_id = whose.id
        ORDER BY place.name, place.id LIMIT 1
    ), home.time_zone)
    FROM organizations AS home WHERE home.organization_id = whose.organization_id
"""
# In the order of their ids, so that two changes never wait for each other crosswise.
_ADVANCE = sa.text(
    f"""
    INSERT INTO queue_versions (organization_id, technician_id, date, version)
    SELECT whose.organization_id, whose.id, (:now AT TIME ZONE ({LOCAL_ZONE}))::date, 1
    FROM technicians AS whose
    WHERE whose.organization_id = :organization_id AND whose.id = ANY (:technician_ids)
    ORDER BY whose.id
    ON CONFLICT (organization_id, technician_id, date) DO UPDATE SET version = queue_versions.version + 1
    """  # noqa: S608  # a constant
).bindparams(
    sa.bindparam("now", type_=Moment),
    sa.bindparam("organization_id", type_=Uuid),
    sa.bindparam("technician_ids", type_=sa.ARRAY(Uuid)),
)
_TODAY = sa.text(
    f"""
    SELECT (:now AT TIME ZONE ({LOCAL_ZONE}))::date FROM technicians AS whose
    WHERE whose.organization_id = :organization_id AND whose.id = :technician_id
    """  # noqa: S608  # a constant
).bindparams(
    sa.bindparam("now", type_=Moment),
    sa.bindparam("organization_id", type_=Uuid),
    sa.bindparam("technician_id", type_=Uuid),
)


async def advance(
    connection: AsyncConnection, organization_id: UUID, technician_ids: Iterable[UUID], *, now: datetime
) -> None:
    """Raise the version of today's queue of each of these technicians."""
    these = list(technician_ids)
    if these:
        given = {"organization_id": organization_id, "technician_ids": these, "now": now}
        await connection.execute(_ADVANCE, given)


async def today(
    connection: AsyncConnection, organization_id: UUID, technician_id: UUID, *, now: datetime
) -> date | None:
    """Return the technician's local date, None when there is no such technician."""
    given = {"organization_id": organization_id, "technician_id": technician_id, "now": now}
    found: date | None = await connection.scalar(_TODAY, given)
    return found
