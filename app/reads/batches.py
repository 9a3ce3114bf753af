"""From declarations to rows: many keys in, one statement, a mapping out."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, distinct_on

from app.db.tables.base import Uuid
from app.domain.policy import Visibility
from app.reads.entities import Entity
from app.reads.orders import Order, write_cursor
from app.reads.pages import Edge, Page, Placed, beyond, sorting
from app.reads.reader import Reader
from app.reads.record import AsJsonText, Record
from app.reads.relations import Relation, source_of
from app.reads.slots import Apart
from app.reads.viewers import ORGANIZATION

_KEY = "parent_key"
_KEYS, _SIZE = "keys", "size"

Expression = Callable[[sa.FromClause, Visibility], "sa.ColumnElement[Any]"]
CountOf = Callable[[Any], Awaitable[int]]


def columns_of(entity: Entity, table: sa.FromClause, visibility: Visibility) -> "list[sa.ColumnElement[Any]]":
    """Return the entity's columns of a table as a viewer sees them, JSON as its text."""
    shown = (entity.shown(table, column.name, visibility) for column in entity.table.c)
    return [_text(column) if isinstance(column.type, JSONB) else column for column in shown]


def _text(column: "sa.ColumnElement[Any]") -> "sa.ColumnElement[Any]":
    # As text a document is given on as it is stored, however large its numbers are.
    return sa.type_coerce(sa.cast(column, sa.Text), AsJsonText()).label(column.key)


async def load_by_key(reader: Reader, entity: Entity, keys: Sequence[Any]) -> dict[Any, Record]:
    """Return the visible rows with these keys."""
    if entity.key is None:
        raise TypeError(f"{entity.name} has no key of its own")
    return await _load_one(reader, entity, entity.key, None, keys)


async def load_one(reader: Reader, relation: Relation, keys: Sequence[Any]) -> dict[Any, Record]:
    """Return, for each parent's value, the one visible row it points to; a key without one is missing."""
    return await _load_one(reader, relation.target, relation.target_column, relation, keys)


async def _load_one(
    reader: Reader, entity: Entity, column: str, relation: Relation | None, keys: Sequence[Any]
) -> dict[Any, Record]:
    rows = await reader.rows(_select_one(entity, column, relation, reader.visibility), {_KEYS: list(keys)})
    return {getattr(row, column): Record(entity, row) for row in rows}


# Making a statement costs more than carrying it out: each is made once for a kind of viewer.
@cache
def _select_one(entity: Entity, column: str, relation: Relation | None, visibility: Visibility) -> "sa.Select[Any]":
    table = entity.table
    key = table.c[column]
    statement = sa.select(*columns_of(entity, table, visibility)).where(
        *entity.seen(table, visibility), key == sa.any_(_keys(key))
    )
    if relation is not None and relation.where is not None:
        statement = statement.where(relation.where(table))
    if relation is not None and relation.order is not None:
        first = sorting([table.c[term.column] for term in relation.order.terms], relation.order, backwards=False)
        statement = statement.ext(distinct_on(key)).order_by(key, *first)
    return statement


async def load_computed(reader: Reader, entity: Entity, expression: Expression, keys: Sequence[Any]) -> dict[Any, Any]:
    """Return, for the keys of rows that the viewer sees, what is computed from each."""
    if entity.key is None:
        raise TypeError(f"{entity.name} has no key of its own")
    statement = _select_computed(entity, entity.key, expression, reader.visibility)
    return {getattr(row, entity.key): row.value for row in await reader.rows(statement, {_KEYS: list(keys)})}


@cache
def _select_computed(entity: Entity, column: str, expression: Expression, visibility: Visibility) -> "sa.Select[Any]":
    table = entity.table
    key = table.c[column]
    return sa.select(key, expression(table, visibility).label("value")).where(
        table.c.organization_id == ORGANIZATION, key == sa.any_(_keys(key))
    )


