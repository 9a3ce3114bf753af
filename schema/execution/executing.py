"""One operation executed in the ordinary way, within one consistent look at the database."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack
from inspect import isawaitable
from typing import Any

from graphql import ExecutionResult, FieldNode, GraphQLError, GraphQLSchema, execute, located_error, subscribe

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
    suggestions: bool = True,
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
            hide_suggestions=not suggestions,
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
    suggestions: bool = True,
) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the responses of a subscription; of one that cannot begin, errors without data.

    No connection is held while whoever asked takes a response.
    """
    if document.node is None:
        yield refused(document)
        return
    begun = False
    try:
        stream = subscribe(
            schema,
            document.node,
            context_value=operation,
            variable_values=None if variables is None else dict(variables),
            operation_name=name,
            hide_suggestions=not suggestions,
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
                    # The next event is read with a fresh look; nothing is held for a client that reads slowly.
                    await operation.renew()
                    begun = True
                    yield response(result)
            except UnknownUser:
                raise
            except Exception as error:  # noqa: BLE001  # the source of events failed: told, logged, and over
                told = {"errors": [formatted(_placed(error, document, name))]}
                yield {**told, "data": None} if begun else told
    finally:
        await operation.close()


def _placed(error: Exception, document: Document, name: str | None) -> GraphQLError:
    """Return the source's error with the place of the one field that a subscription has."""
    operation = document.operation(name)
    field = None if operation is None else operation.selection_set.selections[0]
    if isinstance(field, FieldNode):
        return located_error(error, [field], [(field.alias or field.name).value])
    return GraphQLError(str(error), original_error=error)


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
