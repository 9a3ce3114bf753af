"""What can be asked of technicians' locations and needs more than a column."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.base import Uuid
from app.domain.locations import STALE_AFTER
from app.domain.policy import Visibility
from app.reads.entities import TECHNICIAN
from app.reads.filters import TechnicianFilter, of_technicians
from app.reads.reader import Reader
from app.reads.viewers import NOW


def stale(location: sa.FromClause, _visibility: Visibility) -> "sa.ColumnElement[Any]":
    """Tell whether a location is stale, as `app.domain.locations.is_stale` does."""
    interval = sa.literal_column(f"interval '{STALE_AFTER.total_seconds():.0f} seconds'", sa.Interval())
    return location.c.recorded_at < NOW - interval


async def among(
    reader: Reader, technician_ids: Sequence[UUID], wanted: TechnicianFilter, *, now: datetime
) -> set[UUID]:
    """Return those of the technicians whom the filter leaves, as they are now."""
    table = TECHNICIAN.table
    statement = sa.select(table.c.id).where(
        *TECHNICIAN.seen(table, reader.visibility),
        table.c.id == sa.any_(sa.literal(list(technician_ids), sa.ARRAY(Uuid))),
        *of_technicians(wanted, reader.visibility),
    )
    return {row.id for row in await reader.rows(statement, {"now": now})}
