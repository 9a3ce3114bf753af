"""Time that can be booked in an example organisation: shifts of four weeks, and a workshop with bays."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.tables.base import Moment, Uuid

# Every other technician keeps hours; of the others nobody knows when they work.
_SHIFTS = sa.text(
    """
    INSERT INTO shifts (organization_id, id, technician_id, starts_at, ends_at, on_call, created_at, updated_at)
    SELECT t.organization_id, md5('shift ' || t.id || ' ' || day)::uuid, t.id,
        (day::date + time '08:00') AT TIME ZONE o.time_zone, (day::date + time '17:00') AT TIME ZONE o.time_zone,
        false, :now, :now
    FROM (
        SELECT *, row_number() OVER (ORDER BY external_id) AS number FROM technicians
        WHERE organization_id = :organization_id AND active
    ) AS t
    JOIN organizations AS o ON o.organization_id = t.organization_id
    CROSS JOIN generate_series((:now AT TIME ZONE o.time_zone)::date, (:now AT TIME ZONE o.time_zone)::date + 27,
        interval '1 day') AS day
    WHERE t.number % 2 = 0 AND extract(isodow FROM day) < 7
    """
).bindparams(sa.bindparam("organization_id", type_=Uuid), sa.bindparam("now", type_=Moment))
_BREAKS = sa.text(
    """
    INSERT INTO shift_breaks (organization_id, shift_id, starts_at, ends_at)
    SELECT organization_id, id, starts_at + interval '4 hours', starts_at + interval '4 hours 30 minutes'
    FROM shifts WHERE organization_id = :organization_id
    """
).bindparams(sa.bindparam("organization_id", type_=Uuid))
_FACILITY = sa.text(
    """
    INSERT INTO facilities (organization_id, id, name, latitude, longitude, created_at, updated_at)
    SELECT organization_id, md5('workshop ' || organization_id)::uuid, 'Workshop', avg(home_latitude),
        avg(home_longitude), :now, :now
    FROM technicians WHERE organization_id = :organization_id GROUP BY organization_id
    """
).bindparams(sa.bindparam("organization_id", type_=Uuid), sa.bindparam("now", type_=Moment))
_BAYS = sa.text(
    """
    INSERT INTO service_bays (organization_id, id, facility_id, name, created_at, updated_at)
    SELECT organization_id, md5('bay ' || number || ' ' || organization_id)::uuid, id, 'Bay ' || number, :now, :now
    FROM facilities, generate_series(1, 4) AS number WHERE organization_id = :organization_id
    """
).bindparams(sa.bindparam("organization_id", type_=Uuid), sa.bindparam("now", type_=Moment))
# The first bay is equipped for everything, the others for less and less.
_EQUIPMENT = sa.text(
    """
    INSERT INTO service_bay_skills (organization_id, bay_id, skill_id)
    SELECT b.organization_id, b.id, s.id
    FROM (SELECT *, row_number() OVER (ORDER BY name) AS number FROM service_bays
        WHERE organization_id = :organization_id) AS b
    JOIN (SELECT *, row_number() OVER (ORDER BY code) AS number FROM skills
        WHERE organization_id = :organization_id) AS s ON s.number % b.number = 0
    """
).bindparams(sa.bindparam("organization_id", type_=Uuid))


async def open_for_bookings(connection: AsyncConnection, organization_id: UUID, now: datetime) -> None:
    """Insert shifts from today on, and the workshop; the organisation's other rows must be there."""
    for statement in (_SHIFTS, _FACILITY, _BAYS):
        await connection.execute(statement, {"organization_id": organization_id, "now": now})
    for statement in (_BREAKS, _EQUIPMENT):
        await connection.execute(statement, {"organization_id": organization_id})
