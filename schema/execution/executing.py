"""One operation executed in the ordinary way, within one consistent look at the database."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack
from inspect import isawaitable
from typing import Any

from graphql import ExecutionResult, GraphQLError, GraphQLSchema, execute, subscribe

from app.auth.actors import UnknownUser
from resolvers.context import Operation
from schema.execution.documents import Document
from schema.execution.failures import formatted


async def run(
    schema: GraphQLSchema,
    document: Document,
    operation: Operation,
    *,
    variables: Mapping[str, Any] | None,
    name: str | None,
) -> dict[str, Any]:
    """Return the response of a query or mutation."""
    if document.node is None:
        return refused(document)
    try:
        result = execute(
            schema,
            document.node,
            context_value=operation,
            variable_values=None if variables is None else dict(variables),
            operation_name=name,
        )
        if isawaitable(result):
            result = await result
        return response(result)
    finally:
        await operation.close()


async def follow(
    schema: GraphQLSchema,
    document: Document,
    operation: Operation,
    *,
    variables: Mapping[str, Any] | None,
    name: str | None,
) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the responses of a subscription; one without data that cannot begin is the only one."""
    if document.node is None:
        yield refused(document)
        return
    try:
        stream = subscribe(
            schema,
            document.node,
            context_value=operation,
            variable_values=None if variables is None else dict(variables),
            operation_name=name,
        )
        if isawaitable(stream):
            stream = await stream
        if isinstance(stream, ExecutionResult):
            yield response(stream)
            return
        async with AsyncExitStack() as stack:
            if isinstance(stream, AsyncGenerator):
                stack.push_async_callback(stream.aclose)
            try:
                async for result in stream:
                    yield response(result)
                    # The next event is read with a fresh look; nothing is held while waiting for it.
                    await operation.renew()
            except UnknownUser:
                raise
            except Exception as error:  # noqa: BLE001  # the source of events failed: told, logged, and over
                yield {"data": None, "errors": [formatted(GraphQLError(str(error), original_error=error))]}
    finally:
        await operation.close()


def refused(document: Document) -> dict[str, Any]:
    """Return the response to a document that cannot be executed."""
    return {"errors": [formatted(error, code=document.code) for error in document.errors]}


def response(result: ExecutionResult) -> dict[str, Any]:
    """Return a result as a response; without data where execution did not begin."""
    told: dict[str, Any] = {}
    if result.errors:
        told["errors"] = [formatted(error) for error in result.errors]
    if result.data is not None or not result.errors or any(error.path for error in result.errors):
        told["data"] = result.data
    return told
