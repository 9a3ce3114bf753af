"""Pages of lists: how much is asked for, what comes back, and the SQL in between."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import sqlalchemy as sa

from app.db.tables.base import Moment, Uuid
from app.domain.refusals import Invalid
from app.reads.orders import Kind, Order, UnknownPlace, read_cursor
from app.reads.slots import Apart, Asked, Slot

LARGEST = 100

_TYPES: "dict[Kind, sa.types.TypeEngine[Any]]" = {
    Kind.MOMENT: Moment,
    Kind.DAY: sa.Date(),
    Kind.NUMBER: sa.BigInteger(),
    Kind.TEXT: sa.Text(),
    Kind.ID: Uuid,
}


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list: `size` rows after (or, `backwards`, before) the place of a cursor."""

    size: int
    backwards: bool = False
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Placed(Asked):
    """A part of a list: `size` rows behind (or, `backwards`, before) the values of a place in its order."""

    size: int
    backwards: bool = False
    place: Apart | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """A row of a list with its place in it."""

    cursor: str
    node: Any
    # What a search looked for.
    search: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePlace:
    """Where a page stands in its list; an empty page has no cursors."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A part of a list, in the list's order. `count` counts the whole list, when somebody asks."""

    edges: Sequence[Edge]
    has_next_page: bool
    has_previous_page: bool
    count: Callable[[], Awaitable[int]]

    @property
    def nodes(self) -> list[Any]:
        """The rows without their places."""
        return [edge.node for edge in self.edges]

    @property
    def page_info(self) -> PagePlace:
        """Where the page stands in its list."""
        edges = self.edges
        return PagePlace(
            has_next_page=self.has_next_page,
            has_previous_page=self.has_previous_page,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        )


def window(
    first: int | None,
    after: str | None,
    last: int | None = None,
    before: str | None = None,
    *,
    default: int = 20,
) -> Window:
    """Return the window that a connection's arguments ask for.

    Raises:
        Invalid: not within 0 to 100, or forwards and backwards at once.
    """
    backwards = last is not None or before is not None
    if backwards and (first is not None or after is not None):
        raise Invalid(field=("last",), problem="Page forwards (first, after) or backwards (last, before), not both.")
    size, name = (last, "last") if backwards else (first, "first")
    size = default if size is None else size
    if not 0 <= size <= LARGEST:
        raise Invalid(field=(name,), problem=f"{name} must lie between 0 and {LARGEST}.")
    return Window(size=size, backwards=backwards, place=before if backwards else after)


def placed(order: Order, asked: Window) -> Placed:
    """Return the window with its cursor read. Raises Invalid for a cursor of another list."""
    if asked.place is None:
        return Placed(asked.size, asked.backwards)
    try:
        place = read_cursor(order, asked.place)
    except UnknownPlace as unknown:
        name = "before" if asked.backwards else "after"
        raise Invalid(
            field=(name,),
            problem=f"{name} is no cursor of a list in this order; use one that this list gave out.",
        ) from unknown
    return Placed(asked.size, asked.backwards, Apart(place))


def beyond(
    columns: "Sequence[sa.ColumnElement[Any]]", order: Order, place: Sequence[Any], *, backwards: bool
) -> "sa.ColumnElement[bool]":
    """Return the condition that a row lies behind the place, in reading direction."""
    values = [_value(value, term.kind) for term, value in zip(order.terms, place, strict=True)]
    falls = [term.descending is not backwards for term in order.terms]
    if order.is_uniform:
        # A row comparison is one range of an index; the spelled-out form below is not.
        left, right = sa.tuple_(*columns), sa.tuple_(*values)
        return left < right if falls[0] else left > right
    clauses = []
    for at, (column, value, falling) in enumerate(zip(columns, values, falls, strict=True)):
        same = [columns[n] == values[n] for n in range(at)]
        clauses.append(sa.and_(*same, column < value if falling else column > value))
    return reduce(sa.or_, clauses)


def _value(value: Any, kind: Kind) -> Any:
    return value if isinstance(value, Slot) else sa.literal(value, _TYPES[kind])


def sorting(
    columns: "Sequence[sa.ColumnElement[Any]]", order: Order, *, backwards: bool
) -> "list[sa.ColumnElement[Any]]":
    """Return the ORDER BY in reading direction."""
    return [
        column.desc() if term.descending is not backwards else column.asc()
        for column, term in zip(columns, order.terms, strict=True)
    ]
