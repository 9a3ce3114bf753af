"""Bearer tokens (JWT): how they are checked, and how the product's own are issued.

No error of this module repeats any part of a token or of a key.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Protocol
from uuid import UUID

import orjson
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, OctKey
from joserfc.util import urlsafe_b64decode

from app.auth.claims import Claims, InvalidToken, MalformedToken, read_claims
from app.domain.people import EventSource, Role

MAX_CHARACTERS = 8192
CACHED_TOKENS = 4096
CACHED_FOR = timedelta(minutes=5)

# RFC 7518 §3.2: an HMAC key is at least as long as the hash.
SECRET_CHARACTERS: Mapping[str, int] = MappingProxyType({"HS256": 32, "HS384": 48, "HS512": 64})


class AlgorithmNotAllowed(InvalidToken):
    """The token names an algorithm that is not on the list; `none` never is."""

    def __init__(self) -> None:
        super().__init__("The token's algorithm is not allowed.")


class WrongSignature(InvalidToken):
    """The signature does not belong to the token and the key."""

    def __init__(self) -> None:
        super().__init__("The token's signature is wrong.")


class TokenVerifier(Protocol):
    """Something that tells true tokens from false ones."""

    async def verify(self, token: str, *, now: datetime) -> Claims:
        """Return what the token claims at `now`.

        Raises:
            InvalidToken: the token proves nothing.

        A verifier that needs keys from elsewhere may raise its own error when it cannot tell.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A token taken apart but not believed: its text and what the header says of the key."""

    raw: bytes
    algorithm: str
    key_id: str | None


def open_envelope(token: str, algorithms: Collection[str]) -> Envelope:
    """Return the token's envelope; no key is needed and no signature is looked at.

    Raises:
        MalformedToken: longer than 8 KiB, not three parts, or a header that is none.
        AlgorithmNotAllowed: the header's algorithm is not one of `algorithms`.
    """
    # JWTs are ASCII, so characters are bytes.
    if len(token) > MAX_CHARACTERS or not token.isascii():
        raise MalformedToken
    raw = token.encode("ascii")
    parts = raw.split(b".")
    if len(parts) != 3:
        raise MalformedToken
    try:
        header = orjson.loads(urlsafe_b64decode(parts[0]))
    except ValueError:
        raise MalformedToken from None
    if not isinstance(header, dict):
        raise MalformedToken
    algorithm, key_id = header.get("alg"), header.get("kid")
    # RFC 7515 §4.1.11: what is marked critical must be understood, and nothing of it is here.
    if not isinstance(algorithm, str) or not isinstance(key_id, str | None) or "crit" in header:
        raise MalformedToken
    if algorithm not in algorithms:
        raise AlgorithmNotAllowed
    return Envelope(raw=raw, algorithm=algorithm, key_id=key_id)


def signed_payload(envelope: Envelope, key: Key) -> bytes | None:
    """Return the payload if `key` signed it with the envelope's algorithm, else None.

    Raises:
        MalformedToken: header or payload cannot be read.
    """
    registry = jws.JWSRegistry(algorithms=[envelope.algorithm], strict_check_header=False)
    registry.max_header_length = MAX_CHARACTERS
    try:
        signed = jws.extract_compact(envelope.raw, registry=registry)
        registry.check_header(signed.headers())
    except (JoseError, ValueError, RecursionError):
        raise MalformedToken from None
    try:
        genuine = jws.validate_compact(signed, key, registry=registry)
    except (JoseError, ValueError):
        # A key of another kind, for another use or too odd for the algorithm has not signed this.
        return None
    return signed.payload if genuine else None


class SecretVerifier:
    """Checks tokens that are signed with a secret shared with the issuer."""

    def __init__(
        self,
        secret: str,
        algorithm: str = "HS256",
        *,
        audience: str | None = None,
        issuer: str | None = None,
    ) -> None:
        """Raise ValueError for a secret too short for the algorithm, or another algorithm."""
        self._key = _secret_key(secret, algorithm)
        self._algorithms = (algorithm,)
        self._audience = audience
        self._issuer = issuer

    async def verify(self, token: str, *, now: datetime) -> Claims:
        """Return what the token claims at `now`, or raise InvalidToken."""
        payload = signed_payload(open_envelope(token, self._algorithms), self._key)
        if payload is None:
            raise WrongSignature
        return read_claims(payload, now=now, audience=self._audience, issuer=self._issuer)


class CachedVerifier:
    """Remembers, by hash, the tokens that another verifier has found true.

    An answer is kept until the token's end, five minutes at most, so that a key that its issuer
    withdraws stops opening anything soon after. Of more than `size` the least recently used goes.
    """

    def __init__(self, verifier: TokenVerifier, *, size: int = CACHED_TOKENS) -> None:
        self._verifier = verifier
        self._size = size
        self._known: OrderedDict[bytes, tuple[Claims, datetime]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    async def verify(self, token: str, *, now: datetime) -> Claims:
        """Return what the token claims at `now`, or raise what the other verifier raises."""
        if len(token) > MAX_CHARACTERS or not token.isascii():
            raise MalformedToken
        digest = sha256(token.encode("ascii")).digest()
        known = self._known.get(digest)
        if known is not None:
            claims, until = known
            if now < until:
                self._known.move_to_end(digest)
                return claims
            del self._known[digest]
        claims = await self._verifier.verify(token, now=now)
        self._known[digest] = (claims, min(claims.expires_at, now + CACHED_FOR))
        while len(self._known) > self._size:
            self._known.popitem(last=False)
        return claims


def issue(
    *,
    secret: str,
    algorithm: str = "HS256",
    user_id: UUID,
    organization_id: UUID,
    roles: Iterable[Role] | None,
    now: datetime,
    lifetime: timedelta,
    source: EventSource | None = None,
    audience: str | None = None,
    issuer: str | None = None,
) -> str:
    """Return a token that `SecretVerifier` accepts until `now + lifetime`, in whole seconds.

    `roles` None leaves the user's roles as they are.

    Raises:
        ValueError: a secret or algorithm that SecretVerifier refuses, no lifetime, or a token
            that would speak as SYSTEM.
    """
    if lifetime < timedelta(seconds=1):
        raise ValueError("A token must live for a second at least.")
    if source is EventSource.SYSTEM:
        raise ValueError("No token speaks as SYSTEM.")
    claims: dict[str, Any] = {
        "sub": str(user_id),
        "org": str(organization_id),
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
        "roles": None if roles is None else sorted(role.value for role in roles),
        "source": None if source is None else source.value,
        "aud": audience,
        "iss": issuer,
    }
    said = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": algorithm}, said, _secret_key(secret, algorithm), [algorithm])


def _secret_key(secret: str, algorithm: str) -> OctKey:
    least = SECRET_CHARACTERS.get(algorithm)
    if least is None:
        raise ValueError(f"A secret signs with one of {', '.join(SECRET_CHARACTERS)}, nothing else.")
    if len(secret) < least:
        raise ValueError(f"The secret for {algorithm} needs at least {least} characters.")
    return OctKey.import_key(secret.encode())
