"""Transactions: the role, the organisation and the deadline are set where the transaction begins."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


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
    engine: AsyncEngine, *, timeout_seconds: float = 10
) -> AsyncIterator[AsyncConnection]:
    """Open a read-only transaction that sees events and heads of every organisation, nothing else."""
    async with _opened(engine, _begin(DatabaseRole.SYSTEM, Mode.READ, timeout_seconds, None)) as connection:
        yield connection


def _begin(role: DatabaseRole, mode: Mode, timeout_seconds: float, organization_id: UUID | None) -> str:
    organization = "" if organization_id is None else str(organization_id)
    return (
        f"BEGIN {mode}; SET LOCAL ROLE {role}; SET LOCAL statement_timeout = {int(timeout_seconds * 1000)}; "
        f"SELECT set_config('app.organization_id', '{organization}', true)"
    )


@asynccontextmanager
async def _opened(engine: AsyncEngine, begin: str) -> AsyncIterator[AsyncConnection]:
    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        if not isinstance(driver, asyncpg.Connection):
            raise TypeError("the engine must use asyncpg")
        try:
            await driver.execute(begin)
            yield connection
            await driver.execute("COMMIT")
        except BaseException:
            await asyncio.shield(_roll_back(connection, driver))
            raise


async def _roll_back(connection: AsyncConnection, driver: "asyncpg.Connection[asyncpg.Record]") -> None:
    try:
        await driver.execute("ROLLBACK")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        await connection.invalidate()
