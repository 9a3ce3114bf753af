"""From declarations to rows: many keys in, one statement, a mapping out."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, distinct_on

from app.db.tables.base import Uuid
from app.reads.entities import Entity
from app.reads.orders import Order, write_cursor
from app.reads.pages import Edge, Page, Placed, beyond, sorting
from app.reads.reader import Reader
from app.reads.record import AsJsonText, Record
from app.reads.relations import Relation, source_of

_KEY = "parent_key"

CountOf = Callable[[Any], Awaitable[int]]


def columns_of(reader: Reader, entity: Entity, table: sa.FromClause) -> "list[sa.ColumnElement[Any]]":
    """Return the entity's columns of a table as the viewer sees them, JSON as its text."""
    shown = (entity.shown(table, column.name, reader.visibility) for column in entity.table.c)
    return [_text(column) if isinstance(column.type, JSONB) else column for column in shown]


def _text(column: "sa.ColumnElement[Any]") -> "sa.ColumnElement[Any]":
    # As text a document is given on as it is stored, however large its numbers are.
    return sa.type_coerce(sa.cast(column, sa.Text), AsJsonText()).label(column.key)


async def load_by_key(reader: Reader, entity: Entity, keys: Sequence[Any]) -> dict[Any, Record]:
    """Return the visible rows with these keys."""
    if entity.key is None:
        raise TypeError(f"{entity.name} has no key of its own")
    return await _load_one(reader, entity, entity.key, keys)


async def load_one(reader: Reader, relation: Relation, keys: Sequence[Any]) -> dict[Any, Record]:
    """Return, for each parent's value, the one visible row it points to; a key without one is missing."""
    table = relation.target.table
    where = None if relation.where is None else relation.where(table)
    return await _load_one(reader, relation.target, relation.target_column, keys, where, relation.order)


async def _load_one(
    reader: Reader,
    entity: Entity,
    column: str,
    keys: Sequence[Any],
    where: "sa.ColumnElement[bool] | None" = None,
    order: Order | None = None,
) -> dict[Any, Record]:
    table = entity.table
    key = table.c[column]
    statement = sa.select(*columns_of(reader, entity, table)).where(
        *entity.seen(table, reader.visibility), key == _any_of(key, keys)
    )
    if where is not None:
        statement = statement.where(where)
    if order is not None:
        first = sorting([table.c[term.column] for term in order.terms], order, backwards=False)
        statement = statement.ext(distinct_on(key)).order_by(key, *first)
    return {getattr(row, column): Record(entity, row) for row in await reader.rows(statement)}


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
    parents, table, inner = _children(reader, relation, keys)
    columns = [table.c[term.column] for term in order.terms]
    backwards = asked is not None and asked.backwards
    if asked is not None:
        if asked.place is not None:
            inner = inner.where(beyond(columns, order, asked.place, backwards=backwards))
        inner = inner.limit(asked.size + 1)
    lateral = inner.order_by(*sorting(columns, order, backwards=backwards)).lateral()
    statement = sa.select(parents.c[_KEY], *lateral.c).select_from(parents.join(lateral, sa.true()))
    found: dict[Any, list[Record]] = {key: [] for key in keys}
    for row in await reader.rows(statement):
        found[getattr(row, _KEY)].append(Record(relation.target, row))
    return {key: page_of(order, asked, rows, partial(count, key)) for key, rows in found.items()}


async def count_many(reader: Reader, relation: Relation, keys: Sequence[Any]) -> dict[Any, int]:
    """Return, for each parent's value, how many visible rows it has; every key is present."""
    parents, _, inner = _children(reader, relation, keys)
    counted = sa.select(sa.func.count().label("total")).select_from(inner.subquery()).lateral()
    statement = sa.select(parents.c[_KEY], counted.c.total).select_from(parents.join(counted, sa.true()))
    return {getattr(row, _KEY): row.total for row in await reader.rows(statement)}


def _children(
    reader: Reader, relation: Relation, keys: Sequence[Any]
) -> "tuple[sa.TableValuedAlias, sa.FromClause, sa.Select[Any]]":
    table = relation.target.table
    source, near = source_of(relation, table)
    parents = (
        sa.func.unnest(sa.literal(list(keys), sa.ARRAY(near.type)))
        .table_valued(sa.column(_KEY, near.type), name="parents")
        .render_derived()
    )
    inner = (
        sa.select(*columns_of(reader, relation.target, table))
        .select_from(source)
        .where(*relation.target.seen(table, reader.visibility), near == parents.c[_KEY])
        .correlate(parents)
    )
    if relation.where is not None:
        inner = inner.where(relation.where(table))
    return parents, table, inner


def page_of(order: Order, asked: Placed | None, rows: list[Record], count: Callable[[], Awaitable[int]]) -> Page:
    """Cut one row too many off and turn the rows to the list's own direction."""
    more = asked is not None and len(rows) > asked.size
    kept = rows[: asked.size] if asked is not None else rows
    backwards = asked is not None and asked.backwards
    if backwards:
        kept = kept[::-1]
    placed = asked is not None and asked.place is not None
    return Page(
        edges=[Edge(write_cursor(order, _values(order, row)), row) for row in kept],
        has_next_page=placed if backwards else more,
        has_previous_page=more if backwards else placed,
        count=count,
    )


def _values(order: Order, row: Record) -> Mapping[str, Any]:
    return {term.column: row[term.column] for term in order.terms}


def _any_of(column: "sa.ColumnElement[Any]", keys: Sequence[Any]) -> "sa.ColumnElement[Any]":
    kind = Uuid if isinstance(column.type, type(Uuid)) else column.type
    return sa.any_(sa.literal(list(keys), sa.ARRAY(kind)))
