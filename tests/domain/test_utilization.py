"""Working time and what of it is taken, held against counting minutes."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.utilization import Shift, Stretch, Taken, joined, lasting, utilized, without, working

MONDAY = datetime(2026, 5, 4, tzinfo=UTC)


def at(minute: int) -> datetime:
    return MONDAY + timedelta(minutes=minute)


def stretch(start: int, end: int) -> Stretch:
    return at(start), at(end)


spans = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda pair: stretch(min(pair), max(pair)))
several = st.lists(spans, max_size=5)


def minutes(stretches: list[Stretch]) -> set[int]:
    """Return the minutes that the stretches have, one by one."""
    return {each for each in range(61) if any(start <= at(each) < end for start, end in stretches)}


@given(stretches=several)
def test_joined_stretches_are_the_same_time_apart_and_in_order(stretches: list[Stretch]) -> None:
    found = joined(stretches)

    assert minutes(found) == minutes(stretches)
    assert all(before[1] < after[0] for before, after in pairwise(found))


@given(stretches=several, holes=several)
def test_without_holes_what_is_left_is_in_none(stretches: list[Stretch], holes: list[Stretch]) -> None:
    assert minutes(without(stretches, holes)) == minutes(stretches) - minutes(holes)


@given(shifts=several, on_call=several, breaks=several, holidays=several, off=several)
def test_somebody_works_in_shifts_but_for_breaks_holidays_and_time_off(
    shifts: list[Stretch], on_call: list[Stretch], breaks: list[Stretch], holidays: list[Stretch], off: list[Stretch]
) -> None:
    every = [Shift(start=start, end=end, breaks=tuple(breaks)) for start, end in shifts]
    every += [Shift(start=start, end=end, breaks=tuple(breaks), on_call=True) for start, end in on_call]

    regular = minutes(shifts) - minutes(breaks) - minutes(holidays)
    called = minutes(on_call) - minutes(breaks)
    assert minutes(working(every, holidays, off)) == (regular | called) - minutes(off)


@given(stretches=several, bounds=spans)
def test_stretches_last_as_long_as_they_have_minutes_within_the_time(stretches: list[Stretch], bounds: Stretch) -> None:
    apart = joined(stretches)

    assert lasting(apart, *bounds) == timedelta(minutes=len(minutes(apart) & minutes([bounds])))


def test_only_what_is_within_the_time_is_taken_and_ways_belong_to_where_they_lead() -> None:
    taken = [
        Taken(start=at(-30), end=at(30), travel_minutes=40),
        Taken(start=at(60), end=at(120), travel_minutes=15),
        Taken(start=at(200), end=at(400)),
        Taken(start=at(240), end=at(300), travel_minutes=99),
    ]

    found = utilized(timedelta(hours=4), taken, at(0), at(240))

    assert (found.available_minutes, found.booked_minutes) == (240, 30 + 60 + 40)
    assert (found.travel_minutes, found.bookings) == (15, 3)
    assert found.ratio == pytest.approx(130 / 240, abs=1e-4)


def test_where_nothing_is_available_nothing_is_the_share() -> None:
    assert utilized(timedelta(), [Taken(start=at(0), end=at(60))], at(0), at(60)).ratio == 0
