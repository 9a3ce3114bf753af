"""Statements as steps of a trace: each that an engine's connections carry out is told of once.

SQLAlchemy tells of what it sends itself. What is sent through the driver directly, and what SQLAlchemy sends through it
for many rows at once, goes by methods of the driver's connection, which a class of its own tells of.
"""

from collections.abc import Awaitable
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.engine import Driver
from app.tracing.traces import NOTHING, Step, Traces

_STEP = "fieldgraph.step"
T = TypeVar("T")


def trace_statements(engine: AsyncEngine, traces: Traces) -> None:
    """Tell of what connections of an engine carry out that are opened from now on; of nothing where nobody collects."""
    if not traces.collected:
        return
    told = _telling(traces)

    def connecting(_dialect: Any, _record: Any, _given: Any, named: dict[str, Any]) -> None:
        named["connection_class"] = told

    def begun(connection: Any, _cursor: Any, statement: str, _parameters: Any, _context: Any, many: bool) -> None:
        if not many:
            connection.info[_STEP] = traces.statement(statement)

    def ended(connection: Any, *_sent: Any) -> None:
        connection.info.pop(_STEP, NOTHING).over()

    def failed(context: Any) -> None:
        if context.connection is not None:
            _fail(context.connection.info.pop(_STEP, NOTHING), context.original_exception)

    event.listen(engine.sync_engine, "do_connect", connecting)
    event.listen(engine.sync_engine, "before_cursor_execute", begun)
    event.listen(engine.sync_engine, "after_cursor_execute", ended)
    event.listen(engine.sync_engine, "handle_error", failed)


def _telling(traces: Traces) -> "type[Driver]":
    """Return a class of connections that tell of what they are asked directly."""

    async def told(statement: str, answer: Awaitable[T]) -> T:
        step = traces.statement(statement)
        try:
            found = await answer
        except BaseException as error:
            _fail(step, error)
            raise
        step.over()
        return found

    class Telling(asyncpg.Connection):
        __slots__ = ()

        async def execute(self, query: str, *arguments: Any, **how: Any) -> Any:
            return await told(query, super().execute(query, *arguments, **how))

        async def executemany(self, command: str, args: Any, **how: Any) -> Any:
            return await told(command, super().executemany(command, args, **how))

        async def fetch(self, query: str, *arguments: Any, **how: Any) -> Any:
            return await told(query, super().fetch(query, *arguments, **how))

        async def fetchval(self, query: str, *arguments: Any, **how: Any) -> Any:
            return await told(query, super().fetchval(query, *arguments, **how))

        async def copy_records_to_table(self, table_name: str, **how: Any) -> Any:
            return await told("COPY", super().copy_records_to_table(table_name, **how))

    return Telling


def _fail(step: Step, error: BaseException) -> None:
    """End the step of a statement that failed: by the database's code, else by the error's class."""
    step.failed(str(getattr(error, "sqlstate", None) or type(error).__name__))
    step.over()
