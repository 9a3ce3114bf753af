"""What a subscription tells, in words: each step of the log executed and written as JSON."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable
from contextlib import AsyncExitStack
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

from app.auth.actors import UnknownUser
from app.domain.events import Event
from app.live.groups import Outlet, Told
from app.live.replay import Heartbeat
from resolvers.context import Operation
from resolvers.streams import Message, Stream
from schema.execution.executing import refused, response
from schema.execution.failures import code_of_first, formatted
from schema.execution.preparing import Prepared
from schema.subscriptions.following import Following

_RETRY_SECONDS = 0.5
_MOST_TRIES = 20


class NotBegun(Exception):
    """A subscription that could not begin, and the errors that say why."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__("the subscription could not begin")
        self.errors = errors

    @property
    def code(self) -> str:
        """The code of the first."""
        return code_of_first(self.errors)


class Wording:
    """Executes a subscription for one message after the other, each with a fresh look at the database."""

    def __init__(self, executor: Executor[Any], operation: Operation) -> None:
        self._executor = executor
        self.operation = operation

    async def response(self, found: Any) -> str:
        """Return the response to a message as JSON."""
        try:
            for _ in range(_MOST_TRIES):
                executing = execute_subscription_event(self._executor.build_per_event_executor(found))
                told = response(executing if isinstance(executing, ExecutionResult) else await executing)
                if all(error.get("extensions", {}).get("code") != "UNAVAILABLE" for error in told.get("errors", ())):
                    break
                # What is only half told would be taken for what it is not.
                await self.operation.renew()
                await asyncio.sleep(_RETRY_SECONDS)
            return orjson.dumps(told).decode()
        finally:
            await self.operation.renew()

    def failed(self, error: Exception, position: int = 0) -> Told:
        """Return the words for what ended the stream."""
        field = self._executor.operation.selection_set.selections[0]
        placed = (
            located_error(error, [field], [(field.alias or field.name).value])
            if isinstance(field, FieldNode)
            else GraphQLError(str(error), original_error=error)
        )
        return ended(position, [formatted(placed)])


class Alone(Wording):
    """A subscription that is no part of the log: told to each reader by itself."""

    def __init__(self, executor: Executor[Any], operation: Operation, messages: AsyncIterable[Any]) -> None:
        super().__init__(executor, operation)
        self._messages = messages

    async def run(self, outlet: Outlet) -> None:
        """Tell everything, at the reader's pace. Raises UnknownUser when the caller may no longer come in."""
        async with AsyncExitStack() as leaving:
            if isinstance(self._messages, AsyncGenerator):
                leaving.push_async_callback(self._messages.aclose)
            try:
                async for each in self._messages:
                    await outlet.send(Told(0, await self.response(each)))
            except UnknownUser:
                raise
            except Exception as error:  # noqa: BLE001  # the source failed: told, logged, and over
                await outlet.send(self.failed(error))
            finally:
                await self.operation.close()


class Telling(Wording):
    """A stream of the log and what puts its steps into words."""

    def __init__(self, executor: Executor[Any], following: Following) -> None:
        super().__init__(executor, following.stream.operation)
        self.following = following

    @property
    def stream(self) -> Stream:
        """What is followed."""
        return self.following.stream

    def begin_after(self, cursor: str) -> None:
        """Begin behind a cursor, whatever the operation says."""
        self.following = Following(replace(self.stream, after=cursor))

    async def words(self, step: Event | Heartbeat) -> Told | None:
        """Return the words for a step of the log, None where the viewer is told nothing."""
        found = self.following.of(step)
        return None if found is None else await self._told(step.position, found)

    async def told(self, message: Message) -> Told:
        """Return the words for what the viewer is told."""
        return await self._told(message.position, self.following.object(message))

    async def _told(self, position: int, found: Any) -> Told:
        return Told(position, await self.response(found), self.operation.cursor(position))


async def begun(
    schema: GraphQLSchema, prepared: Prepared, operation: Operation, *, suggestions: bool
) -> Telling | Alone:
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
        creating = create_source_event_stream(executor)
        stream = await creating if isinstance(creating, Awaitable) else creating
    finally:
        # Nothing is held for a client that reads slowly.
        await operation.renew()
    if isinstance(stream, ExecutionResult):
        raise NotBegun([formatted(error) for error in stream.errors or ()])
    return Telling(executor, stream) if isinstance(stream, Following) else Alone(executor, operation, stream)


def ended(position: int, errors: list[dict[str, Any]]) -> Told:
    """Return the last words of a stream that goes no further."""
    return Told(position, orjson.dumps({"errors": errors, "data": None}).decode())