async def load_many(
    reader: Reader, relation: Relation, asked: Placed | None, keys: Sequence[Any], count: CountOf
) -> dict[Any, Page]:
    """Return, for each parent's value, a page of its visible rows; every key is present.

    Without a window the page is the whole list, for lists that are short by nature. `count` is
    asked for the length of one parent's whole list.
    """
    if relation.order is None:
        raise TypeError(f"{relation.name} has no order")
    order = relation.order
    values: dict[str, Any] = {_KEYS: list(keys)}
    if asked is not None:
        # One row too many tells whether there are more.
        values[_SIZE] = asked.size + 1
    limited, backwards = asked is not None, asked is not None and asked.backwards
    if asked is None or asked.place is None:
        statement = _select_beginning(relation, reader.visibility, limited, backwards)
    else:
        statement = _select(relation, reader.visibility, limited=True, backwards=backwards, place=asked.place)
    found: dict[Any, list[Record]] = {key: [] for key in keys}
    for row in await reader.rows(statement, values):
        found[getattr(row, _KEY)].append(Record(relation.target, row))
    return {key: page_of(order, asked, rows, partial(count, key)) for key, rows in found.items()}


@cache
def _select_beginning(relation: Relation, visibility: Visibility, limited: bool, backwards: bool) -> "sa.Select[Any]":
    return _select(relation, visibility, limited=limited, backwards=backwards, place=None)


def _select(
    relation: Relation, visibility: Visibility, *, limited: bool, backwards: bool, place: Apart | None
) -> "sa.Select[Any]":
    if relation.order is None:
        raise TypeError(f"{relation.name} has no order")
    parents, table, inner = _children(relation, visibility)
    columns = [table.c[term.column] for term in relation.order.terms]
    if place is not None:
        inner = inner.where(beyond(columns, relation.order, place, backwards=backwards))
    if limited:
        inner = inner.limit(sa.bindparam(_SIZE, type_=sa.Integer))
    lateral = inner.order_by(*sorting(columns, relation.order, backwards=backwards)).lateral()
    return sa.select(parents.c[_KEY], *lateral.c).select_from(parents.join(lateral, sa.true()))


async def count_many(reader: Reader, relation: Relation, keys: Sequence[Any]) -> dict[Any, int]:
    """Return, for each parent's value, how many visible rows it has; every key is present."""
    rows = await reader.rows(_select_counts(relation, reader.visibility), {_KEYS: list(keys)})
    return {getattr(row, _KEY): row.total for row in rows}


@cache
def _select_counts(relation: Relation, visibility: Visibility) -> "sa.Select[Any]":
    parents, _, inner = _children(relation, visibility)
    counted = sa.select(sa.func.count().label("total")).select_from(inner.subquery()).lateral()
    return sa.select(parents.c[_KEY], counted.c.total).select_from(parents.join(counted, sa.true()))


def _children(
    relation: Relation, visibility: Visibility
) -> "tuple[sa.TableValuedAlias, sa.FromClause, sa.Select[Any]]":
    table = relation.target.table
    source, near = source_of(relation, table)
    parents = sa.func.unnest(_keys(near)).table_valued(sa.column(_KEY, near.type), name="parents").render_derived()
    inner = (
        sa.select(*columns_of(relation.target, table, visibility))
        .select_from(source)
        .where(*relation.target.seen(table, visibility), near == parents.c[_KEY])
        .correlate(parents)
    )
    if relation.where is not None:
        inner = inner.where(relation.where(table))
    return parents, table, inner


def page_of(
    order: Order,
    asked: Placed | None,
    rows: list[Record],
    count: Callable[[], Awaitable[int]],
    search: str | None = None,
) -> Page:
    """Cut one row too many off and turn the rows to the list's own direction."""
    more = asked is not None and len(rows) > asked.size
    kept = rows[: asked.size] if asked is not None else rows
    backwards = asked is not None and asked.backwards
    if backwards:
        kept = kept[::-1]
    placed = asked is not None and asked.place is not None
    return Page(
        edges=[Edge(write_cursor(order, _values(order, row)), row, search) for row in kept],
        has_next_page=placed if backwards else more,
        has_previous_page=more if backwards else placed,
        count=count,
    )


def _values(order: Order, row: Record) -> Mapping[str, Any]:
    return {term.column: row[term.column] for term in order.terms}


def _keys(column: "sa.ColumnElement[Any]") -> "sa.BindParameter[Any]":
    kind = Uuid if isinstance(column.type, type(Uuid)) else column.type
    return sa.bindparam(_KEYS, type_=sa.ARRAY(kind))
