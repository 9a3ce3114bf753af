"""One consistent look at the database: a snapshot shared by everything one operation reads."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.db.transaction import Mode, transaction
from app.domain.people import Actor
from app.domain.policy import Visibility, visibility_class
from app.reads.viewers import parameters


class Reader:
    """Runs read statements for one actor in one read-only REPEATABLE READ transaction.

    The transaction opens with the first statement and ends with `close`; afterwards the next
    statement opens another, so that what a mutation wrote is seen by what is read after it.
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
        """Give the connection back."""
        async with self._lock:
            self._connection = None
            await self._stack.aclose()

    async def _opened(self) -> AsyncConnection:
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
