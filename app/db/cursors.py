"""One statement whose rows are fetched part by part, so that none of them are all in memory."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

# A transaction has one of a name at a time. The driver remembers what the rows of a name look like: those that look
# otherwise need another one.
NAME = "rows_to_come"


class _Declared(sa.Executable, sa.ClauseElement):
    """DECLARE of a cursor for a query."""

    inherit_cache = False

    def __init__(self, query: "sa.Select[Any]", name: str) -> None:
        self.query = query
        self.name = name


@compiles(_Declared)
def _spell(element: _Declared, compiler: SQLCompiler, **options: Any) -> str:
    return f"DECLARE {element.name} NO SCROLL CURSOR FOR {compiler.process(element.query, **options)}"


async def open_cursor(
    connection: AsyncConnection, query: "sa.Select[Any]", values: Mapping[str, Any], *, name: str = NAME
) -> None:
    """Begin to read a query within the transaction; it ends with it."""
    await connection.execute(_Declared(query, name), values)


async def fetch_rows(connection: AsyncConnection, count: int, *, name: str = NAME) -> Sequence[Any]:
    """Return the next rows, at most `count`, with values as the driver has them; none when all have come."""
    return (await connection.exec_driver_sql(f"FETCH {count} FROM {name}")).all()


async def close_cursor(connection: AsyncConnection, *, name: str = NAME) -> None:
    """End reading, so that another query may be begun within the transaction."""
    await connection.exec_driver_sql(f"CLOSE {name}")
