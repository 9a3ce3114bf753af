"""Where a field stands when its question is answered: a row, a page of rows, a place in a queue.

A standpoint knows what it has under which name; `app.reads.statement.writer` writes the fields.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import sqlalchemy as sa

from app.db.polygons import Polygon
from app.domain.policy import Visibility
from app.reads.entities import Entity
from app.reads.statement.polygons import corners_of


class NotInSql(Exception):
    """The statement cannot answer a question; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Value:
    """An expression and whether it can be null; a plain text has nothing that JSON escapes."""

    expression: "sa.ColumnElement[Any]"
    nullable: bool
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """An object within the thing at hand: where its fields stand, and what becomes of its JSON."""

    standpoint: "Standpoint"
    wrapped: "Callable[[list[str | sa.ColumnElement[Any]]], list[str | sa.ColumnElement[Any]]]"


class Standpoint(Protocol):
    """Something that has values and parts by name."""

    def value(self, name: str) -> Value:
        """Return the value of this name. Raises NotInSql."""

    def part(self, name: str) -> Part:
        """Return the object, or the list of them, of this name. Raises NotInSql."""


@dataclass(frozen=True, slots=True)
class Nowhere:
    """No thing at all: the root of the operation, or an object that only holds questions."""

    def value(self, name: str) -> Value:
        """Refuse: there is nothing here."""
        raise NotInSql(f"{name} stands on no row")

    def part(self, name: str) -> Part:
        """Refuse: there is nothing here."""
        raise NotInSql(f"{name} stands on no row")


@dataclass(frozen=True, slots=True)
class OnRow:
    """A row of an entity."""

    entity: Entity
    table: sa.FromClause
    visibility: Visibility

    def value(self, name: str) -> Value:
        """Return a column as the viewer sees it."""
        column = self.entity.table.c.get(name)
        if column is None:
            raise NotInSql(f"{self.entity.name} has no column {name}")
        shown = self.entity.shown(self.table, name, self.visibility)
        masked = isinstance(shown, sa.Label)
        return Value(shown.element if isinstance(shown, sa.Label) else shown, bool(column.nullable) or masked)

    def part(self, name: str) -> Part:
        """Return the corners of an area; no other column is an object."""
        column = self.entity.table.c.get(name)
        if column is None or not isinstance(column.type, Polygon):
            raise NotInSql(f"{self.entity.name}.{name} is no declared relation")
        corners = corners_of(self.value(name).expression)
        degrees = {"lat": Value(corners.latitude, nullable=False), "lon": Value(corners.longitude, nullable=False)}
        return Part(OnValues(degrees), corners.listed)


@dataclass(frozen=True, slots=True)
class OnValues:
    """Values by name, and parts by name, that somebody else has put together."""

    values: Mapping[str, Value]
    parts: Mapping[str, Part] = field(default_factory=dict)

    def value(self, name: str) -> Value:
        """Return the value of this name."""
        if name not in self.values:
            raise NotInSql(f"there is no value {name}")
        return self.values[name]

    def part(self, name: str) -> Part:
        """Return the part of this name."""
        if name not in self.parts:
            raise NotInSql(f"there is no part {name}")
        return self.parts[name]


def as_it_is(json: "list[str | sa.ColumnElement[Any]]") -> "list[str | sa.ColumnElement[Any]]":
    """Leave the pieces of an object's JSON as they are."""
    return json
