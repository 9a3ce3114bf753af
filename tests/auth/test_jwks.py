"""Tokens of an identity provider, checked against keys fetched over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from app.auth import jwks
from app.auth.claims import InvalidClaim, InvalidToken, MalformedToken, TokenExpired, TokenNotYetValid
from app.auth.jwks import (
    ASYMMETRIC,
    FETCH_EVERY,
    MAX_AGE,
    MAX_STALE,
    JwksVerifier,
    KeysUnavailable,
    UnknownKey,
)
from app.auth.tokens import AlgorithmNotAllowed, WrongSignature
from tests.auth.key_server import KeyServer, serving
from tests.auth.minting import GOOD, HOUR, NOW, SECRET, USER, signed

FOREVER = {**GOOD, "exp": int((NOW + timedelta(days=365)).timestamp())}
FIRST = ECKey.generate_key("P-256", {"kid": "first"})
SECOND = ECKey.generate_key("P-256", {"kid": "second"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
SECONDS = timedelta(seconds=1)


@pytest.fixture
async def server() -> AsyncIterator[KeyServer]:
    async with serving(FIRST) as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as session:
        yield session


@pytest.fixture
def verifier(server: KeyServer, client: httpx.AsyncClient) -> JwksVerifier:
    return JwksVerifier(server.url, ["ES256"], client)


def token_of(key: Key, *, algorithm: str = "ES256", kid: str | None = "", **claims: Any) -> str:
    """Sign with `key` and name it, or name `kid` instead, or nothing if that is None."""
    name = key.kid if kid == "" else kid
    header = {"alg": algorithm} if name is None else {"alg": algorithm, "kid": name}
    return jwt.encode(header, {**FOREVER, **claims}, key, [algorithm])


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        *[(name, RSA) for name in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")],
        ("ES256", FIRST),
        ("ES384", ECKey.generate_key("P-384", {"kid": "384"})),
        ("ES512", ECKey.generate_key("P-521", {"kid": "521"})),
        ("Ed25519", OKPKey.generate_key("Ed25519", {"kid": "ed"})),
    ],
)
async def test_a_token_signed_with_a_published_key_opens(
    algorithm: str, key: Key, server: KeyServer, client: httpx.AsyncClient
) -> None:
    server.publish(SECOND, key)
    verifier = JwksVerifier(server.url, ASYMMETRIC, client)

    assert (await verifier.verify(token_of(key, algorithm=algorithm), now=NOW)).user_id == USER


async def test_keys_are_fetched_once_for_many_tokens(server: KeyServer, verifier: JwksVerifier) -> None:
    for _ in range(5):
        await verifier.verify(token_of(FIRST), now=NOW)

    assert server.requests == 1


async def test_verifications_at_the_same_time_share_one_fetch(server: KeyServer, verifier: JwksVerifier) -> None:
    server.open.clear()
    waiting = [asyncio.create_task(verifier.verify(token_of(FIRST), now=NOW)) for _ in range(50)]
    await server.asked.wait()
    server.open.set()

    assert {claims.user_id for claims in await asyncio.gather(*waiting)} == {USER}
    assert server.requests == 1


async def test_whoever_gives_up_waiting_does_not_take_the_fetch_along(
    server: KeyServer, verifier: JwksVerifier
) -> None:
    server.open.clear()
    impatient = asyncio.create_task(verifier.verify(token_of(FIRST), now=NOW))
    await server.asked.wait()
    patient = asyncio.create_task(verifier.verify(token_of(FIRST), now=NOW))
    await asyncio.sleep(0)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    server.open.set()

    assert (await patient).user_id == USER
    assert server.requests == 1


async def test_a_new_key_is_found_when_a_token_names_it(server: KeyServer, verifier: JwksVerifier) -> None:
    await verifier.verify(token_of(FIRST), now=NOW)
    server.publish(SECOND)

    later = NOW + FETCH_EVERY
    assert (await verifier.verify(token_of(SECOND), now=later)).user_id == USER
    assert server.requests == 2
    with pytest.raises(UnknownKey):
        await verifier.verify(token_of(FIRST), now=later)


async def test_unknown_keys_cause_one_fetch_in_ten_seconds(server: KeyServer, verifier: JwksVerifier) -> None:
    for second in range(25):
        with pytest.raises(UnknownKey):
            await verifier.verify(token_of(SECOND), now=NOW + second * SECONDS)

    assert server.requests == 3


async def test_many_unknown_keys_at_once_cause_one_fetch(server: KeyServer, verifier: JwksVerifier) -> None:
    await verifier.verify(token_of(FIRST), now=NOW)
    tokens = [token_of(SECOND, kid=f"made up {n}") for n in range(20)]

    outcomes = await asyncio.gather(
        *(verifier.verify(token, now=NOW + FETCH_EVERY) for token in tokens), return_exceptions=True
    )

    assert {type(outcome) for outcome in outcomes} == {UnknownKey}
    assert server.requests == 2


async def test_a_withdrawn_key_opens_nothing_after_an_hour(server: KeyServer, verifier: JwksVerifier) -> None:
    await verifier.verify(token_of(FIRST), now=NOW)
    server.publish(SECOND)

    await verifier.verify(token_of(FIRST), now=NOW + MAX_AGE - SECONDS)
    with pytest.raises(UnknownKey):
        await verifier.verify(token_of(FIRST), now=NOW + MAX_AGE)


async def test_known_keys_serve_on_while_the_endpoint_is_down(server: KeyServer, verifier: JwksVerifier) -> None:
    await verifier.verify(token_of(FIRST), now=NOW)
    await server.stop()

    for later in (MAX_AGE, MAX_AGE + FETCH_EVERY, MAX_STALE - SECONDS):
        assert (await verifier.verify(token_of(FIRST), now=NOW + later)).user_id == USER
    with pytest.raises(KeysUnavailable):
        await verifier.verify(token_of(FIRST), now=NOW + MAX_STALE + FETCH_EVERY)


async def test_after_an_outage_the_endpoint_is_heard_again(server: KeyServer, verifier: JwksVerifier) -> None:
    await verifier.verify(token_of(FIRST), now=NOW)
    await server.stop()
    await verifier.verify(token_of(FIRST), now=NOW + MAX_AGE)
    server.publish(SECOND)
    await server.restart()

    assert (await verifier.verify(token_of(SECOND), now=NOW + MAX_AGE + FETCH_EVERY)).user_id == USER
    with pytest.raises(UnknownKey):
        await verifier.verify(token_of(FIRST), now=NOW + MAX_AGE + FETCH_EVERY)


async def test_a_clock_that_is_set_back_does_not_stop_the_fetching(server: KeyServer, verifier: JwksVerifier) -> None:
    await verifier.verify(token_of(FIRST), now=NOW)
    server.publish(SECOND)

    assert (await verifier.verify(token_of(SECOND), now=NOW - HOUR)).user_id == USER


async def test_nobody_waits_for_an_endpoint_that_failed_a_moment_ago(server: KeyServer, verifier: JwksVerifier) -> None:
    await verifier.verify(token_of(FIRST), now=NOW)
    server.status = "503 Service Unavailable"
    await verifier.verify(token_of(FIRST), now=NOW + MAX_AGE)
    server.open.clear()

    async with asyncio.timeout(2):
        claims = await verifier.verify(token_of(FIRST), now=NOW + MAX_AGE + FETCH_EVERY)

    assert claims.user_id == USER


async def test_an_unknown_key_cannot_be_judged_while_the_endpoint_is_down(
    server: KeyServer, verifier: JwksVerifier
) -> None:
    await verifier.verify(token_of(FIRST), now=NOW)
    await server.stop()

    with pytest.raises(KeysUnavailable):
        await verifier.verify(token_of(SECOND), now=NOW + FETCH_EVERY)


async def test_without_any_keys_nothing_can_be_said_until_the_endpoint_answers(
    server: KeyServer, verifier: JwksVerifier
) -> None:
    await server.stop()
    with pytest.raises(KeysUnavailable):
        await verifier.verify(token_of(FIRST), now=NOW)
    await server.restart()

    with pytest.raises(KeysUnavailable):
        await verifier.verify(token_of(FIRST), now=NOW + FETCH_EVERY - SECONDS)
    assert server.requests == 0
    assert (await verifier.verify(token_of(FIRST), now=NOW + FETCH_EVERY)).user_id == USER


@pytest.mark.parametrize("status", ["500 Internal Server Error", "404 Not Found", "204 No Content"])
async def test_another_status_is_no_answer(status: str, server: KeyServer, verifier: JwksVerifier) -> None:
    server.status = status

    with pytest.raises(KeysUnavailable):
        await verifier.verify(token_of(FIRST), now=NOW)


async def test_a_redirect_is_not_followed(server: KeyServer, verifier: JwksVerifier) -> None:
    server.status, server.headers = "302 Found", f"Location: {server.url}/elsewhere\r\n"

    with pytest.raises(KeysUnavailable):
        await verifier.verify(token_of(FIRST), now=NOW)
    assert server.requests == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"null",
        b"[]",
        b"{}",
        b'{"keys": null}',
        b'{"keys": {}}',
        b"[" * 5000,
        b'{"keys": [' + b",".join([b"{}"] * (jwks.MAX_KEYS + 1)) + b"]}",
        b'{"keys": [], "padding": "' + b" " * jwks.MAX_BYTES + b'"}',
    ],
    ids=lambda body: body[:12].decode() + f"-{len(body)}",
)
async def test_what_is_no_key_set_is_no_answer(body: bytes, server: KeyServer, verifier: JwksVerifier) -> None:
    server.body = body

    with pytest.raises(KeysUnavailable):
        await verifier.verify(token_of(FIRST), now=NOW)


async def test_a_silent_endpoint_is_not_waited_for_long(
    server: KeyServer, verifier: JwksVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwks, "FETCH_SECONDS", 0.05)
    server.open.clear()

    async with asyncio.timeout(2):
        with pytest.raises(KeysUnavailable):
            await verifier.verify(token_of(FIRST), now=NOW)


async def test_a_known_name_on_another_key_is_a_forgery(server: KeyServer, verifier: JwksVerifier) -> None:
    await verifier.verify(token_of(FIRST), now=NOW)

    with pytest.raises(WrongSignature):
        await verifier.verify(token_of(SECOND, kid="first"), now=NOW + FETCH_EVERY)
    assert server.requests == 1


async def test_the_published_key_is_no_secret_to_sign_with(server: KeyServer, client: httpx.AsyncClient) -> None:
    server.publish(RSA)
    verifier = JwksVerifier(server.url, ["RS256"], client)
    pem = RSA.as_pem(private=False).decode()

    for forged in (
        signed(FOREVER, header={"alg": "HS256", "kid": "rsa"}, secret=pem),
        signed(FOREVER, header={"alg": "HS512", "kid": "rsa"}, secret=pem, hash_name="sha512"),
        signed(FOREVER, header={"alg": "none", "kid": "rsa"}),
    ):
        with pytest.raises(AlgorithmNotAllowed):
            await verifier.verify(forged, now=NOW)
    with pytest.raises(WrongSignature):
        await verifier.verify(signed(FOREVER, header={"alg": "RS256", "kid": "rsa"}, secret=pem), now=NOW)


async def test_a_published_secret_opens_nothing(server: KeyServer, client: httpx.AsyncClient) -> None:
    server.publish(FIRST, OctKey.import_key(SECRET.encode(), {"kid": "shared"}))
    verifier = JwksVerifier(server.url, ASYMMETRIC, client)

    with pytest.raises(AlgorithmNotAllowed):
        await verifier.verify(signed(FOREVER, header={"alg": "HS256", "kid": "shared"}), now=NOW)
    with pytest.raises(UnknownKey):
        await verifier.verify(signed(FOREVER, header={"alg": "ES256", "kid": "shared"}), now=NOW)


@pytest.mark.parametrize("algorithms", [[], ["HS256"], ["RS256", "HS256"], ["none"], ["RS256", "none"], ["ES257"]])
def test_only_asymmetric_algorithms_can_be_allowed(algorithms: list[str], client: httpx.AsyncClient) -> None:
    with pytest.raises(ValueError, match="one or more of"):
        JwksVerifier("https://id.example/keys", algorithms, client)


@pytest.mark.parametrize(
    "url",
    ["", "/keys", "file:///keys", "ftp://id.example/keys", "https://", "id.example", "https://id.example:x"],
)
def test_an_address_that_is_not_on_the_web_is_refused(url: str, client: httpx.AsyncClient) -> None:
    with pytest.raises(ValueError, match="begins with https"):
        JwksVerifier(url, ["RS256"], client)


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "PS256"])
async def test_a_key_does_not_sign_with_an_algorithm_that_is_not_its_own(
    algorithm: str, server: KeyServer, client: httpx.AsyncClient
) -> None:
    pinned = RSAKey.import_key({**RSA.as_dict(private=True), "alg": "RS256"})
    server.publish(pinned)
    verifier = JwksVerifier(server.url, ASYMMETRIC, client)
    signers: dict[str, Key] = {"ES256": FIRST, "ES384": ECKey.generate_key("P-384"), "PS256": RSA}

    with pytest.raises(WrongSignature):
        await verifier.verify(token_of(signers[algorithm], algorithm=algorithm, kid="rsa"), now=NOW)
    await verifier.verify(token_of(pinned, algorithm="RS256"), now=NOW)


async def test_keys_that_must_not_verify_are_left_out(server: KeyServer, client: httpx.AsyncClient) -> None:
    with pytest.warns(match="2048"):
        weak = RSAKey.generate_key(1024, {"kid": "weak"})
    for_secrecy = RSAKey.import_key({**RSA.as_dict(private=True), "use": "enc", "kid": "secrecy"})
    server.publish(FIRST, weak, for_secrecy)
    verifier = JwksVerifier(server.url, ["RS256", "ES256"], client)

    for kid, key in (("weak", weak), ("secrecy", RSA)):
        with pytest.raises(UnknownKey):
            await verifier.verify(token_of(key, algorithm="RS256", kid=kid), now=NOW)
    await verifier.verify(token_of(FIRST), now=NOW)


async def test_tokens_and_keys_without_names_are_matched_by_trying(server: KeyServer, verifier: JwksVerifier) -> None:
    nameless = ECKey.generate_key("P-256")
    server.body = server.body.replace(b'"kid": "first", ', b"").replace(b', "kid": "first"', b"")
    assert b"kid" not in server.body
    await verifier.verify(token_of(FIRST, kid=None), now=NOW)
    await verifier.verify(token_of(FIRST), now=NOW)
    with pytest.raises(UnknownKey):
        await verifier.verify(token_of(nameless, kid=None), now=NOW)

    server.publish(FIRST, nameless)
    assert (await verifier.verify(token_of(nameless, kid=None), now=NOW + FETCH_EVERY)).user_id == USER


@pytest.mark.parametrize("text", ["", "a.b.c", "..", "x" * 9000, "\ud800.."])
async def test_garbage_causes_no_fetch(text: str, server: KeyServer, verifier: JwksVerifier) -> None:
    with pytest.raises(MalformedToken):
        await verifier.verify(text, now=NOW)

    assert server.requests == 0


async def test_time_and_addressee_count_for_these_tokens_too(server: KeyServer, client: httpx.AsyncClient) -> None:
    verifier = JwksVerifier(server.url, ["ES256"], client, audience="fieldgraph", issuer="https://id.example")
    right = {"aud": "fieldgraph", "iss": "https://id.example"}
    soon = int((NOW + HOUR).timestamp())
    wrong: list[tuple[dict[str, Any], type[InvalidToken]]] = [
        ({**right, "exp": int(NOW.timestamp())}, TokenExpired),
        ({**right, "nbf": soon}, TokenNotYetValid),
        ({**right, "aud": "other"}, InvalidClaim),
        ({**right, "iss": "https://other.example"}, InvalidClaim),
    ]

    assert (await verifier.verify(token_of(FIRST, **right), now=NOW)).user_id == USER
    for claims, refusal in wrong:
        with pytest.raises(refusal):
            await verifier.verify(token_of(FIRST, **claims), now=NOW)
