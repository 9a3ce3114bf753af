"""Connections for compiled reads: one statement each, without a transaction around it.

A connection keeps its role, its read-only mode, its deadline and the organisation it last served, so that
the common read is one round trip. Behind a pooler nothing may be left in a session: there each read
opens a transaction that sets all that.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.db.engine import Driver, driver_of
from app.db.transaction import LOST, ConnectionLost, DatabaseRole

# How many who came later may be served before the first in line, for having the same organisation.
_OVERTAKING = 16

log = structlog.get_logger(__name__)


class ReadFailed(Exception):
    """The database refused a statement; the cause says why."""


@dataclass(slots=True, eq=False)
class _Session:
    connection: AsyncConnection
    driver: Driver
    # None: unknown, and to be set before anything is read.
    organization_id: UUID | None = None


class ReadPool:
    """At most `size` connections of an engine, opened as they are needed and kept."""

    def __init__(self, engine: AsyncEngine, *, size: int, timeout_seconds: float, pooled: bool = False) -> None:
        self._engine = engine
        self._size = size
        self._timeout_ms = int(timeout_seconds * 1000)
        self._pooled = pooled
        self._opened = 0
        self._free: dict[UUID | None, list[_Session]] = {}
        self._waiting: deque[tuple[UUID, asyncio.Future[_Session | None]]] = deque()
        self._overtaken = 0
        self._closed = False

    @property
    def busy(self) -> int:
        """How many connections are reading."""
        return self._opened - sum(map(len, self._free.values()))

    @property
    def idle(self) -> int:
        """How many connections are open and lie free."""
        return sum(map(len, self._free.values()))

    @property
    def waiting(self) -> int:
        """How many wait for a connection."""
        return len(self._waiting)

    async def fetch(self, organization_id: UUID, statement: str, arguments: Sequence[Any]) -> bytes:
        """Return the one value of a statement that sees this organisation alone; wait for a free connection.

        Whoever asks ends the waiting by a cancel.

        Raises:
            ConnectionLost: the database went away, and is not back.
            TimeoutError: the statement took too long.
            ReadFailed: the database refused it.
        """
        session = self._at_hand(organization_id) or await self._taken(organization_id)
        try:
            found: bytes = await self._asked(session, organization_id, statement, arguments)
        except BaseException as error:
            session.organization_id = None
            # An InterfaceError may also say that an argument cannot be sent, which no connection dies of.
            lost = isinstance(error, LOST) and (session.driver.is_closed() or isinstance(error, asyncpg.PostgresError))
            await (self._thrown_away if lost else self._given_back)(session)
            if isinstance(error, asyncpg.QueryCanceledError):
                raise TimeoutError from error
            if lost:
                # Not tried again: what ended the connection may have been the statement.
                raise ConnectionLost from error
            if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError):
                raise ReadFailed from error
            raise
        if self._closed or session.driver.is_closed():
            await self._thrown_away(session)
        else:
            self._give_back(session)
        return found

    async def close(self) -> None:
        """Close every connection; those that read are closed when they are given back."""
        self._closed = True
        idle = [session for sessions in self._free.values() for session in sessions]
        self._free.clear()
        for session in idle:
            await self._thrown_away(session)

    async def _asked(self, session: _Session, organization_id: UUID, statement: str, arguments: Sequence[Any]) -> Any:
        driver = session.driver
        if self._pooled:
            return await self._asked_in_transaction(driver, organization_id, statement, arguments)
        if session.organization_id != organization_id:
            # Of a cancelled switch nobody knows whether it happened.
            session.organization_id = None
            await driver.execute(f"SELECT set_config('app.organization_id', '{organization_id}', false)")
            session.organization_id = organization_id
        return await driver.fetchval(statement, *arguments)

    async def _asked_in_transaction(
        self, driver: Driver, organization_id: UUID, statement: str, arguments: Sequence[Any]
    ) -> Any:
        await driver.execute(
            f"BEGIN READ ONLY; SET LOCAL ROLE {DatabaseRole.APP}; SET LOCAL statement_timeout = {self._timeout_ms};"
            f"SELECT set_config('app.organization_id', '{organization_id}', true)"
        )
        try:
            return await driver.fetchval(statement, *arguments)
        finally:
            await asyncio.shield(driver.execute("ROLLBACK"))

    def _at_hand(self, organization_id: UUID) -> _Session | None:
        """Return a free connection that serves this organisation already: the common case, without a switch."""
        sessions = self._free.get(organization_id)
        if not sessions or sessions[-1].driver.is_closed():
            return None
        return sessions.pop()

    async def _taken(self, organization_id: UUID) -> _Session:
        session = await self._lying_free(organization_id)
        while session is None:
            if self._opened < self._size:
                return await self._new()
            waiting: asyncio.Future[_Session | None] = asyncio.get_running_loop().create_future()
            self._waiting.append((organization_id, waiting))
            try:
                session = await waiting
            except BaseException:
                self._give_up(waiting)
                raise
        return session

    async def _lying_free(self, organization_id: UUID) -> _Session | None:
        while True:
            sessions = self._free.get(organization_id)
            # New ones before those of others, who would have to switch back.
            if not sessions and self._opened >= self._size:
                sessions = max(self._free.values(), key=len, default=None)
            if not sessions:
                return None
            session = sessions.pop()
            if not session.driver.is_closed():
                return session
            # Ended while it lay here, as all are when the database was started again.
            await self._thrown_away(session)

    def _give_up(self, waiting: "asyncio.Future[_Session | None]") -> None:
        """Pass on what came just as its receiver went away."""
        for at, (_, future) in enumerate(self._waiting):
            if future is waiting:
                del self._waiting[at]
                break
        if waiting.done() and not waiting.cancelled():
            session = waiting.result()
            if session is not None:
                self._give_back(session)

    def _give_back(self, session: _Session) -> None:
        while self._waiting:
            future = self._next_in_line(session.organization_id)
            if not future.done():
                future.set_result(session)
                return
        self._free.setdefault(session.organization_id, []).append(session)

    def _next_in_line(self, organization_id: UUID | None) -> "asyncio.Future[_Session | None]":
        if self._overtaken < _OVERTAKING:
            for at, (wanted, future) in enumerate(self._waiting):
                if wanted == organization_id and not future.done():
                    self._overtaken = self._overtaken + 1 if at else 0
                    del self._waiting[at]
                    return future
                if at == _OVERTAKING:
                    break
        self._overtaken = 0
        return self._waiting.popleft()[1]

    async def _new(self) -> _Session:
        self._opened += 1
        try:
            connection = await self._engine.connect()
            try:
                driver = await driver_of(connection)
                if not self._pooled:
                    await driver.execute(
                        f"SET ROLE {DatabaseRole.APP}; SET statement_timeout = {self._timeout_ms};"
                        "SET default_transaction_read_only = on"
                    )
            except BaseException:
                await asyncio.shield(_ended(connection))
                raise
        except LOST as error:
            self._lost()
            raise ConnectionLost from error
        except BaseException:
            self._lost()
            raise
        return _Session(connection, driver)

    async def _given_back(self, session: _Session) -> None:
        if session.driver.is_closed() or self._closed:
            await self._thrown_away(session)
        else:
            self._give_back(session)

    async def _thrown_away(self, session: _Session) -> None:
        self._lost()
        await asyncio.shield(_ended(session.connection))

    def _lost(self) -> None:
        """Let somebody who waits open a connection in place of one that is no more."""
        self._opened -= 1
        while self._waiting:
            future = self._waiting.popleft()[1]
            if not future.done():
                future.set_result(None)
                return


async def _ended(connection: AsyncConnection) -> None:
    try:
        await connection.invalidate()
        await connection.close()
    except (OSError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        log.warning("reads.connection_lost", reason=type(error).__name__)
