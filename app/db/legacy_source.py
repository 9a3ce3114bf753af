"""An older platform's database: what tables it has, and their rows, as they were at one moment."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from app.db.engine import Driver

Row = Mapping[str, Any]
_CONNECT_SECONDS = 15
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_TABLES = """
    SELECT c.relname AS name, format('%I.%I', n.nspname, c.relname) AS spelled, array_agg(a.attname::text) AS columns
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_t'
    GROUP BY n.nspname, c.relname, c.oid
    ORDER BY n.nspname = 'public' DESC, n.nspname
"""


class LegacyUnreachable(Exception):
    """The older database cannot be read or written; the text says why."""


class LegacyTable:
    """A table of an older database. Text of queries is made of names that the catalogue gave."""

    def __init__(self, driver: Driver, spelled: str, columns: Iterable[str]) -> None:
        self.spelled = spelled
        self.columns = frozenset(columns)
        self._driver = driver

    async def count(self, what: str = "*") -> int:
        """Return how many rows there are, or how many different values of `what`."""
        counted = what if what == "*" else f"DISTINCT {what}"
        return int(await self._driver.fetchval(f"SELECT count({counted}) FROM {self.spelled}"))  # noqa: S608  # see the class

    async def rows(self) -> list[Row]:
        """Return every row of a small table."""
        found: list[Any] = await self._driver.fetch(f"SELECT * FROM {self.spelled}")  # noqa: S608  # see the class
        return found

    async def batches(self, key: str, size: int) -> AsyncIterator[list[Row]]:
        """Yield the rows, so many at a time, in the order of a unique key."""
        query = f"SELECT * FROM {self.spelled} ORDER BY {key}"  # noqa: S608  # see the class
        async for records in self._chunks(query, size):
            yield records

    async def keys(self, column: str, size: int) -> AsyncIterator[list[str]]:
        """Yield the different values of a column as text, so many at a time."""
        query = f"SELECT DISTINCT {column}::text AS key FROM {self.spelled} WHERE {column} IS NOT NULL ORDER BY 1"  # noqa: S608  # see the class
        async for records in self._chunks(query, size):
            yield [record["key"] for record in records]

    async def of(self, column: str, keys: Sequence[str]) -> list[Row]:
        """Return the rows whose column, as text, is one of the keys."""
        query = f"SELECT * FROM {self.spelled} WHERE {column}::text = ANY ($1::text[])"  # noqa: S608  # see the class
        found: list[Any] = await self._driver.fetch(query, list(keys))
        return found

    async def greatest(self, column: str, *others: str) -> list[Row]:
        """Return each value of a column, as text under `key`, with the greatest of the others that are there."""
        chosen = "".join(f", max({other}::text) AS {other}" for other in others if other in self.columns)
        query = (
            f"SELECT {column}::text AS key{chosen} FROM {self.spelled}"  # noqa: S608  # see the class
            f" WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY 1"
        )
        return [dict(row) for row in await self._driver.fetch(query)]

    async def greatest_numbers(self, column: str) -> dict[int, int]:
        """Return, by year, the greatest of the ticket numbers of the form that is kept."""
        query = (
            f"SELECT substring({column} FROM 5 FOR 4)::int AS year, max(substring({column} FROM 10)::int) AS number"  # noqa: S608  # see the class
            f" FROM {self.spelled} WHERE {column} ~ '^TKT-[0-9]{{4}}-[0-9]{{6,9}}$' GROUP BY 1"
        )
        return {row["year"]: row["number"] for row in await self._driver.fetch(query)}

    async def _chunks(self, query: str, size: int) -> AsyncIterator[list[Any]]:
        cursor = await self._driver.cursor(query)
        while records := await cursor.fetch(size):
            yield records


class LegacySource:
    """The tables of an older database, read within one read-only transaction."""

    def __init__(self, tables: Sequence[tuple[str, LegacyTable]]) -> None:
        self._tables = tables

    def table(self, name: str, *columns: str) -> LegacyTable | None:
        """Return the table of this name that has these columns, in whatever schema; `public` comes first."""
        for called, table in self._tables:
            if called == name and table.columns.issuperset(columns):
                return table
        return None


@asynccontextmanager
async def legacy_source(url: str) -> AsyncIterator[LegacySource]:
    """Open an older database to read.

    Raises:
        LegacyUnreachable: it cannot be reached, or went away.
    """
    async with _open(url) as driver, driver.transaction(isolation="repeatable_read", readonly=True):
        yield await _read_tables(driver)


@asynccontextmanager
async def legacy_writer(url: str) -> AsyncIterator[tuple[Driver, LegacySource]]:
    """Open one transaction of an older database to write in.

    Raises:
        LegacyUnreachable: it cannot be reached, or went away.
    """
    async with _open(url) as driver, driver.transaction():
        yield driver, await _read_tables(driver)


@asynccontextmanager
async def _open(url: str) -> AsyncIterator[Driver]:
    try:
        address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        driver = await asyncpg.connect(address, timeout=_CONNECT_SECONDS, command_timeout=None)
        await driver.set_type_codec(
            "timestamp", schema="pg_catalog", format="tuple", encoder=_never, decoder=_moment
        )  # fmt: skip
    except (ArgumentError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError, TimeoutError) as error:
        raise LegacyUnreachable(f"The older database cannot be reached: {_said(error)}") from error
    try:
        yield driver
    except (ConnectionError, asyncpg.PostgresConnectionError, asyncpg.InsufficientPrivilegeError) as error:
        raise LegacyUnreachable(f"The older database does not answer: {_said(error)}") from error
    finally:
        driver.terminate() if driver.is_closed() else await driver.close(timeout=5)


def _said(error: Exception) -> str:
    # The text of an address that makes no sense would show its password.
    return f"{error}" if isinstance(error, asyncpg.PostgresError) else f"{type(error).__name__}."


async def _read_tables(driver: Driver) -> LegacySource:
    rows = await driver.fetch(_TABLES)
    return LegacySource([(row["name"], LegacyTable(driver, row["spelled"], row["columns"])) for row in rows])


def _moment(microseconds: tuple[int]) -> datetime:
    """Return an aware moment: older platforms kept UTC without saying so."""
    try:
        return _EPOCH + timedelta(microseconds=microseconds[0])
    except OverflowError:
        # Infinity, and whatever else no calendar has.
        return _LATEST if microseconds[0] > 0 else _EARLIEST


def _never(_value: Any) -> Any:
    raise TypeError("nothing of this type is written")
