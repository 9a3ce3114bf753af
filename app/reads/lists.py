"""Lists at the root of a query: an entity, a condition, an order, a window."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from app.reads.batches import columns_of, page_of
from app.reads.entities import Entity
from app.reads.orders import Order
from app.reads.pages import Page, Placed, beyond, sorting
from app.reads.reader import Reader
from app.reads.record import Record
from app.reads.searching import RELEVANCE, found_by


async def load_list(
    reader: Reader,
    entity: Entity,
    order: Order,
    asked: Placed,
    *where: "sa.ColumnElement[bool]",
    search: str | None = None,
    values: Mapping[str, Any] | None = None,
) -> Page:
    """Return a page of the entity's visible rows that match; of tickets, those that a search finds.

    `values` are those that the conditions need besides.
    """
    table = entity.table
    source: sa.FromClause = table
    known: dict[str, sa.ColumnElement[Any]] = dict(table.c)
    shown = columns_of(entity, table, reader.visibility)
    if search is not None:
        source, known[RELEVANCE] = found_by(search, reader.visibility)
        shown = [*shown, known[RELEVANCE]]
    columns = [known[term.column] for term in order.terms]
    conditions = [*entity.seen(table, reader.visibility), *where]
    statement = (
        sa.select(*shown)
        .select_from(source)
        .where(*conditions)
        .order_by(*sorting(columns, order, backwards=asked.backwards))
        .limit(asked.size + 1)
    )
    if asked.place is not None:
        statement = statement.where(beyond(columns, order, asked.place, backwards=asked.backwards))
    rows = [Record(entity, row) for row in await reader.rows(statement, values)]

    async def count() -> int:
        counted = sa.select(sa.func.count()).select_from(source).where(*conditions)
        return int((await reader.rows(counted, values))[0][0])

    return page_of(order, asked, rows, count, search)
