"""A page of rows in SQL: only as many as are asked for are read, and each part is written once."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.reads.orders import Order
from app.reads.pages import LARGEST, Placed, beyond, sorting
from app.reads.slots import bound
from app.reads.statement.pieces import joined, literal
from app.reads.statement.spelling import cursor
from app.reads.statement.standpoints import NotInSql, OnValues, Part, Standpoint, Value, as_it_is

_NUMBER = "row_in_page"
_FOUND = "rows_found"


class OnPage:
    """A page as a standpoint: edges, nodes, page_info and total_count, by the names of `app.reads.pages.Page`.

    `rows` are the rows behind the window's place, in reading direction, with a few more than the page
    where somebody wants to know whether there are more.
    """

    def __init__(
        self,
        base: "sa.Select[Any]",
        order: Order,
        window: Placed,
        *,
        total: "sa.ColumnElement[int]",
        with_info: bool,
    ) -> None:
        self._order = order
        self._window = window
        self._size = bound(window.size)
        self._total = total
        self._numbered = with_info or window.backwards
        self._rows = _rows(base, order, window, numbered=self._numbered)
        self._items: dict[str, Part] = {}
        # Without an aggregate the select would have a row for each row of the page.
        self.is_read = False

    @property
    def rows(self) -> sa.FromClause:
        """The rows of the page, as columns of `base`."""
        return self._rows

    def holds(self, items: Mapping[str, Standpoint]) -> None:
        """Say as what the rows of the page are listed, by name."""
        self._items = {name: Part(standpoint, self._listed) for name, standpoint in items.items()}

    def row_cursor(self) -> "sa.ColumnElement[str]":
        """Return the cursor of a row of the page."""
        return cursor(self._order, [self._rows.c[term.column] for term in self._order.terms])

    def value(self, name: str) -> Value:
        """Return how long the whole list is."""
        if name != "total_count":
            raise NotInSql(f"a page has no value {name}")
        return Value(self._total, nullable=False)

    def part(self, name: str) -> Part:
        """Return the rows in one of their forms, or where the page stands in its list."""
        if name == "page_info":
            return Part(self.info(), as_it_is)
        if name not in self._items:
            raise NotInSql(f"a page has no part {name}")
        return self._items[name]

    def _listed(self, json: "list[str | sa.ColumnElement[Any]]") -> "list[str | sa.ColumnElement[Any]]":
        self.is_read = True
        separated: Any = literal(",")
        if self._window.backwards:
            separated = aggregate_order_by(literal(","), self._rows.c[_NUMBER].desc())
        found: sa.ColumnElement[Any] = sa.func.string_agg(joined(json), separated)
        if self._numbered:
            found = found.filter(self._rows.c[_NUMBER] <= self._size)
        return ["[", found, "]"]

    def info(self) -> OnValues:
        """Return where the page stands in its list, by the names of the schema's PageInfo."""
        self.is_read = True
        rows, size, backwards = self._rows, self._size, self._window.backwards
        placed = sa.literal_column("true" if self._window.place is not None else "false", sa.Boolean())
        more = sa.func.count() > size
        nearest = rows.c[_NUMBER] == 1
        farthest = rows.c[_NUMBER] == sa.func.least(rows.c[_FOUND], size)
        start, end = (farthest, nearest) if backwards else (nearest, farthest)

        def at(place: "sa.ColumnElement[bool]") -> Value:
            found = sa.func.max(self.row_cursor()).filter(place, rows.c[_NUMBER] <= size)
            return Value(found, nullable=True, plain=True)

        return OnValues(
            {
                "has_next_page": Value(placed if backwards else more, nullable=False),
                "has_previous_page": Value(more if backwards else placed, nullable=False),
                "start_cursor": at(start),
                "end_cursor": at(end),
            }
        )


def _rows(base: "sa.Select[Any]", order: Order, window: Placed, *, numbered: bool) -> "sa.Subquery":
    table = {column.key: column for column in base.selected_columns}
    columns = [table[term.column] for term in order.terms]
    if window.place is not None:
        base = base.where(beyond(columns, order, _values(window), backwards=window.backwards))
    # The limit known beforehand is the one the planner can count on; the other one is a parameter.
    nearest = base.order_by(*sorting(columns, order, backwards=window.backwards)).limit(
        sa.literal_column(str(LARGEST + 1))
    )
    inner = nearest.subquery()
    size = bound(window.size)
    limited = sa.select(inner).limit(size + 1 if numbered else size)
    if not numbered:
        return limited.subquery()
    rows = limited.subquery()
    number = sa.func.row_number().over().label(_NUMBER)
    return sa.select(rows, number, sa.func.count().over().label(_FOUND)).subquery()


def _values(window: Placed) -> Sequence[Any]:
    return window.place or ()
