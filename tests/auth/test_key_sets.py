"""What is taken from a published key set, and what is left."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from app.auth.jwks import MAX_KEYS, UnusableKeySet, read_key_set
from tests.auth.minting import json_values

GOOD: dict[str, Any] = ECKey.generate_key("P-256", {"kid": "good"}, private=False).as_dict()
PUBLISHED: list[Mapping[str, Any]] = [
    GOOD,
    RSAKey.generate_key(2048, {"kid": "rsa"}, private=False).as_dict(),
    RSAKey.generate_key(2048, {"kid": "private"}).as_dict(private=True),
    OKPKey.generate_key("Ed25519", {"kid": "ed"}, private=False).as_dict(),
    OctKey.generate_key(256, {"kid": "secret"}).as_dict(),
]


def kids(*entries: object) -> list[str | None]:
    return [key.kid for key in read_key_set(json.dumps({"keys": entries}).encode())]


def test_public_keys_of_every_kind_are_taken_and_secrets_are_not() -> None:
    assert kids(*PUBLISHED) == ["good", "rsa", "private", "ed"]


def test_as_many_keys_are_taken_as_are_allowed() -> None:
    assert len(kids(*[GOOD] * MAX_KEYS)) == MAX_KEYS

    with pytest.raises(UnusableKeySet):
        kids(*[GOOD] * (MAX_KEYS + 1))


@pytest.mark.parametrize(
    "odd",
    [
        None,
        7,
        "EC",
        [],
        {},
        {"kty": "EC"},
        {"kty": ["EC"]},
        {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"},
        {**GOOD, "crv": "P-999"},
        {**GOOD, "crv": ["P-256"]},
        {**GOOD, "x": "AAAA"},
        {**GOOD, "x": "not base64!"},
        {**GOOD, "x": 7},
        {**GOOD, "kid": 7},
        {**GOOD, "use": "enc"},
        {**GOOD, "use": "toast"},
        {**GOOD, "use": ["sig"]},
        {**GOOD, "use": "sig", "key_ops": ["encrypt"]},
        {**GOOD, "key_ops": 7},
    ],
)
def test_a_key_that_cannot_be_used_does_not_spoil_the_others(odd: object) -> None:
    assert kids(odd, GOOD) == ["good"]


FIELDS = [
    "kty",
    "use",
    "key_ops",
    "alg",
    "kid",
    "crv",
    "x",
    "y",
    "d",
    "n",
    "e",
    "p",
    "q",
    "oth",
    "x5c",
    "x5u",
]
VALUES = json_values(nan=False) | st.sampled_from(
    ["EC", "RSA", "OKP", "P-521", "secp256k1", "Ed448", "X25519", "sig", "AQAB"]
)


@given(base=st.sampled_from(PUBLISHED), change=st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=3))
@example(base=PUBLISHED[1], change={"e": ""})
@example(base=PUBLISHED[1], change={"n": "AQ"})
@example(base=PUBLISHED[2], change={"d": "AQ"})
def test_no_published_key_breaks_the_reading(base: Mapping[str, Any], change: dict[str, object]) -> None:
    entry = {**base, **change, "use": change.get("use", "sig")}

    assert kids(entry, GOOD)[-1] == "good"


def is_key_set(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("keys"), list)


@given(
    st.binary(max_size=200)
    | json_values().filter(lambda value: not is_key_set(value)).map(lambda value: json.dumps(value).encode())
)
def test_garbage_is_an_unusable_key_set(body: bytes) -> None:
    with pytest.raises(UnusableKeySet):
        read_key_set(body)
