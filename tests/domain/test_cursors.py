"""Event cursors: what was given out is read back, everything else is unknown."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.cursors import CursorCodec, LogPosition, UnknownCursor

CODEC = CursorCodec(b"k" * 32)
_AT = LogPosition(organization_id=UUID(int=1), epoch=UUID(int=2), position=3)

positions = st.builds(
    LogPosition,
    organization_id=st.uuids(),
    epoch=st.uuids(),
    position=st.integers(min_value=0, max_value=2**63 - 1),
)


@given(at=positions)
def test_a_cursor_is_read_back_as_it_was_written(at: LogPosition) -> None:
    assert CODEC.decode(CODEC.encode(at)) == at


@given(at=positions)
def test_a_cursor_is_plain_text_of_one_length(at: LogPosition) -> None:
    text = CODEC.encode(at)
    assert len(text) == 76
    assert text.replace("-", "").replace("_", "").isalnum()
    assert text.isascii()


@given(at=positions, key=st.binary(min_size=1, max_size=64).filter(lambda key: key != CODEC.key))
def test_a_cursor_of_another_key_is_unknown(at: LogPosition, key: bytes) -> None:
    with pytest.raises(UnknownCursor):
        CODEC.decode(CursorCodec(key).encode(at))


@given(at=positions, bit=st.integers(min_value=0, max_value=57 * 8 - 1))
def test_a_cursor_with_one_bit_changed_is_unknown(at: LogPosition, bit: int) -> None:
    raw = bytearray(urlsafe_b64decode(CODEC.encode(at)))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(UnknownCursor):
        CODEC.decode(urlsafe_b64encode(raw).decode())


@given(at=positions, length=st.integers(min_value=0, max_value=75))
def test_a_cursor_that_was_cut_off_is_unknown(at: LogPosition, length: int) -> None:
    with pytest.raises(UnknownCursor):
        CODEC.decode(CODEC.encode(at)[:length])


@given(text=st.one_of(st.text(), st.text(min_size=76, max_size=76), st.text(alphabet="Aa-_=0", min_size=70)))
def test_any_other_text_is_unknown(text: str) -> None:
    with pytest.raises(UnknownCursor):
        CODEC.decode(text)


@pytest.mark.parametrize("extra", ["=", "A", "\n", " "])
def test_a_cursor_with_something_added_is_unknown(extra: str) -> None:
    for text in (CODEC.encode(_AT) + extra, extra + CODEC.encode(_AT)):
        with pytest.raises(UnknownCursor):
            CODEC.decode(text)


@pytest.mark.parametrize(("version", "position"), [(2, 3), (0, 3), (1, -1)])
def test_a_version_or_position_that_no_cursor_has_is_unknown_even_when_signed(version: int, position: int) -> None:
    body = bytes([version]) + UUID(int=2).bytes + UUID(int=1).bytes + position.to_bytes(8, "big", signed=True)
    mac = hmac.digest(CODEC.key, body, sha256)[:16]
    signed = urlsafe_b64encode(body + mac).decode()
    with pytest.raises(UnknownCursor):
        CODEC.decode(signed)
