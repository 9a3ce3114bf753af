"""The type of columns that hold an area."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from app.domain.areas import Area, Corner


class Polygon(sa.types.UserDefinedType[Area]):
    """A polygon of PostgreSQL, whose points are pairs of longitude and latitude; in Python the corners of an area."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return what the type is called."""
        return "polygon"

    def bind_processor(self, dialect: Dialect) -> "Callable[[Area | None], Any]":  # noqa: ARG002  # SQLAlchemy's signature
        """Return how an area is given to the driver."""
        return drawn

    def result_processor(self, dialect: Dialect, coltype: object) -> "Callable[[Any], Area | None]":  # noqa: ARG002  # SQLAlchemy's signature
        """Return how an area is read from the driver."""
        return _read


def drawn(area: Area | None) -> list[tuple[float, float]] | None:
    """Return an area as the driver takes it: points of longitude and latitude."""
    return None if area is None else [(corner["lon"], corner["lat"]) for corner in area]


def _read(points: Any) -> Area | None:
    return None if points is None else tuple(Corner(lat=point.y, lon=point.x) for point in points)
