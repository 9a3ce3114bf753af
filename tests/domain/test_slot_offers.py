"""Tokens of slots: equal offers have equal ones, nobody reads them, and whoever changes them has none."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from app.domain.slot_offers import SlotTokens, UnknownToken, slot_offer
from tests.holds import a_hold

HERE, ELSEWHERE = UUID(int=1), UUID(int=2)
START = datetime(2026, 5, 4, 8, tzinfo=UTC)
OFFER = slot_offer(a_hold(UUID(int=3), UUID(int=4), START, bay_id=UUID(int=5))["offer"])
TOKENS = SlotTokens(b"a key")


def test_an_offer_comes_back_as_it_was() -> None:
    text = TOKENS.encode(HERE, OFFER)
    assert TOKENS.decode(HERE, text) == OFFER
    assert text == TOKENS.encode(HERE, OFFER)
    assert OFFER.parts_ready_on == date(2026, 5, 4)
    assert len(text) < 1_000


def test_nobody_else_can_use_it() -> None:
    text = TOKENS.encode(HERE, OFFER)
    for tokens, organization_id in ((TOKENS, ELSEWHERE), (SlotTokens(b"another key"), HERE)):
        with pytest.raises(UnknownToken):
            tokens.decode(organization_id, text)


@pytest.mark.parametrize("at", range(0, 400, 7))
def test_no_letter_of_it_can_be_changed(at: int) -> None:
    text = TOKENS.encode(HERE, OFFER)
    changed = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
    with pytest.raises(UnknownToken):
        TOKENS.decode(HERE, changed)


def test_it_says_nothing_in_clear() -> None:
    other = TOKENS.encode(HERE, slot_offer(a_hold(UUID(int=3), UUID(int=4), START)["offer"]))
    text = TOKENS.encode(HERE, OFFER)
    same = sum(a == b for a, b in zip(text[24:], other[24:], strict=False))
    assert same < len(text) / 8
