"""The corners of a polygon, taken apart in SQL."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from app.reads.statement.pieces import joined, literal, when


@dataclass(frozen=True, slots=True, kw_only=True)
class Corners:
    """The corners of a polygon as rows: their latitudes, longitudes and places in the order."""

    polygon: "sa.ColumnElement[Any]"
    source: sa.FromClause
    latitude: "sa.ColumnElement[Any]"
    longitude: "sa.ColumnElement[Any]"

    def listed(self, json: "list[str | sa.ColumnElement[Any]]") -> "list[str | sa.ColumnElement[Any]]":
        """Write a list of the corners, each as `json` says; null where there is no polygon."""
        separated = aggregate_order_by(literal(","), self.source.c.at)
        each = sa.select(sa.func.string_agg(joined(json), separated)).select_from(self.source)
        listed = joined(["[", each.correlate_except(self.source).scalar_subquery(), "]"])
        return [when(self.polygon.is_not(None), listed, required=False)]


def corners_of(polygon: "sa.ColumnElement[Any]") -> Corners:
    """Return the corners of a polygon, whose text is pairs of longitude and latitude in brackets."""
    text = sa.func.translate(sa.cast(polygon, sa.Text), literal("()"), literal("[]"))
    source = (
        sa.func.jsonb_array_elements(sa.cast(text, JSONB))
        .table_valued(sa.column("point", JSONB), with_ordinality="at", name="corner")
        .render_derived()
    )
    return Corners(
        polygon=polygon,
        source=source,
        latitude=_degrees(source.c.point, "1"),
        longitude=_degrees(source.c.point, "0"),
    )


def _degrees(point: "sa.ColumnElement[Any]", at: str) -> "sa.ColumnElement[Any]":
    return sa.cast(point.op("->>")(sa.literal_column(at)), sa.Double)
