"""One consistent look at the database: a snapshot shared by everything one operation reads."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.db.transaction import ConnectionLost, Mode, transaction
from app.domain.people import Actor
from app.domain.policy import Visibility, visibility_class
from app.reads.viewers import parameters

log = structlog.get_logger(__name__)


class ReaderClosed(Exception):
    """The look is over: whatever asked belonged to an operation that has ended."""


class Reader:
    """Runs read statements for one actor in one read-only REPEATABLE READ transaction.

    The transaction opens with the first statement and ends with `close`, after which no other is
    opened: what a cancelled operation had still wanted to load comes late and must find nothing.
    Statements run one at a time, because a connection can do no more.
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
        self._closed = False

    async def rows(
        self, statement: "sa.Select[Any] | sa.CompoundSelect[Any]", values: Mapping[str, Any] | None = None
    ) -> "Sequence[sa.Row[Any]]":
        """Return the statement's rows; viewer parameters are bound by themselves."""
        async with self._lock:
            connection = await self._opened()
            self.statements += 1
            found = await connection.execute(statement, {**self._parameters, **(values or {})})
            return list(found.all())

    async def run(self, read: Any, *arguments: Any, **named: Any) -> Any:
        """Call `read(connection, …)` from `app.db` within the snapshot."""
        async with self._lock:
            connection = await self._opened()
            self.statements += 1
            return await read(connection, *arguments, **named)

    async def close(self) -> None:
        """Give the connection back, once the statement under way has ended; for good."""
        self._closed = True
        await asyncio.shield(self._end())

    async def _end(self) -> None:
        async with self._lock:
            self._connection = None
            try:
                await self._stack.aclose()
            except ConnectionLost:
                # Nothing was written, and whatever could not be read has been told by its own statement.
                log.warning("reader.connection_lost")

    async def _opened(self) -> AsyncConnection:
        if self._closed:
            raise ReaderClosed
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
