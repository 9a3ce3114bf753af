"""A GraphQL request as it arrives: checked for shape before anything looks inside."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson


class BadRequest(Exception):
    """The request is no GraphQL request; the text says what it lacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLRequest:
    """A document with its variables and the name of the operation to execute."""

    query: str
    variables: Mapping[str, Any] | None
    operation_name: str | None


def of_json(body: bytes | str) -> GraphQLRequest:
    """Return the request in a JSON body. Raises BadRequest."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest("The body is not valid JSON.") from error
    return of_value(value)


def of_value(value: Any) -> GraphQLRequest:
    """Return the request that a decoded JSON value stands for. Raises BadRequest."""
    if isinstance(value, list):
        raise BadRequest("Requests are not taken in batches; send one JSON object.")
    if not isinstance(value, dict):
        raise BadRequest("A GraphQL request is a JSON object with a query.")
    query, variables, name = value.get("query"), value.get("variables"), value.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise BadRequest("query must be a GraphQL document.")
    if variables is not None and not isinstance(variables, dict):
        raise BadRequest("variables must be a JSON object.")
    if name is not None and not isinstance(name, str):
        raise BadRequest("operationName must be a text.")
    if value.get("extensions") is not None and not isinstance(value["extensions"], dict):
        raise BadRequest("extensions must be a JSON object.")
    return GraphQLRequest(query=query, variables=variables, operation_name=name or None)


def of_parameters(parameters: Mapping[str, str]) -> GraphQLRequest:
    """Return the request in a query string. Raises BadRequest."""
    value: dict[str, Any] = dict(parameters)
    for name in ("variables", "extensions"):
        if value.get(name):
            try:
                value[name] = orjson.loads(value[name])
            except orjson.JSONDecodeError as error:
                raise BadRequest(f"{name} must be a JSON object.") from error
        else:
            value.pop(name, None)
    return of_value(value)
