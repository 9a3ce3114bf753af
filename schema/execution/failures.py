"""Top-level errors: what went wrong as a code, and nothing of the inside."""

from collections.abc import Mapping, Sequence
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
from app.services.attachments.files import StoreFailed
from schema.execution.admission import Throttled
from schema.execution.key_scopes import ScopeMissing
from schema.execution.measuring import TooLarge

_CODES: Mapping[ErrorCode, str] = MappingProxyType({ErrorCode.NOT_FOUND: "NOT_FOUND", ErrorCode.FORBIDDEN: "FORBIDDEN"})
# statement_timeout and lock_timeout; then what a server says while it starts, stops or is full.
_TIMEOUT = frozenset({"57014", "55P03"})
_UNAVAILABLE = ("08", "53", "57P")
_MESSAGES: Mapping[str, str] = MappingProxyType(
    {"TIMEOUT": "The request took too long.", "UNAVAILABLE": "The database is not available."}
)

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


def code_of(error: BaseException) -> str:
    """Return the code of an error that no resolver has placed."""
    match error:
        case Refusal():
            return _CODES.get(error.code, "BAD_USER_INPUT")
        case InvalidToken() | UnknownUser():
            return "UNAUTHENTICATED"
        case ScopeMissing():
            return "FORBIDDEN"
        case TooLarge():
            return "QUERY_TOO_COMPLEX"
        case Throttled():
            return "THROTTLED"
        # Before what it is a kind of.
        case TimeoutError():
            return "TIMEOUT"
        case KeysUnavailable() | NoFreeConnection() | OSError() | ConnectionLost() | StoreFailed():
            return "UNAVAILABLE"
        case DBAPIError():
            return _code_of_database(error)
        case _:
            return "INTERNAL"


def code_of_first(errors: Sequence[Mapping[str, Any]] | None) -> str:
    """Return the code of the first error of a response; OK where there is none."""
    return "OK" if not errors else str(errors[0].get("extensions", {}).get("code", "INTERNAL"))


def failure(error: BaseException) -> dict[str, Any]:
    """Return an error that is not the client's fault, or that says who the client is not."""
    code = code_of(error)
    extensions: dict[str, Any] = {"code": code}
    match error:
        case Refusal():
            return {"message": error.message, "extensions": _of_refusal(error)}
        case InvalidToken():
            message = error.reason
        case UnknownUser():
            message = "The token's user may not come in."
        case ScopeMissing():
            message, extensions = str(error), {**extensions, "missingScopes": error.scopes}
        case Throttled():
            message, extensions = str(error), {**extensions, "retryAfter": error.retry_after}
        case TooLarge():
            message = str(error)
        case KeysUnavailable():
            message = "Tokens cannot be checked at the moment."
        case StoreFailed():
            log.error("files.store_failed", reason=str(error))
            message = "Files cannot be kept at the moment."
        case _ if code == "INTERNAL":
            return _internal(error)
        case _:
            message = _MESSAGES[code]
            if isinstance(error, DBAPIError) and code == "UNAVAILABLE":
                log.warning("database.unavailable", sqlstate=_state(error))
    return {"message": message, "extensions": extensions}


def _code_of_database(error: DBAPIError) -> str:
    state = _state(error)
    if state in _TIMEOUT:
        return "TIMEOUT"
    lost = error.connection_invalidated or isinstance(error, InterfaceError | OperationalError)
    return "UNAVAILABLE" if state.startswith(_UNAVAILABLE) or (lost and not state) else "INTERNAL"


def _state(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", None) or "")


def _of_refusal(refusal: Refusal) -> dict[str, Any]:
    extensions: dict[str, Any] = {"code": code_of(refusal)}
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
