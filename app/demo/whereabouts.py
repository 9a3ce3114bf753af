"""Where the technicians of an example organisation are: where they are at work, and the others at home."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.tables.base import Moment, Uuid

# One in seven has never reported; of the others a few have not lately.
_REPORTED = sa.text(
    """
    INSERT INTO technician_locations
        (organization_id, technician_id, latitude, longitude, accuracy_meters, heading_degrees, recorded_at)
    SELECT t.organization_id, t.id, coalesce(w.latitude, t.home_latitude), coalesce(w.longitude, t.home_longitude),
        5 + t.number % 20, CASE WHEN w.latitude IS NULL THEN NULL ELSE t.number * 37 % 360 END,
        :now - (t.number * 7 % 23) * interval '17 seconds'
    FROM (
        SELECT *, row_number() OVER (ORDER BY external_id) AS number FROM technicians
        WHERE organization_id = :organization_id AND active
    ) AS t
    LEFT JOIN LATERAL (
        SELECT k.latitude, k.longitude
        FROM assignments a
        JOIN tickets k ON k.organization_id = a.organization_id AND k.id = a.ticket_id
        WHERE a.organization_id = t.organization_id AND a.technician_id = t.id
            AND a.status IN ('EN_ROUTE', 'IN_PROGRESS', 'PAUSED') AND k.latitude IS NOT NULL
        ORDER BY a.status, a.id
        LIMIT 1
    ) AS w ON true
    WHERE t.number % 7 <> 0 AND t.home_latitude IS NOT NULL
    """
).bindparams(sa.bindparam("organization_id", type_=Uuid), sa.bindparam("now", type_=Moment))


async def report_locations(connection: AsyncConnection, organization_id: UUID, now: datetime) -> None:
    """Insert what the technicians' phones have reported by now; the organisation's other rows must be there."""
    await connection.execute(_REPORTED, {"organization_id": organization_id, "now": now})
