"""The versions of technicians' queues: raised whenever a queue gets or loses a job, or is put into another order."""

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.tables.availability import queue_versions
from app.db.tables.base import Uuid

# In the order of their ids, so that two changes never wait for each other crosswise.
_ADVANCE = sa.text(
    """
    INSERT INTO queue_versions (organization_id, technician_id, version)
    SELECT :organization_id, technician_id, 1 FROM unnest(:technician_ids) AS technician_id ORDER BY technician_id
    ON CONFLICT (organization_id, technician_id) DO UPDATE SET version = queue_versions.version + 1
    """
).bindparams(
    sa.bindparam("organization_id", type_=Uuid),
    sa.bindparam("technician_ids", type_=sa.ARRAY(Uuid)),
)


async def advance(connection: AsyncConnection, organization_id: UUID, technician_ids: Iterable[UUID]) -> None:
    """Raise the version of the queue of each of these technicians."""
    these = list(technician_ids)
    if these:
        await connection.execute(_ADVANCE, {"organization_id": organization_id, "technician_ids": these})


async def lock(connection: AsyncConnection, organization_id: UUID, technician_id: UUID) -> int:
    """Return the version of a technician's queue, 0 before its first job.

    Guard: none of its own; the technician's advisory lock keeps those away who give jobs.
    """
    of = queue_versions.c
    query = (
        sa.select(of.version)
        .where(of.organization_id == organization_id, of.technician_id == technician_id)
        .with_for_update()
    )
    return int(await connection.scalar(query) or 0)
