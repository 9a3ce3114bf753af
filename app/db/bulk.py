"""Many rows at once, by COPY."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import asyncpg
import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateTable, DropTable

from app.db.polygons import Polygon, drawn


async def copy_rows(
    connection: AsyncConnection, table: sa.Table, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> int:
    """Insert rows whose values stand in the order of `columns`; return how many.

    Must run inside a transaction. The rows go by COPY into a temporary table and from there into
    `table`, because COPY into a table under row-level security is refused; so every policy, check
    and default of the table holds. JSON columns take plain Python values and dataclasses, those of
    areas their corners.
    """
    staging = sa.Table(
        f"bulk_{table.name}",
        sa.MetaData(),
        *(sa.Column(name, table.c[name].type) for name in columns),
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
    )
    driver = (await connection.get_raw_connection()).driver_connection
    if not isinstance(driver, asyncpg.Connection):
        raise TypeError("the engine must use asyncpg")
    await connection.execute(CreateTable(staging))
    records = _spelled(table, columns, rows)
    await driver.copy_records_to_table(staging.name, columns=list(columns), records=records)
    chosen = sa.select(*(staging.c[name] for name in columns))
    done = await connection.execute(sa.insert(table).from_select(list(columns), chosen))
    await connection.execute(DropTable(staging))
    return done.rowcount


def _spelled(table: sa.Table, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterable[Sequence[object]]:
    spellings = {at: spell for at, name in enumerate(columns) if (spell := _spelling(table.c[name].type)) is not None}
    if not spellings:
        return rows
    return (
        tuple(spellings[at](value) if at in spellings and value is not None else value for at, value in enumerate(row))
        for row in rows
    )


def _spelling(kind: "sa.types.TypeEngine[Any]") -> "Callable[[Any], Any] | None":
    """Return how the driver wants values of a type, None: as they are."""
    if isinstance(kind, JSON):
        return lambda value: orjson.dumps(value).decode()
    return drawn if isinstance(kind, Polygon) else None
