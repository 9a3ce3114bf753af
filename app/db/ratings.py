"""What requesters said of each technician's jobs, counted on the technician's row."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.tables.base import Uuid

_COUNT = sa.text(
    """
    UPDATE technicians AS t SET rating_total = said.total, rating_count = said.count
    FROM (
        SELECT technician_id, sum(customer_rating) AS total, count(*) AS count FROM assignments
        WHERE organization_id = :organization_id AND customer_rating IS NOT NULL GROUP BY technician_id
    ) AS said
    WHERE t.organization_id = :organization_id AND t.id = said.technician_id
    """
).bindparams(sa.bindparam("organization_id", type_=Uuid))


async def count_ratings(connection: AsyncConnection, organization_id: UUID) -> None:
    """Count anew what was said of all technicians, after many jobs came at once."""
    await connection.execute(_COUNT, {"organization_id": organization_id})
