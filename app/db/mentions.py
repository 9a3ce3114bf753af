"""Where somebody is named in what is not theirs, in SQL."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.personal import Person, linked, rows_of
from app.db.tables.base import Uuid
from app.db.tables.families import TABLES
from app.domain.mentions import MOST_TOLD, Mentions, Spelling, looked_at
from app.domain.privacy.declaring import Declared
from app.domain.privacy.register import REGISTER

# No name has it in it.
_BETWEEN = " | "
# Looked at by one statement; a second is enough for them.
_AT_ONCE = 50_000


async def mentions_of(
    connection: AsyncConnection,
    person: Person,
    spellings: Sequence[Spelling],
    besides: Mapping[str, Collection[UUID]],
) -> tuple[Mentions, ...]:
    """Return the rows, by table, in which one of the spellings stands where it does not go with the person.

    Rows of the keys in `besides`, by table, are left out. Every row of the organisation's that has words is looked at,
    and none is locked.
    """
    if not spellings:
        return ()
    found = []
    for declared in REGISTER.values():
        columns = [name for name in looked_at(declared) if _is_text(declared, name)]
        if columns:
            found.append(
                await _mentions(connection, person, declared, columns, spellings, besides.get(declared.name, ()))
            )
    return tuple(each for each in found if each.count)


def _is_text(declared: Declared, column: str) -> bool:
    return isinstance(TABLES[declared.name].c[column].type, sa.Text | JSONB | sa.ARRAY)


async def _mentions(
    connection: AsyncConnection,
    person: Person,
    declared: Declared,
    columns: Sequence[str],
    spellings: Sequence[Spelling],
    besides: Collection[UUID],
) -> Mentions:
    table = TABLES[declared.name]
    places = [each for each in table.primary_key if each.name != "organization_id"]
    key = table.c.id if "id" in table.c else places[0]
    words = sa.func.concat_ws(_BETWEEN, *(_that_stays(person, declared, name) for name in columns))
    # What is found quickly is then looked at closely.
    named = [words.icontains(each.part, autoescape=True) & words.regexp_match(each.pattern, "i") for each in spellings]
    ids = sa.func.array_agg(aggregate_order_by(key, *places), type_=sa.ARRAY(Uuid))
    query = sa.select(sa.func.count(), ids).where(
        sa.or_(*named), rows_of(person, declared, erased=True).is_not(True), key.not_in(besides)
    )
    total = 0
    first: list[UUID] = []
    async for part in _parts(connection, table.c.organization_id == person.organization_id, places):
        count, keys = (await connection.execute(query.where(part))).one()
        total += count
        first += list(keys or ())[: MOST_TOLD - len(first)]
    return Mentions(table=declared.name, kind=declared.kind, count=total, ids=tuple(first))


async def _parts(
    connection: AsyncConnection, mine: "sa.ColumnElement[bool]", places: "Sequence[sa.Column[Any]]"
) -> "AsyncGenerator[sa.ColumnElement[bool], None]":
    """Yield conditions for some rows of a table after the other, so that no statement about them takes too long."""
    place, rest = sa.tuple_(*places), mine
    while True:
        ends = sa.select(*places).where(rest).order_by(*places).offset(_AT_ONCE - 1).limit(1)
        last = (await connection.execute(ends)).one_or_none()
        if last is None:
            yield rest
            return
        end = sa.tuple_(*(sa.literal(value, each.type) for value, each in zip(last, places, strict=True)))
        yield sa.and_(rest, place <= end)
        rest = sa.and_(mine, place > end)


def _that_stays(person: Person, declared: Declared, name: str) -> "sa.ColumnElement[Any]":
    """Return a column's text; null where it goes with the person while the rest of the row stays."""
    text = sa.cast(TABLES[declared.name].c[name], sa.Text)
    goes = [link for link in declared.links if link.only is not None and name in link.only]
    return sa.case((linked(person, declared, goes).is_not(True), text), else_=sa.null()) if goes else text
