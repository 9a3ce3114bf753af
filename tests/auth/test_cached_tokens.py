"""Tokens that were found true are remembered, for a while and not too many."""

import hashlib
from datetime import datetime, timedelta

import pytest

from app.auth.claims import (
    Claims,
    MalformedToken,
    TokenExpired,
    TokenNotYetValid,
)
from app.auth.tokens import (
    CACHED_FOR,
    MAX_CHARACTERS,
    CachedVerifier,
    WrongSignature,
)
from tests.auth.minting import (
    GOOD,
    HOUR,
    NOW,
    USER,
    claims_of,
    issued,
    part,
    signed,
)


class CountingVerifier:
    """Verifies for real, and counts."""

    def __init__(self) -> None:
        self.calls = 0

    async def verify(self, token: str, *, now: datetime) -> Claims:
        self.calls += 1
        return await claims_of(token, now=now)


async def test_a_token_is_verified_once_and_then_remembered() -> None:
    inner = CountingVerifier()
    cached = CachedVerifier(inner)
    token = issued()

    answers = [await cached.verify(token, now=NOW) for _ in range(3)]

    assert answers == [await claims_of(token)] * 3
    assert inner.calls == 1


async def test_a_remembered_token_ends_at_its_end() -> None:
    cached = CachedVerifier(CountingVerifier())
    token = issued(lifetime=timedelta(seconds=30))
    await cached.verify(token, now=NOW)

    await cached.verify(token, now=NOW + timedelta(seconds=29))
    with pytest.raises(TokenExpired):
        await cached.verify(token, now=NOW + timedelta(seconds=30))
    assert len(cached) == 0


async def test_a_remembered_token_is_looked_at_again_after_a_while() -> None:
    inner = CountingVerifier()
    cached = CachedVerifier(inner)
    token = issued()
    await cached.verify(token, now=NOW)

    await cached.verify(token, now=NOW + CACHED_FOR)

    assert inner.calls == 2


async def test_a_refusal_is_not_remembered() -> None:
    inner = CountingVerifier()
    cached = CachedVerifier(inner)
    token = signed({**GOOD, "nbf": int((NOW + timedelta(minutes=1)).timestamp())})
    with pytest.raises(TokenNotYetValid):
        await cached.verify(token, now=NOW)

    assert (await cached.verify(token, now=NOW + timedelta(minutes=1))).user_id == USER
    assert (inner.calls, len(cached)) == (2, 1)


async def test_of_too_many_tokens_the_one_not_used_longest_is_forgotten() -> None:
    inner = CountingVerifier()
    cached = CachedVerifier(inner, size=2)
    first, second, third = (issued(lifetime=HOUR + timedelta(seconds=n)) for n in range(3))
    for token in (first, second, first, third):
        await cached.verify(token, now=NOW)
    assert (inner.calls, len(cached)) == (3, 2)

    await cached.verify(first, now=NOW)
    assert inner.calls == 3
    await cached.verify(second, now=NOW)
    assert inner.calls == 4


@pytest.mark.parametrize("text", ["x" * (MAX_CHARACTERS + 1), "é", "\ud800"])
async def test_the_cache_hashes_nothing_that_cannot_be_a_token(text: str) -> None:
    inner = CountingVerifier()

    with pytest.raises(MalformedToken):
        await CachedVerifier(inner).verify(text, now=NOW)

    assert inner.calls == 0


async def test_a_token_that_differs_in_its_signature_only_is_another_token() -> None:
    cached = CachedVerifier(CountingVerifier())
    token = issued()
    await cached.verify(token, now=NOW)
    forged = token.rsplit(".", 1)[0] + "." + part(hashlib.sha256(b"guess").digest())

    with pytest.raises(WrongSignature):
        await cached.verify(forged, now=NOW)
