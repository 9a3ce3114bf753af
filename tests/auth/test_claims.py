"""What a truly signed token may claim, and what is refused."""

import json
import traceback
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auth.claims import (
    InvalidClaim,
    InvalidToken,
    MalformedToken,
    MissingClaim,
    TokenExpired,
    TokenNotYetValid,
)
from app.auth.tokens import (
    SecretVerifier,
)
from app.domain.people import EventSource, Role
from tests.auth.minting import GOOD, HOUR, NOW, SECRET, USER, claims_of, json_values, signed


async def test_a_token_without_roles_or_source_leaves_both_open() -> None:
    claims = await claims_of(signed(GOOD))

    assert (claims.roles, claims.source, claims.issued_at) == (None, None, None)


@pytest.mark.parametrize(
    ("said", "roles"),
    [
        (["technician"], {Role.TECHNICIAN}),
        (["DEVOPS_ENGINEER"], {Role.TECHNICIAN}),
        (["SENIOR_ENGINEER"], {Role.SENIOR_TECHNICIAN}),
        (["admin"], {Role.ADMIN}),
        *[([role.value], {role}) for role in Role],
        ("DISPATCHER", {Role.DISPATCHER}),
        (["admin", "SENIOR_ENGINEER", "ADMIN"], {Role.ADMIN, Role.SENIOR_TECHNICIAN}),
        (["offline_access", "DISPATCHER"], {Role.DISPATCHER}),
        (["offline_access"], set()),
        ("Admin", set()),
        ([], set()),
        ("", set()),
    ],
)
async def test_known_role_names_narrow_and_unknown_ones_are_passed_over(said: object, roles: set[Role]) -> None:
    assert (await claims_of(signed({**GOOD, "roles": said}))).roles == frozenset(roles)


@pytest.mark.parametrize("said", [None, 7, True, {"ADMIN": True}, ["ADMIN", 1], [["ADMIN"]], [None]])
async def test_roles_that_are_no_list_of_names_are_refused(said: object) -> None:
    with pytest.raises(InvalidClaim) as refusal:
        await claims_of(signed({**GOOD, "roles": said}))

    assert refusal.value.claim == "roles"


@pytest.mark.parametrize(
    ("said", "source"),
    [
        ("web", EventSource.WEB),
        ("MOBILE", EventSource.MOBILE),
        ("integration", EventSource.INTEGRATION),
        ("API", EventSource.API),
        ("SYSTEM", None),
        ("system", None),
        ("toaster", None),
        (None, None),
    ],
)
async def test_a_token_names_its_source_but_never_the_system(said: object, source: EventSource | None) -> None:
    assert (await claims_of(signed({**GOOD, "source": said}))).source is source


@pytest.mark.parametrize("claim", ["exp", "sub", "org"])
async def test_an_end_a_user_and_an_organisation_are_essential(claim: str) -> None:
    without = {name: value for name, value in GOOD.items() if name != claim}

    for payload in (without, {**GOOD, claim: None}):
        with pytest.raises(MissingClaim) as refusal:
            await claims_of(signed(payload))
        assert refusal.value.claim == claim


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("value", ["2099-01-01", True, [1], {}, 1e300, -1e300, 10**18])
async def test_a_time_that_is_none_is_refused(claim: str, value: object) -> None:
    with pytest.raises(InvalidClaim) as refusal:
        await claims_of(signed({**GOOD, claim: value}))

    assert refusal.value.claim == claim


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity"])
async def test_an_end_that_is_no_number_never_comes_to_be_forever(literal: str) -> None:
    payload = json.dumps({**GOOD, "exp": 0}).replace('"exp": 0', f'"exp": {literal}').encode()

    with pytest.raises(MalformedToken):
        await claims_of(signed(payload))


@pytest.mark.parametrize("claim", ["sub", "org"])
@pytest.mark.parametrize("value", ["", "dispatcher", 7, [str(USER)], str(USER)[:-1], {"id": str(USER)}])
async def test_users_and_organisations_are_named_by_uuid(claim: str, value: object) -> None:
    with pytest.raises(InvalidClaim) as refusal:
        await claims_of(signed({**GOOD, claim: value}))

    assert refusal.value.claim == claim


