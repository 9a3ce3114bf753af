"""Hours that count, against a reference that looks at every minute by itself."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from app.domain.calendars import BusinessCalendar, NeverOpen, Opening, after, worked

MINUTE = timedelta(minutes=1)
# Clocks go forward on 29 March 2026 and back on 25 October; Lord Howe by half an hour, on 5 April and 4 October.
ZONES = ("Europe/Amsterdam", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "UTC")
STARTS = (datetime(2026, 3, 27, 20, tzinfo=UTC), datetime(2026, 10, 23, 20, tzinfo=UTC),
          datetime(2026, 4, 3, 20, tzinfo=UTC), datetime(2026, 10, 2, 20, tzinfo=UTC))  # fmt: skip


def calendar(weekly: Any, zone: str = "Europe/Amsterdam", holidays: frozenset[date] = frozenset()) -> BusinessCalendar:
    return BusinessCalendar(id=uuid7(), name="Office", time_zone=zone, weekly=weekly, holidays=holidays)


def is_open(of: BusinessCalendar, at: datetime) -> bool:
    local = at.astimezone(ZoneInfo(of.time_zone))
    minute = local.hour * 60 + local.minute
    return local.date() not in of.holidays and any(
        opens <= minute < closes for opens, closes in of.weekly[local.weekday()]
    )


@st.composite
def days(draw: st.DrawFn) -> tuple[Opening, ...]:
    cuts = sorted(draw(st.sets(st.integers(0, 48), max_size=4)))
    return tuple((cuts[at] * 30, cuts[at + 1] * 30) for at in range(0, len(cuts) - 1, 2))


@st.composite
def calendars(draw: st.DrawFn) -> BusinessCalendar:
    weekly = draw(st.lists(days(), min_size=7, max_size=7))
    off = draw(st.frozensets(st.dates(date(2026, 3, 27), date(2026, 4, 7)), max_size=2))
    return calendar(weekly, draw(st.sampled_from(ZONES)), off)


@given(calendars(), st.sampled_from(STARTS), st.integers(0, 3000), st.integers(0, 3000))
def test_what_counts_is_what_each_minute_says(of: BusinessCalendar, base: datetime, begin: int, length: int) -> None:
    start = base + begin * MINUTE
    minutes = sum(is_open(of, start + number * MINUTE) for number in range(length))

    assert worked(of, start, start + length * MINUTE) == minutes * MINUTE


@given(calendars(), st.sampled_from(STARTS), st.integers(0, 3000), st.integers(1, 1500))
def test_a_moment_is_the_first_by_which_so_much_was_worked(
    of: BusinessCalendar, base: datetime, begin: int, amount: int
) -> None:
    start = base + begin * MINUTE
    if not any(is_open(of, start + number * 30 * MINUTE) for number in range(48 * 21)):
        return
    due = after(of, start, amount * MINUTE)

    assert worked(of, start, due) == amount * MINUTE
    assert worked(of, start, due - timedelta(seconds=1)) < amount * MINUTE


@given(calendars(), st.sampled_from(STARTS), st.lists(st.integers(0, 2000), min_size=3, max_size=3))
def test_parts_make_up_the_whole(of: BusinessCalendar, base: datetime, cuts: list[int]) -> None:
    first, middle, last = (base + each * MINUTE for each in sorted(cuts))

    assert worked(of, first, middle) + worked(of, middle, last) == worked(of, first, last)


def test_a_skipped_hour_does_not_count_and_one_that_comes_twice_counts_twice() -> None:
    nights = calendar([((0, 360),)] * 7)
    spring, autumn, usual = (
        worked(nights, datetime(2026, month, day, 12, tzinfo=UTC), datetime(2026, month, day + 1, 12, tzinfo=UTC))
        for month, day in ((3, 28), (10, 24), (6, 1))
    )

    assert (spring, autumn, usual) == (timedelta(hours=5), timedelta(hours=7), timedelta(hours=6))


def test_a_break_and_a_holiday_do_not_count() -> None:
    monday = datetime(2026, 5, 4, 7, tzinfo=UTC)
    office = calendar([((540, 720), (780, 1020))] * 5 + [()] * 2, holidays=frozenset({date(2026, 5, 5)}))

    # 09:00 to 12:00 and 13:00 to 17:00 of Monday, nothing on Tuesday, one hour of Wednesday; UTC is two hours behind.
    assert after(office, monday, timedelta(hours=8)) == datetime(2026, 5, 6, 8, tzinfo=UTC)


def test_without_a_calendar_every_hour_counts() -> None:
    start = datetime(2026, 3, 28, 12, tzinfo=UTC)

    assert after(None, start, timedelta(days=2)) == start + timedelta(days=2)
    assert worked(None, start, start + timedelta(days=2)) == timedelta(days=2)
    assert worked(None, start, start - timedelta(days=2)) == timedelta()


def test_where_nobody_ever_works_nothing_is_ever_due() -> None:
    with pytest.raises(NeverOpen):
        after(calendar([()] * 7), datetime(2026, 5, 4, tzinfo=UTC), MINUTE)
