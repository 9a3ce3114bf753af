"""Top-level errors: what went wrong as a code, and nothing of the inside."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import structlog
from graphql import GraphQLError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from app.auth.actors import UnknownUser
from app.auth.claims import InvalidToken
from app.auth.jwks import KeysUnavailable
from app.db.transaction import ConnectionLost
from app.domain.refusals import ErrorCode, Refusal
from app.logs import current_request_id
from app.services.files import StoreFailed
from schema.execution.admission import Throttled
from schema.execution.key_scopes import ScopeMissing
from schema.execution.measuring import TooLarge

_CODES: Mapping[ErrorCode, str] = MappingProxyType({ErrorCode.NOT_FOUND: "NOT_FOUND", ErrorCode.FORBIDDEN: "FORBIDDEN"})
# statement_timeout and lock_timeout; then what a server says while it starts, stops or is full.
_TIMEOUT = frozenset({"57014", "55P03"})
_UNAVAILABLE = ("08", "53", "57P")

log = structlog.get_logger(__name__)


def formatted(error: GraphQLError, *, code: str | None = None) -> dict[str, Any]:
    """Return an error of the response; `code` is that of a document that was not executed."""
    told: dict[str, Any] = {"message": error.message, **_where(error)}
    original = _root(error)
    if code is not None:
        told["extensions"] = {"code": code}
    elif isinstance(original, Refusal):
        told["message"] = original.message
        told["extensions"] = _of_refusal(original)
    elif original is None:
        # Coercion of variables and arguments, and whatever else graphql-core finds in the input itself.
        told["extensions"] = {"code": "BAD_USER_INPUT", **(error.extensions or {})}
        if error.path is not None and not (error.extensions or {}).get("code"):
            told = {**_internal(error), **_where(error)}
    else:
        told = {**failure(original), **_where(error)}
    return told


def failure(error: BaseException) -> dict[str, Any]:
    """Return an error that is not the client's fault, or that says who the client is not."""
    match error:
        case Refusal():
            return {"message": error.message, "extensions": _of_refusal(error)}
        case InvalidToken():
            return {"message": error.reason, "extensions": {"code": "UNAUTHENTICATED"}}
        case UnknownUser():
            return {"message": "The token's user may not come in.", "extensions": {"code": "UNAUTHENTICATED"}}
        case ScopeMissing():
            return {"message": str(error), "extensions": {"code": "FORBIDDEN", "missingScopes": error.scopes}}
        case KeysUnavailable():
            return _unavailable("Tokens cannot be checked at the moment.")
        case TooLarge():
            return {"message": str(error), "extensions": {"code": "QUERY_TOO_COMPLEX"}}
        case Throttled():
            return {"message": str(error), "extensions": {"code": "THROTTLED", "retryAfter": error.retry_after}}
        case TimeoutError():
            return {"message": "The request took too long.", "extensions": {"code": "TIMEOUT"}}
        case NoFreeConnection() | OSError() | ConnectionLost():
            return _unavailable("The database is not available.")
        case StoreFailed():
            log.error("files.store_failed", reason=str(error))
            return _unavailable("Files cannot be kept at the moment.")
        case DBAPIError():
            return _of_database(error)
        case _:
            return _internal(error)


def _of_database(error: DBAPIError) -> dict[str, Any]:
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if state in _TIMEOUT:
        return {"message": "The request took too long.", "extensions": {"code": "TIMEOUT"}}
    lost = error.connection_invalidated or isinstance(error, InterfaceError | OperationalError)
    if state.startswith(_UNAVAILABLE) or (lost and not state):
        log.warning("database.unavailable", sqlstate=state)
        return _unavailable("The database is not available.")
    return _internal(error)


def _unavailable(message: str) -> dict[str, Any]:
    return {"message": message, "extensions": {"code": "UNAVAILABLE"}}


def _of_refusal(refusal: Refusal) -> dict[str, Any]:
    extensions: dict[str, Any] = {"code": _CODES.get(refusal.code, "BAD_USER_INPUT")}
    if refusal.field is not None:
        extensions["field"] = list(refusal.field)
    return extensions


def _internal(error: BaseException) -> dict[str, Any]:
    request_id = current_request_id()
    log.error("request.failed", exc_info=error)
    return {
        "message": "Something went wrong on the server.",
        "extensions": {"code": "INTERNAL", "requestId": request_id},
    }


def _where(error: GraphQLError) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if error.locations:
        told["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    if error.path:
        told["path"] = list(error.path)
    return told


def _root(error: GraphQLError) -> Exception | None:
    found = error.original_error
    while isinstance(found, GraphQLError):
        found = found.original_error
    return found
