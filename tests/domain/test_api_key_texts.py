"""The text of an API key: what it is made of, and that nothing else passes for one."""

import re
from collections import Counter
from secrets import randbits
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.api_key_texts import PATTERN, KeyHashes, NoKeyText, is_meant_as_key, mint, read_key

ORGANIZATION = UUID("01890000-0000-7000-8000-000000000002")
HASHES = KeyHashes(bytes(range(32)))


@given(st.uuids(allow_nil=True))
def test_a_key_says_its_organisation_and_its_prefix(organization_id: UUID) -> None:
    key = mint(organization_id, random=randbits)

    assert read_key(key.text) == key
    assert re.fullmatch(PATTERN, key.text)
    assert is_meant_as_key(key.text)
    assert key.text.startswith(f"{key.prefix}_")
    assert key.text not in repr(key)


@given(st.integers(0, 2**256 - 1), st.integers(0, 2**59 - 1))
def test_every_secret_has_a_text_of_its_own_of_one_length(secret: int, prefix: int) -> None:
    def chosen(bits: int) -> int:
        return secret if bits == 256 else prefix

    one = mint(ORGANIZATION, random=chosen)
    other = mint(ORGANIZATION, random=lambda bits: chosen(bits) ^ 1)

    assert len(one.text) == len(other.text) == 85
    assert one.text != other.text


@given(st.integers(0, 84), st.sampled_from("09AZaz_ -.é\n"))
def test_a_key_with_any_character_mistyped_is_none(place: int, character: str) -> None:
    text = mint(ORGANIZATION, random=randbits).text
    wrong = text[:place] + character + text[place + 1 :]
    if wrong != text:
        with pytest.raises(NoKeyText):
            read_key(wrong)


@given(st.text(max_size=100) | st.text("09AZaz_", min_size=85, max_size=85) | st.just("fg_" + "9" * 10_000_000))
def test_whatever_else_is_no_key(text: str) -> None:
    for candidate in (text, f"fg_{text}"):
        with pytest.raises(NoKeyText):
            read_key(candidate)


def test_keys_are_random_enough_to_differ_everywhere() -> None:
    texts = [mint(ORGANIZATION, random=randbits).text for _ in range(500)]
    secrets = [text[36:79] for text in texts]

    assert len({text[:13] for text in texts}) == len(set(secrets)) == 500
    # No place of the secret but the first, whose digit is small, repeats itself much.
    assert max(max(Counter(place).values()) for place in list(zip(*secrets, strict=True))[1:]) < 40


def test_a_hash_is_of_one_key_under_one_secret() -> None:
    key, other = mint(ORGANIZATION, random=randbits), mint(ORGANIZATION, random=randbits)

    assert HASHES.are_equal(key, HASHES.of(key))
    assert not HASHES.are_equal(other, HASHES.of(key))
    assert not KeyHashes(bytes(32)).are_equal(key, HASHES.of(key))
    assert not KeyHashes.of_log(bytes(32)).are_equal(key, KeyHashes(bytes(32)).of(key))
    assert len(HASHES.of(key)) == 32
    assert "secret" not in repr(HASHES)
