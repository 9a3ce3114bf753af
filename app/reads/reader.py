"""One consistent look at the database: a snapshot shared by everything one operation reads."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.db.transaction import ConnectionLost, Mode, transaction
from app.domain.people import Actor
from app.domain.policy import Visibility, visibility_class
from app.reads.viewers import parameters

# What ends a transaction, or keeps one from beginning.
_FAILURES = (DBAPIError, NoFreeConnection, ConnectionLost, OSError)

log = structlog.get_logger(__name__)


class ReaderClosed(Exception):
    """The look is over: whatever asked belonged to an operation that has ended."""


class Reader:
    """Runs read statements for one actor in one read-only REPEATABLE READ transaction.

    The transaction opens with the first statement and ends with `close`, after which no other is
    opened: what a cancelled operation had still wanted to load comes late and must find nothing.
    Statements run one at a time, because a connection can do no more. The first failure of the
    database is the last word: every later statement raises the same error and is not sent.
    """

    def __init__(self, engine: AsyncEngine, actor: Actor, *, timeout_seconds: float = 10) -> None:
        self.actor = actor
        self.visibility: Visibility = visibility_class(actor)
        self.statements = 0
        self._engine = engine
        self._timeout_seconds = timeout_seconds
        self._parameters = parameters(actor)
        self._lock = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._connection: AsyncConnection | None = None
        self._failure: Exception | None = None
        self._closed = False

    async def rows(
        self, statement: "sa.Select[Any] | sa.CompoundSelect[Any]", values: Mapping[str, Any] | None = None
    ) -> "Sequence[sa.Row[Any]]":
        """Return the statement's rows; viewer parameters are bound by themselves."""
        bound = {**self._parameters, **(values or {})}

        async def read(connection: AsyncConnection) -> "Sequence[sa.Row[Any]]":
            found = await connection.execute(statement, bound)
            return list(found.all())

        rows: Sequence[sa.Row[Any]] = await self.run(read)
        return rows

    async def run(self, read: Any, *arguments: Any, **named: Any) -> Any:
        """Call `read(connection, …)` from `app.db` within the snapshot."""
        async with self._lock:
            try:
                connection = await self._opened()
                self.statements += 1
                return await read(connection, *arguments, **named)
            except _FAILURES as error:
                self._failure = self._failure or error
                raise

    async def close(self) -> None:
        """Give the connection back, once the statement under way has ended; for good."""
        self._closed = True
        await asyncio.shield(self._end())

    async def _end(self) -> None:
        async with self._lock:
            self._connection = self._failure = None
            try:
                await self._stack.aclose()
            except ConnectionLost:
                # Nothing was written, and whatever could not be read has been told by its own statement.
                log.warning("reader.connection_lost")

    async def _opened(self) -> AsyncConnection:
        if self._closed:
            raise ReaderClosed
        if self._failure is not None:
            # A failed transaction answers everything with "aborted", which would hide why.
            raise self._failure
        if self._connection is None:
            self._connection = await self._stack.enter_async_context(
                transaction(
                    self._engine,
                    self.actor.organization_id,
                    mode=Mode.READ,
                    timeout_seconds=self._timeout_seconds,
                )
            )
        return self._connection
