"""What a bearer token (JWT) claims, and why a token is refused.

Nothing here looks a user up: a token names a user, an organisation, an end and, if it likes, fewer
roles than the user has. No error repeats any part of a token.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson

from app.domain.people import EventSource, Role

CLOCK_LEEWAY = timedelta(seconds=5)

ROLES_BY_NAME: Mapping[str, Role] = MappingProxyType(
    {
        **{role.value: role for role in Role},
        "technician": Role.TECHNICIAN,
        "DEVOPS_ENGINEER": Role.TECHNICIAN,
        "SENIOR_ENGINEER": Role.SENIOR_TECHNICIAN,
        "admin": Role.ADMIN,
    }
)


class InvalidToken(Exception):
    """The token proves nothing; `reason` is a sentence for whoever sent it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MalformedToken(InvalidToken):
    """The text is no signed JWT, or is too long to be looked at."""

    def __init__(self) -> None:
        super().__init__("The token is malformed.")


class TokenExpired(InvalidToken):
    """The token's end (`exp`) has come."""

    def __init__(self) -> None:
        super().__init__("The token has expired.")


class TokenNotYetValid(InvalidToken):
    """The token's beginning (`nbf`) lies ahead."""

    def __init__(self) -> None:
        super().__init__("The token is not valid yet.")


class MissingClaim(InvalidToken):
    """The token lacks the claim named by `claim`."""

    def __init__(self, claim: str) -> None:
        super().__init__(f"The token lacks the claim {claim!r}.")
        self.claim = claim


class InvalidClaim(InvalidToken):
    """The claim named by `claim` has a value that is not accepted."""

    def __init__(self, claim: str) -> None:
        super().__init__(f"The token's claim {claim!r} is not acceptable.")
        self.claim = claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a verified token says.

    `roles` None means that the token does not speak of roles and narrows nothing; an empty set
    leaves none. `source` None means that the token does not say. `key_id` is the API key that was sent instead of a
    token, whose scopes narrow besides.
    """

    user_id: UUID
    organization_id: UUID
    roles: frozenset[Role] | None
    source: EventSource | None
    issued_at: datetime | None
    expires_at: datetime
    key_id: UUID | None = None


def read_claims(payload: bytes, *, now: datetime, audience: str | None, issuer: str | None) -> Claims:
    """Return the claims of a payload whose signature has been checked.

    `exp` has no leeway; `nbf` and the issuer's clock may run five seconds ahead. `aud` and `iss`
    are looked at where `audience` and `issuer` are given.

    Raises:
        MalformedToken: the payload is no JSON object.
        TokenExpired, TokenNotYetValid: `now` lies outside the token's time.
        MissingClaim, InvalidClaim: `exp`, `sub`, `org`, or a claim that was asked for.
    """
    try:
        body = orjson.loads(payload)
    except ValueError:
        raise MalformedToken from None
    if not isinstance(body, dict):
        raise MalformedToken
    expires_at = _moment(body, "exp")
    if expires_at is None:
        raise MissingClaim("exp")
    if expires_at <= now:
        raise TokenExpired
    not_before = _moment(body, "nbf")
    if not_before is not None and not_before > now + CLOCK_LEEWAY:
        raise TokenNotYetValid
    _expect(body, "iss", issuer)
    _expect(body, "aud", audience)
    return Claims(
        user_id=_uuid(body, "sub"),
        organization_id=_uuid(body, "org"),
        roles=_roles(body),
        source=_source(body),
        issued_at=_moment(body, "iat"),
        expires_at=expires_at,
    )


def _moment(body: Mapping[str, Any], claim: str) -> datetime | None:
    value = body.get(claim)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidClaim(claim)
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        raise InvalidClaim(claim) from None


def _expect(body: Mapping[str, Any], claim: str, wanted: str | None) -> None:
    if wanted is None:
        return
    said = body.get(claim)
    if said is None:
        raise MissingClaim(claim)
    # RFC 7519 §4.1.3: only `aud` may name several.
    named = said if claim == "aud" and isinstance(said, list) else [said]
    if wanted not in named:
        raise InvalidClaim(claim)


def _uuid(body: Mapping[str, Any], claim: str) -> UUID:
    value = body.get(claim)
    if value is None:
        raise MissingClaim(claim)
    if not isinstance(value, str):
        raise InvalidClaim(claim)
    try:
        return UUID(value)
    except ValueError:
        raise InvalidClaim(claim) from None


def _roles(body: Mapping[str, Any]) -> frozenset[Role] | None:
    if "roles" not in body:
        return None
    said = body["roles"]
    names = [said] if isinstance(said, str) else said
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidClaim("roles")
    return frozenset(ROLES_BY_NAME[name] for name in names if name in ROLES_BY_NAME)


def _source(body: Mapping[str, Any]) -> EventSource | None:
    said = body.get("source")
    if said is None:
        return None
    if not isinstance(said, str):
        raise InvalidClaim("source")
    name = said.upper()
    # SYSTEM is the workers' own word: a client that could claim it would hide in the audit trail.
    if name not in EventSource.__members__ or name == EventSource.SYSTEM:
        return None
    return EventSource(name)
