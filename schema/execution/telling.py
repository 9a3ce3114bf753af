"""What a subscription tells, in words: each step of the log executed and written as JSON."""

import asyncio
from dataclasses import replace
from typing import Any

import orjson
from graphql import (
    ExecutionResult,
    Executor,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    create_source_event_stream,
    execute_subscription_event,
    located_error,
)
from graphql.pyutils import is_awaitable

from app.db.transaction import UNREACHABLE
from app.domain.events import Event
from app.live.groups import Told
from app.live.replay import Heartbeat
from resolvers.context import Operation
from resolvers.streams import Stream
from schema.execution.executing import refused, response
from schema.execution.failures import formatted
from schema.execution.preparing import Prepared
from schema.subscriptions.following import Following

_RETRY_SECONDS = 0.5
_MOST_TRIES = 20


class NotBegun(Exception):
    """A subscription that could not begin, and the errors that say why."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__("the subscription could not begin")
        self.errors = errors


class Telling:
    """A stream and what puts its steps into words."""

    def __init__(self, executor: Executor[Any], following: Following) -> None:
        self._executor = executor
        self.following = following

    @property
    def stream(self) -> Stream:
        """What is followed."""
        return self.following.stream

    def begin_after(self, cursor: str) -> None:
        """Begin behind a cursor, whatever the operation says."""
        self.following = Following(replace(self.stream, after=cursor))

    async def words(self, step: Event | Heartbeat) -> Told | None:
        """Return the words for a step of the log, None where the viewer is told nothing.

        They come from a fresh look at the database, which is given up afterwards.
        """
        found = self.following.of(step)
        if found is None:
            return None
        try:
            return await self._told(step.position, found)
        finally:
            await self.stream.operation.renew()

    async def told(self, message: Any) -> Told:
        """Return the words for what the viewer is told."""
        return await self._told(message.position, self.following.object(message))

    def failed(self, error: Exception, position: int) -> Told:
        """Return the words for what ended the stream."""
        field = self._executor.operation.selection_set.selections[0]
        placed = (
            located_error(error, [field], [(field.alias or field.name).value])
            if isinstance(field, FieldNode)
            else GraphQLError(str(error), original_error=error)
        )
        return ended(position, [formatted(placed)])

    async def _told(self, position: int, found: Any) -> Told:
        for _ in range(_MOST_TRIES):
            executing = execute_subscription_event(self._executor.build_per_event_executor(found))
            result = executing if isinstance(executing, ExecutionResult) else await executing
            if not any(isinstance(error.original_error, UNREACHABLE) for error in result.errors or ()):
                break
            # An event that is only half told would be taken for what it is not.
            await self.stream.operation.renew()
            await asyncio.sleep(_RETRY_SECONDS)
        return Told(position, orjson.dumps(response(result)).decode(), self.stream.operation.cursor(position))


async def begun(schema: GraphQLSchema, prepared: Prepared, operation: Operation, *, suggestions: bool) -> Telling:
    """Return a subscription as it is told to the actor of an operation. Raises NotBegun."""
    document, asked = prepared.document, prepared.asked
    if document.node is None:
        raise NotBegun(refused(document)["errors"])
    executor = Executor.build(
        schema,
        document.node,
        context_value=operation,
        raw_variable_values=None if asked.variables is None else dict(asked.variables),
        operation_name=asked.operation_name,
        hide_suggestions=not suggestions,
    )
    if isinstance(executor, list):
        raise NotBegun([formatted(error) for error in executor])
    try:
        stream = create_source_event_stream(executor)
        if is_awaitable(stream):
            stream = await stream
    finally:
        # Nothing is held for a client that reads slowly.
        await operation.renew()
    if isinstance(stream, ExecutionResult):
        raise NotBegun([formatted(error) for error in stream.errors or ()])
    if not isinstance(stream, Following):
        raise TypeError("a subscription follows a stream")
    return Telling(executor, stream)


def ended(position: int, errors: list[dict[str, Any]]) -> Told:
    """Return the last words of a stream that goes no further."""
    return Told(position, orjson.dumps({"errors": errors, "data": None}).decode())
