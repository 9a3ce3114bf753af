from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demo.ids import Ids, fixed_id

START = datetime(2026, 1, 1, tzinfo=UTC)


@given(steps=st.lists(st.integers(min_value=0, max_value=5_000), min_size=2, max_size=200))
def test_keys_sort_in_the_order_in_which_they_were_given(steps: list[int]) -> None:
    ids, at, given_ids = Ids("order"), START, []
    for microseconds in steps:
        at += timedelta(microseconds=microseconds)
        given_ids.append(ids.new(at))

    assert given_ids == sorted(set(given_ids))


def test_keys_are_of_version_seven_and_carry_their_moment() -> None:
    at = START + timedelta(milliseconds=123)
    key = Ids("shape").new(at)

    assert (key.version, key.variant) == (7, "specified in RFC 4122")
    assert key.int >> 80 == int(at.timestamp() * 1000)


def test_equal_seeds_give_equal_keys_and_others_do_not() -> None:
    assert Ids("one").new(START) == Ids("one").new(START)
    assert Ids("one").new(START) != Ids("two").new(START)


def test_a_fixed_key_is_the_same_for_the_same_name_and_older_than_any_history() -> None:
    assert fixed_id("user admin") == fixed_id("user admin")
    assert fixed_id("user admin") != fixed_id("user lead")
    assert fixed_id("user admin").version == 7
    assert fixed_id("user admin") < Ids("any").new(START)


def test_a_millisecond_has_room_for_only_so_many_keys() -> None:
    ids = Ids("full")
    for _ in range(1 << 18):
        ids.new(START)

    with pytest.raises(OverflowError):
        ids.new(START)
