"""Transactions: the role, the organisation and the deadline are set where the transaction begins."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from uuid import UUID

import asyncpg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.db.engine import Driver, driver_of

LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


# Whoever waits for a lock keeps a connection from others: better tell them to try again.
LONGEST_LOCK_WAIT_MS = 5000


class ConnectionLost(Exception):
    """The database went away; of a commit it is unknown whether it happened."""


# What asking the database raises while it is away.
UNREACHABLE = (OSError, SQLAlchemyError, ConnectionLost)


class DatabaseRole(StrEnum):
    """Whose eyes a transaction has: one organisation's, or the logs of all."""

    APP = "fieldgraph_app"
    SYSTEM = "fieldgraph_system"


class Mode(StrEnum):
    """What a transaction is for."""

    WRITE = "ISOLATION LEVEL READ COMMITTED READ WRITE"
    READ = "ISOLATION LEVEL REPEATABLE READ READ ONLY"


@asynccontextmanager
async def transaction(
    engine: AsyncEngine, organization_id: UUID, *, mode: Mode = Mode.WRITE, timeout_seconds: float = 10
) -> AsyncIterator[AsyncConnection]:
    """Open a transaction that sees one organisation; commit at the end, roll back on any error.

    Every statement may take `timeout_seconds`. Nothing is left in the session afterwards, so it
    works behind a pooler too; a connection whose roll back fails is thrown away.
    """
    begin = _begin(DatabaseRole.APP, mode, timeout_seconds, organization_id)
    async with _opened(engine, begin) as connection:
        yield connection


@asynccontextmanager
async def system_transaction(
    engine: AsyncEngine, *, mode: Mode = Mode.READ, timeout_seconds: float = 10
) -> AsyncIterator[AsyncConnection]:
    """Open a transaction that sees the logs, heads and timers of every organisation, and may write timers only."""
    async with _opened(engine, _begin(DatabaseRole.SYSTEM, mode, timeout_seconds, None)) as connection:
        yield connection


def _begin(role: DatabaseRole, mode: Mode, timeout_seconds: float, organization_id: UUID | None) -> str:
    organization = "" if organization_id is None else str(organization_id)
    return (
        f"BEGIN {mode}; SET LOCAL ROLE {role}; SET LOCAL statement_timeout = {int(timeout_seconds * 1000)}; "
        f"SET LOCAL lock_timeout = {LONGEST_LOCK_WAIT_MS}; "
        f"SELECT set_config('app.organization_id', '{organization}', true)"
    )


@asynccontextmanager
async def _opened(engine: AsyncEngine, begin: str) -> AsyncIterator[AsyncConnection]:
    connection, driver = await _begun(engine, begin)
    try:
        yield connection
        await _said(driver, "COMMIT")
    except BaseException:
        await asyncio.shield(_roll_back(connection, driver))
        raise
    finally:
        await asyncio.shield(connection.close())


async def _begun(engine: AsyncEngine, begin: str) -> tuple[AsyncConnection, Driver]:
    """Return a connection within a transaction; pooled ones that died meanwhile are thrown away.

    Raises:
        ConnectionLost: not even a new connection lasts until the transaction has begun.
    """
    tries = 1 + getattr(engine.pool, "size", lambda: 0)()
    while True:
        tries -= 1
        connection = await engine.connect()
        try:
            driver = await driver_of(connection)
            await _said(driver, begin)
        except ConnectionLost:
            await _given_up(connection)
            if tries == 0:
                raise
        except BaseException:
            await asyncio.shield(_given_up(connection))
            raise
        else:
            return connection, driver


async def _said(driver: Driver, statement: str) -> None:
    try:
        await driver.execute(statement)
    except LOST as error:
        raise ConnectionLost from error


async def _roll_back(connection: AsyncConnection, driver: Driver) -> None:
    try:
        await driver.execute("ROLLBACK")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        await connection.invalidate()


async def _given_up(connection: AsyncConnection) -> None:
    await connection.invalidate()
    await connection.close()
