"""One operation executed in the ordinary way, within one consistent look at the database."""

from collections.abc import Mapping
from inspect import isawaitable
from typing import Any

from graphql import ExecutionResult, GraphQLSchema, execute

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
