"""Tokens signed with a shared secret: what opens, and what does not."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import RSAKey

from app.auth.claims import (
    Claims,
    InvalidToken,
    MalformedToken,
)
from app.auth.tokens import (
    MAX_CHARACTERS,
    AlgorithmNotAllowed,
    SecretVerifier,
    WrongSignature,
)
from app.domain.people import EventSource, Role
from tests.auth.minting import (
    GOOD,
    HOUR,
    NOW,
    ORGANIZATION,
    SECRET,
    USER,
    claims_of,
    issued,
    json_values,
    part,
    signed,
)


async def test_an_issued_token_says_what_it_was_issued_with() -> None:
    token = issued(roles={Role.DISPATCHER, Role.TECHNICIAN}, source=EventSource.MOBILE)

    assert await claims_of(token) == Claims(
        user_id=USER,
        organization_id=ORGANIZATION,
        roles=frozenset({Role.DISPATCHER, Role.TECHNICIAN}),
        source=EventSource.MOBILE,
        issued_at=NOW,
        expires_at=NOW + HOUR,
    )


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
async def test_every_hmac_works_with_a_secret_as_long_as_its_hash(algorithm: str) -> None:
    token = issued(algorithm=algorithm)

    assert (await SecretVerifier(SECRET, algorithm).verify(token, now=NOW)).user_id == USER


@pytest.mark.parametrize(("algorithm", "least"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_secret_shorter_than_the_hash_is_refused(algorithm: str, least: int) -> None:
    SecretVerifier("x" * least, algorithm)

    with pytest.raises(ValueError, match=f"at least {least} characters"):
        SecretVerifier("x" * (least - 1), algorithm)
    with pytest.raises(ValueError, match=f"at least {least} characters"):
        issued(secret="x" * (least - 1), algorithm=algorithm)


@pytest.mark.parametrize("algorithm", ["none", "RS256", "ES256", "hs256", ""])
def test_a_secret_signs_with_no_other_algorithm(algorithm: str) -> None:
    with pytest.raises(ValueError, match="nothing else"):
        SecretVerifier(SECRET, algorithm)
    with pytest.raises(ValueError, match="nothing else"):
        issued(algorithm=algorithm)


def test_a_public_key_is_no_secret() -> None:
    pem = RSAKey.generate_key(2048, private=False).as_pem().decode()

    with pytest.raises(ValueError, match="must not be used as oct keys"):
        SecretVerifier(pem)


@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(seconds=-1), timedelta(milliseconds=999)])
def test_a_token_without_a_lifetime_is_not_issued(lifetime: timedelta) -> None:
    with pytest.raises(ValueError, match="for a second"):
        issued(lifetime=lifetime)


def test_a_token_that_speaks_as_the_system_is_not_issued() -> None:
    with pytest.raises(ValueError, match="SYSTEM"):
        issued(source=EventSource.SYSTEM)


async def test_an_issued_audience_and_issuer_are_accepted() -> None:
    verifier = SecretVerifier(SECRET, audience="fieldgraph", issuer="demo")

    assert (await verifier.verify(issued(audience="fieldgraph", issuer="demo"), now=NOW)).user_id == USER


async def test_another_secret_does_not_open() -> None:
    with pytest.raises(WrongSignature):
        await claims_of(signed(GOOD, secret=SECRET.upper()))


@pytest.mark.parametrize("signature", ["", "AAAA", "=", "a", "+/+/", part(b"x" * 32)])
async def test_a_forged_or_missing_signature_does_not_open(signature: str) -> None:
    text, _ = signed(GOOD).rsplit(".", 1)

    with pytest.raises(WrongSignature):
        await claims_of(f"{text}.{signature}")


async def test_a_changed_payload_does_not_open() -> None:
    header, _, signature = issued(roles={Role.END_USER}).split(".")

    with pytest.raises(WrongSignature):
        await claims_of(f"{header}.{part({**GOOD, 'roles': ['ADMIN']})}.{signature}")


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "HS384", "HS512", "RS256", "hs256", "", "dir"])
async def test_no_algorithm_but_the_one_agreed_is_allowed(algorithm: str) -> None:
    header, payload, signature = signed(GOOD, header={"alg": algorithm}).split(".")

    for token in (f"{header}.{payload}.{signature}", f"{header}.{payload}."):
        with pytest.raises(AlgorithmNotAllowed):
            await claims_of(token)


@pytest.mark.parametrize("hash_name", ["sha384", "sha512"])
async def test_a_longer_hash_under_the_agreed_name_does_not_open(hash_name: str) -> None:
    with pytest.raises(WrongSignature):
        await claims_of(signed(GOOD, hash_name=hash_name))


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"alg": None},
        {"alg": ["HS256"]},
        {"alg": {"HS256": 1}},
        {"alg": "HS256", "kid": 7},
        {"alg": "HS256", "crit": []},
        {"alg": "HS256", "crit": 7},
        {"alg": "HS256", "crit": ["b64"], "b64": False},
        {"alg": "HS256", "b64": False},
        {"alg": "HS256", "typ": 1},
        "alg",
        "alg b64",
        ["alg"],
        7,
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 4000,
        b'{"alg":"HS256","x":' + b"[" * 1000 + b"]" * 1000 + b"}",
        b'{"alg":"HS256","x":' + b"9" * 4500 + b"}",
    ],
)
async def test_a_header_that_is_none_is_refused(header: object) -> None:
    with pytest.raises(MalformedToken):
        await claims_of(signed(GOOD, header=header))


async def test_a_header_with_more_than_is_needed_is_accepted() -> None:
    token = signed(GOOD, header={"alg": "HS256", "typ": "JWT", "kid": "1", "nonce": "x" * 600})

    assert (await claims_of(token)).user_id == USER


@pytest.mark.parametrize("text", ["", ".", "..", "...", "a.b", "a.b.c.d.e", "🔑.🔑.🔑", "\ud800..", "\x00" * 9])
async def test_text_that_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(MalformedToken):
        await claims_of(text)


async def test_a_token_over_eight_kibibytes_is_not_read() -> None:
    room = MAX_CHARACTERS - len(signed({**GOOD, "x": ""}))
    longest = signed({**GOOD, "x": "y" * (room * 3 // 4 - 3)})
    assert MAX_CHARACTERS - 8 <= len(longest) <= MAX_CHARACTERS

    assert (await claims_of(longest)).user_id == USER
    with pytest.raises(MalformedToken):
        await claims_of(signed({**GOOD, "x": "y" * room}))


@given(st.text(max_size=300) | st.from_regex(r"[\w-]{0,40}\.[\w-]{0,40}\.[\w-]{0,40}", fullmatch=True))
async def test_garbage_is_an_invalid_token_and_nothing_else(text: str) -> None:
    with pytest.raises(InvalidToken):
        await claims_of(text)


@given(header=json_values() | st.binary(max_size=60), payload=json_values() | st.binary(max_size=60))
async def test_garbage_in_a_true_signature_is_an_invalid_token(header: object, payload: object) -> None:
    with pytest.raises(InvalidToken):
        await claims_of(signed(payload, header=header))


@given(
    st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "jku", "x5c", "cty"]), json_values())
)
async def test_odd_headers_open_or_are_refused_but_never_break(header: dict[str, object]) -> None:
    try:
        claims = await claims_of(signed(GOOD, header={"alg": "HS256", **header}))
    except InvalidToken:
        return
    assert claims.user_id == USER


@given(st.data())
async def test_a_token_with_one_character_changed_does_not_open(data: st.DataObject) -> None:
    token = issued()
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("Aa0_-.+=").filter(lambda character: character != token[place]))

    with pytest.raises(InvalidToken):
        await claims_of(token[:place] + other + token[place + 1 :])
