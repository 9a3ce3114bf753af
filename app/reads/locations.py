"""What can be said of technicians' locations and needs more than a column."""

from typing import Any

import sqlalchemy as sa

from app.domain.locations import STALE_AFTER
from app.domain.policy import Visibility
from app.reads.viewers import NOW


def stale(location: sa.FromClause, _visibility: Visibility) -> "sa.ColumnElement[Any]":
    """Tell whether a location is stale, as `app.domain.locations.is_stale` does."""
    interval = sa.literal_column(f"interval '{STALE_AFTER.total_seconds():.0f} seconds'", sa.Interval())
    return location.c.recorded_at < NOW - interval
