"""Where somebody is named in what is not theirs, in SQL."""

from collections.abc import Collection, Mapping, Sequence
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
    key = table.c.id if "id" in table.c else next(each for each in table.primary_key if each.name != "organization_id")
    words = sa.func.concat_ws(_BETWEEN, *(_that_stays(person, declared, name) for name in columns))
    # What is found quickly is then looked at closely.
    named = [words.icontains(each.part, autoescape=True) & words.regexp_match(each.pattern, "i") for each in spellings]
    ids = sa.func.array_agg(aggregate_order_by(key, key), type_=sa.ARRAY(Uuid))
    query = sa.select(sa.func.count(), ids).where(
        table.c.organization_id == person.organization_id,
        sa.or_(*named),
        rows_of(person, declared, erased=True).is_not(True),
        key.not_in(besides),
    )
    count, keys = (await connection.execute(query)).one()
    return Mentions(table=declared.name, kind=declared.kind, count=count, ids=tuple(keys or ())[:MOST_TOLD])


def _that_stays(person: Person, declared: Declared, name: str) -> "sa.ColumnElement[Any]":
    """Return a column's text; null where it goes with the person while the rest of the row stays."""
    text = sa.cast(TABLES[declared.name].c[name], sa.Text)
    goes = [link for link in declared.links if link.only is not None and name in link.only]
    return sa.case((linked(person, declared, goes).is_not(True), text), else_=sa.null()) if goes else text
