"""Technicians' locations in SQL: one row each, the newest there is."""

from collections.abc import Mapping
from typing import Any, TypeAlias
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.tables.locations import technician_locations
from app.domain.locations import Point

Location: TypeAlias = "sa.Row[Any]"
"""A row of the table, with its columns as attributes."""


async def keep(connection: AsyncConnection, organization_id: UUID, technician_id: UUID, point: Point) -> bool:
    """Write where a technician is, unless something as new is known; tell whether it was written.

    Guard: the statement itself. It locks the row, and only then compares the times.
    """
    row = {
        "latitude": point.latitude,
        "longitude": point.longitude,
        "accuracy_meters": point.accuracy_meters,
        "heading_degrees": point.heading_degrees,
        "recorded_at": point.recorded_at,
    }
    new = insert(technician_locations).values(organization_id=organization_id, technician_id=technician_id, **row)
    known = technician_locations.c
    statement = new.on_conflict_do_update(
        index_elements=[known.organization_id, known.technician_id],
        set_={name: new.excluded[name] for name in row},
        where=known.recorded_at < new.excluded.recorded_at,
    )
    done = await connection.execute(statement)
    return done.rowcount == 1


async def read_all(connection: AsyncConnection, organization_id: UUID) -> Mapping[UUID, Location]:
    """Return where the organisation's technicians are, by technician: of those who ever said it."""
    of = technician_locations.c
    query = sa.select(technician_locations).where(of.organization_id == organization_id).order_by(of.technician_id)
    return {row.technician_id: row for row in await connection.execute(query)}
