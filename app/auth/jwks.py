"""Tokens signed by an identity provider that publishes its public keys (RFC 7517)."""

import asyncio
import warnings
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import httpx
import orjson
import structlog
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import JWKRegistry, Key

from app.auth.claims import Claims, InvalidToken, read_claims
from app.auth.tokens import Envelope, WrongSignature, open_envelope, signed_payload

ASYMMETRIC = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519"})
MAX_AGE = timedelta(hours=1)
MAX_STALE = timedelta(hours=24)
FETCH_EVERY = timedelta(seconds=10)
FETCH_SECONDS = 5.0
MAX_KEYS = 32
MAX_BYTES = 256 * 1024

log = structlog.get_logger(__name__)


class UnknownKey(InvalidToken):
    """No key that the provider publishes has signed the token."""

    def __init__(self) -> None:
        super().__init__("The token is signed with an unknown key.")


class KeysUnavailable(Exception):
    """The provider's keys cannot be had, so nothing can be said of the token; try again later."""


class UnusableKeySet(Exception):
    """What the provider answered is no key set."""


def read_key_set(body: bytes) -> tuple[Key, ...]:
    """Return the keys of a JWKS document that can verify signatures.

    Secrets (`oct`), encryption keys, keys too weak and keys that cannot be read are left out: a
    provider may publish kinds that this program does not know.

    Raises:
        UnusableKeySet: no JSON object with at most 32 `keys`.
    """
    try:
        document = orjson.loads(body)
    except ValueError as error:
        raise UnusableKeySet("not JSON") from error
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise UnusableKeySet("no list of keys")
    if len(entries) > MAX_KEYS:
        raise UnusableKeySet(f"more than {MAX_KEYS} keys")
    return tuple(key for entry in entries if (key := _public_key(entry)) is not None)


class JwksVerifier:
    """Checks tokens against the keys published at a URL.

    Keys are fetched when first needed, again after an hour, and when a token names a key that is
    not known, at most once in ten seconds; whoever needs the same fetch waits for the same one.
    While the endpoint is down the last keys serve on, for a day at most.
    """

    def __init__(
        self,
        url: str,
        algorithms: Collection[str],
        client: httpx.AsyncClient,
        audience: str | None = None,
        issuer: str | None = None,
    ) -> None:
        """Raise ValueError for a URL that is not HTTP, or algorithms that are not all asymmetric."""
        self._algorithms = frozenset(algorithms)
        # With HS256 allowed, anyone could sign with the published key as the secret.
        if not self._algorithms or self._algorithms - ASYMMETRIC:
            raise ValueError(f"A JWKS needs one or more of {', '.join(sorted(ASYMMETRIC))}, nothing else.")
        try:
            address = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise ValueError("The address of a JWKS begins with https:// or http://.") from error
        if address.scheme not in {"http", "https"} or not address.host:
            raise ValueError("The address of a JWKS begins with https:// or http://.")
        self._url = address
        self._client = client
        self._audience = audience
        self._issuer = issuer
        self._keys: tuple[Key, ...] = ()
        self._fetched_at: datetime | None = None
        self._attempted_at: datetime | None = None
        self._failing = False
        self._fetch: asyncio.Task[None] | None = None

    async def verify(self, token: str, *, now: datetime) -> Claims:
        """Return what the token claims at `now`.

        Raises:
            InvalidToken: the token proves nothing.
            KeysUnavailable: no keys have been had yet, or the token's key is unknown while the
                endpoint does not answer.
        """
        envelope = open_envelope(token, self._algorithms)
        await self._freshen(now)
        payload = self._payload(envelope)
        if payload is None:
            if self._names_known_key(envelope):
                raise WrongSignature
            await self._fetch_again(now)
            payload = self._payload(envelope)
        if payload is None:
            if self._failing:
                raise KeysUnavailable
            raise UnknownKey
        return read_claims(payload, now=now, audience=self._audience, issuer=self._issuer)

    def _names_known_key(self, envelope: Envelope) -> bool:
        return envelope.key_id is not None and any(key.kid == envelope.key_id for key in self._keys)

    def _payload(self, envelope: Envelope) -> bytes | None:
        known = self._names_known_key(envelope)
        for key in self._keys:
            # A key without a name may have signed anything, a token without one may be anyone's.
            if key.kid == envelope.key_id or (not known and None in (key.kid, envelope.key_id)):
                payload = signed_payload(envelope, key)
                if payload is not None:
                    return payload
        return None

    async def _freshen(self, now: datetime) -> None:
        age = None if self._fetched_at is None else now - self._fetched_at
        if age is not None and age < MAX_AGE:
            return
        if age is not None and age < MAX_STALE and self._failing:
            # The endpoint was down a moment ago: nobody waits for it while old keys serve.
            self._begin_fetch(now)
            return
        await self._fetch_again(now)
        if self._fetched_at is None or now - self._fetched_at >= MAX_STALE:
            raise KeysUnavailable

    async def _fetch_again(self, now: datetime) -> None:
        fetch = self._begin_fetch(now)
        if fetch is not None:
            # Shielded: a caller that gives up must not take the others' fetch along.
            await asyncio.shield(fetch)

    def _begin_fetch(self, now: datetime) -> asyncio.Task[None] | None:
        """Return the running fetch or a new one; None when the last is too recent."""
        if self._fetch is not None and not self._fetch.done():
            return self._fetch
        if self._attempted_at is not None and timedelta(0) <= now - self._attempted_at < FETCH_EVERY:
            return None
        self._attempted_at = now
        self._fetch = asyncio.create_task(self._fetch_keys(now), name="jwks.fetch")
        return self._fetch

    async def _fetch_keys(self, now: datetime) -> None:
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                keys = await fetch_key_set(self._client, self._url)
        except (httpx.HTTPError, TimeoutError, UnusableKeySet) as error:
            self._failing = True
            log.warning("jwks.fetch_failed", host=self._url.host, error=type(error).__name__, detail=str(error))
            return
        self._failing = False
        self._keys = keys
        self._fetched_at = now
        log.info("jwks.fetched", host=self._url.host, keys=len(keys))


async def fetch_key_set(client: httpx.AsyncClient, url: httpx.URL) -> tuple[Key, ...]:
    """Return the keys that are published at an address; of the answer at most 256 KiB are read.

    Raises:
        httpx.HTTPError: it cannot be reached.
        UnusableKeySet: what it answers is no key set.
    """
    body = bytearray()
    # Not compressed: a small answer must not unfold into a large one.
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    async with client.stream("GET", url, headers=headers, follow_redirects=False) as response:
        if response.status_code != httpx.codes.OK:
            raise UnusableKeySet(f"status {response.status_code}")
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > MAX_BYTES:
                raise UnusableKeySet(f"more than {MAX_BYTES} bytes")
    return read_key_set(bytes(body))


def _public_key(entry: Any) -> Key | None:
    # Tuples, for a key from outside may hold anything, also what cannot be hashed.
    if not isinstance(entry, dict) or entry.get("kty") not in ("RSA", "EC", "OKP"):
        return None
    if entry.get("use") not in (None, "sig"):
        return None
    try:
        with warnings.catch_warnings():
            # joserfc only warns of an RSA key under 2048 bits; such a key must not open anything.
            warnings.simplefilter("error", SecurityWarning)
            return JWKRegistry.import_key(entry)
    except (JoseError, SecurityWarning, ValueError, TypeError, KeyError, AttributeError) as error:
        log.warning("jwks.key_skipped", error=type(error).__name__)
        return None