async def test_a_token_ends_at_its_end_without_leeway() -> None:
    token = signed(GOOD)

    await claims_of(token, now=NOW + HOUR - timedelta(microseconds=1))
    with pytest.raises(TokenExpired):
        await claims_of(token, now=NOW + HOUR)


async def test_a_token_may_not_be_used_before_its_beginning() -> None:
    token = signed({**GOOD, "nbf": int((NOW + timedelta(minutes=1)).timestamp())})

    with pytest.raises(TokenNotYetValid):
        await claims_of(token)
    await claims_of(token, now=NOW + timedelta(minutes=1))


async def test_an_issuer_whose_clock_runs_a_little_ahead_is_heard() -> None:
    beginning = NOW + timedelta(seconds=5)
    token = signed({**GOOD, "nbf": int(beginning.timestamp())})

    await claims_of(token)
    with pytest.raises(TokenNotYetValid):
        await claims_of(token, now=NOW - timedelta(seconds=1))


@pytest.mark.parametrize("said", ["fieldgraph", ["other", "fieldgraph"]])
async def test_a_token_for_this_audience_and_of_this_issuer_opens(said: object) -> None:
    verifier = SecretVerifier(SECRET, audience="fieldgraph", issuer="https://id.example")
    token = signed({**GOOD, "aud": said, "iss": "https://id.example"})

    assert (await verifier.verify(token, now=NOW)).user_id == USER


@pytest.mark.parametrize(
    ("other", "claim", "error"),
    [
        ({"aud": None}, "aud", MissingClaim),
        ({"aud": "other"}, "aud", InvalidClaim),
        ({"aud": []}, "aud", InvalidClaim),
        ({"aud": {"fieldgraph": 1}}, "aud", InvalidClaim),
        ({"iss": None}, "iss", MissingClaim),
        ({"iss": "https://id.example.org"}, "iss", InvalidClaim),
        ({"iss": ["https://id.example"]}, "iss", InvalidClaim),
    ],
)
async def test_a_token_for_others_or_of_others_does_not_open(
    other: dict[str, object], claim: str, error: Callable[[str], InvalidToken]
) -> None:
    verifier = SecretVerifier(SECRET, audience="fieldgraph", issuer="https://id.example")
    token = signed({**GOOD, "aud": "fieldgraph", "iss": "https://id.example", **other})

    expected = error(claim)
    with pytest.raises(type(expected)) as refusal:
        await verifier.verify(token, now=NOW)

    assert refusal.value.reason == expected.reason


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"null", b"[]", b'"sub"', b"7", b"\xff", b"[" * 4000, b'{"a":' * 800 + b"1" + b"}" * 800],
)
async def test_a_signed_payload_that_is_no_object_of_claims_is_refused(payload: bytes) -> None:
    with pytest.raises((MalformedToken, MissingClaim)):
        await claims_of(signed(payload))


@given(
    st.dictionaries(
        st.sampled_from(["sub", "org", "exp", "nbf", "iat", "roles", "source", "aud", "iss"]), json_values()
    )
)
async def test_odd_claims_open_or_are_refused_but_never_break(other: dict[str, object]) -> None:
    try:
        claims = await claims_of(signed({**GOOD, **other}))
    except InvalidToken:
        return
    assert claims.expires_at > NOW


@pytest.mark.parametrize(
    "token",
    [
        signed({**GOOD, "sub": "someone-in-particular"}),
        signed(GOOD, secret=SECRET.upper()),
        signed(b'{"sub": "someone-in-particular'),
        signed(GOOD, header=b'{"alg": "someone-in-particular'),
        signed(GOOD, header={"alg": "someone-in-particular"}),
    ],
)
async def test_a_refusal_repeats_nothing_of_the_token_or_the_secret(token: str) -> None:
    with pytest.raises(InvalidToken) as refusal:
        await claims_of(token)

    said = refusal.value.reason + repr(refusal.value) + str(refusal.value)
    shown = "".join(traceback.format_exception(refusal.value, limit=0))
    for text in (said, shown):
        assert not any(piece in text for piece in (*token.split("."), SECRET, "someone-in-particular"))
    assert refusal.value.reason.endswith(".")
