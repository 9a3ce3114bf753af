"""What the routes of tables answer when something is wrong (RFC 9457): the same codes as GraphQL's errors."""

from collections.abc import Mapping
from types import MappingProxyType

import orjson

from app.domain.refusals import ErrorCode, Refusal
from app.transfers.answers import Answer, Headers
from schema.execution.bodies import BodyRefused
from schema.execution.caps import TooMany
from schema.execution.failures import failure

_STATUSES: Mapping[str, int] = MappingProxyType(
    {
        "BAD_USER_INPUT": 400,
        "UNAUTHENTICATED": 401,
        "FORBIDDEN": 403,
        "NOT_FOUND": 404,
        "THROTTLED": 429,
        "UNAVAILABLE": 503,
        "TIMEOUT": 504,
        ErrorCode.IDEMPOTENCY_IN_PROGRESS: 409,
        ErrorCode.IDEMPOTENCY_MISMATCH: 422,
    }
)
_LATER_SECONDS = 5


class NoRoom(Exception):
    """As many are at it already as may be at once, whoever they are."""


def problem_of(error: Exception) -> Answer:
    """Return what is told of an error; what is not the client's fault is logged, and nothing of it is told."""
    match error:
        case BodyRefused():
            return _answer(error.status, {"detail": str(error), "code": "BAD_USER_INPUT"}, error.headers)
        case TooMany():
            return _answer(429, {"detail": str(error), "code": "THROTTLED"}, _later(_LATER_SECONDS))
        case NoRoom():
            told = {"detail": "Too many tables are under way at the moment.", "code": "UNAVAILABLE"}
            return _answer(503, told, _later(_LATER_SECONDS))
        case _:
            return _failed(error)


def _failed(error: Exception) -> Answer:
    told = failure(error)
    extensions = dict(told["extensions"])
    code = extensions.pop("code")
    if isinstance(error, Refusal) and error.code in _STATUSES:
        code = error.code.value
    status = _STATUSES.get(code, 500)
    headers: Headers = ()
    if status == 401:
        headers = ((b"www-authenticate", b"Bearer"),)
    elif status in {409, 429, 503}:
        headers = _later(extensions.pop("retryAfter", _LATER_SECONDS))
    return _answer(status, {"detail": told["message"], "code": code, **extensions}, headers)


def _answer(status: int, told: Mapping[str, object], headers: Headers = ()) -> Answer:
    return Answer(status, orjson.dumps({"status": status, **told}), headers)


def _later(seconds: int) -> Headers:
    return ((b"retry-after", b"%d" % seconds),)
