"""A GraphQL request as it arrives: checked for shape before anything looks inside."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson

_MOST_PARAMETERS = 100


class BadRequest(Exception):
    """The request is no GraphQL request; the text says what it lacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLRequest:
    """A document, or (where `query` is empty) the id of a known one, its variables and the operation's name.

    `sha256` is the hash by which a client wants to name the document it sends from now on.
    """

    query: str
    variables: Mapping[str, Any] | None
    operation_name: str | None
    document_id: str | None = None
    sha256: str | None = None


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
    sha256 = _sha256(value)
    document_id = value.get("documentId") or sha256
    if document_id is not None and not isinstance(document_id, str):
        raise BadRequest("documentId must be a text.")
    if query is None and document_id is not None:
        query = ""
    elif not isinstance(query, str) or not query.strip():
        raise BadRequest("query must be a GraphQL document.")
    if variables is not None and not isinstance(variables, dict):
        raise BadRequest("variables must be a JSON object.")
    if name is not None and not isinstance(name, str):
        raise BadRequest("operationName must be a text.")
    try:
        orjson.dumps(variables)
    except TypeError as error:
        # Read further down than it can be written: nothing of ours is nested like that.
        raise BadRequest("variables are nested too deeply.") from error
    return GraphQLRequest(
        query=query, variables=variables, operation_name=name or None, document_id=document_id, sha256=sha256
    )


def _sha256(value: Mapping[str, Any]) -> str | None:
    """Return the hash of `extensions.persistedQuery`, if any. Raises BadRequest."""
    extensions = value.get("extensions")
    if extensions is None:
        return None
    if not isinstance(extensions, dict):
        raise BadRequest("extensions must be a JSON object.")
    persisted = extensions.get("persistedQuery")
    named = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
    if named is not None and not isinstance(named, str):
        raise BadRequest("extensions.persistedQuery.sha256Hash must be a text.")
    return named or None


def of_parameters(query_string: bytes) -> GraphQLRequest:
    """Return the request in a query string. Raises BadRequest."""
    try:
        value: dict[str, Any] = dict(parse_qsl(query_string.decode("ascii"), max_num_fields=_MOST_PARAMETERS))
    except ValueError as error:
        raise BadRequest("The query string cannot be read.") from error
    for name in ("variables", "extensions"):
        if name in value:
            try:
                value[name] = orjson.loads(value[name])
            except orjson.JSONDecodeError as error:
                raise BadRequest(f"{name} must be a JSON object.") from error
    return of_value(value)
