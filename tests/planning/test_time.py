"""Days are those of the local clock, of 23, 24 and 25 hours; weekly hours follow it, but on holidays."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.planning.slots.agenda import laid_out
from app.planning.slots.axis import axis_from, first_instant
from app.planning.slots.hours import WeeklyHours
from app.planning.slots.hours import laid_out as hours_laid_out
from app.planning.slots.problem import Booking, Problem, Shift, SlotRules, Span, Technician
from app.planning.slots.request import SlotRequest
from app.planning.slots.search import find
from tests.planning.clocks import berlin, new_york

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
Clock = Callable[[datetime], datetime]
clocks = st.sampled_from(((BERLIN, berlin), (NEW_YORK, new_york)))
# Around the nights on which clocks are moved, and elsewhere.
moments = st.integers(0, 700 * 1440).map(lambda minutes: datetime(2026, 1, 2, tzinfo=UTC) + timedelta(minutes=minutes))
changing = st.sampled_from(
    [datetime(2026, *day, tzinfo=UTC) for day in ((3, 28), (10, 24), (3, 7), (10, 31), (3, 20), (10, 20))]
)


@given(changing | moments, clocks)
def test_each_minute_lies_in_the_day_that_the_clock_shows(now: datetime, place: tuple[ZoneInfo, Clock]) -> None:
    zone, clock = place
    axis = axis_from(now, grid=15, days=14)

    days = axis.local_days(zone)

    minutes = np.arange(0, 14 * 1440, 15)
    found = [days.first + timedelta(days=int(number)) for number in days.of(minutes)]
    assert found == [clock(axis.moment(int(minute))).date() for minute in minutes]


def test_days_have_23_and_25_hours_where_clocks_are_moved() -> None:
    axis = axis_from(datetime(2026, 3, 27, 12, tzinfo=UTC), grid=15, days=7)
    days = axis.local_days(BERLIN)
    spring = days.number(date(2026, 3, 29))
    later = axis_from(datetime(2026, 10, 24, 12, tzinfo=UTC), grid=15, days=7).local_days(BERLIN)
    autumn = later.number(date(2026, 10, 25))

    assert days.begins[spring + 1] - days.begins[spring] == 23 * 60
    assert later.begins[autumn + 1] - later.begins[autumn] == 25 * 60


def test_a_day_without_midnight_begins_when_the_clock_is_moved() -> None:
    assert first_instant(date(2026, 4, 24), ZoneInfo("Africa/Cairo")) == datetime(2026, 4, 23, 22, tzinfo=UTC)


def quarters(clock: Clock, start: datetime, end: datetime, hours: WeeklyHours) -> set[datetime]:
    """Return the quarters of an hour at which the clock shows an hour that is worked."""
    found = set()
    at = start
    while at < end:
        shown = clock(at)
        for back in (0, 1):
            # Hours that end on the next day belong to the day on which they began.
            day = shown.date() - timedelta(days=back)
            for opens, closes in hours.weekly.get(day.weekday(), ()):
                over = timedelta(days=1) if closes <= opens else timedelta()
                begins, ends = datetime.combine(day, opens), datetime.combine(day, closes) + over
                if day not in hours.holidays and begins <= shown < ends:
                    found.add(at)
        at += timedelta(minutes=15)
    return found


# No hours begin or end while a clock may be moved: there it is a matter of choice, tested below.
times = st.sampled_from([time(0), time(0, 30), time(4, 15), time(9), time(12, 30), time(17), time(22, 45)])
weekly = st.dictionaries(st.integers(0, 6), st.lists(st.tuples(times, times), max_size=2).map(tuple))


@settings(max_examples=200)
@given(changing, clocks, weekly, st.sets(st.integers(0, 8)))
def test_weekly_hours_are_open_when_the_clock_says_so(
    start: datetime,
    place: tuple[ZoneInfo, Clock],
    week: dict[int, tuple[tuple[time, time], ...]],
    holidays: set[int],
) -> None:
    zone, clock = place
    off = frozenset(start.date() + timedelta(days=number) for number in holidays)
    hours = WeeklyHours(zone=zone, weekly=week, holidays=off)
    end = start + timedelta(days=8)

    spans = hours_laid_out(hours, start=start, end=end)

    covered = {
        start + timedelta(minutes=15 * number)
        for number in range(8 * 96)
        for span in spans
        if span.start <= start + timedelta(minutes=15 * number) < span.end
    }
    assert covered == quarters(clock, start, end, hours)


@pytest.mark.parametrize(
    ("day", "opens", "closes", "minutes"),
    [
        # From two to three the clock shows nothing on the one night, and everything twice on the other.
        (date(2026, 3, 29), time(2, 30), time(6), 180),
        (date(2026, 3, 29), time(1), time(2, 30), 60),
        (date(2026, 10, 25), time(2, 30), time(6), 270),
        (date(2026, 10, 25), time(1), time(2, 30), 150),
    ],
)
def test_hours_that_begin_or_end_while_the_clock_is_moved(day: date, opens: time, closes: time, minutes: int) -> None:
    hours = WeeklyHours(zone=BERLIN, weekly={6: ((opens, closes),)})
    start = datetime.combine(day, time(), tzinfo=UTC) - timedelta(hours=3)

    (span,) = hours_laid_out(hours, start=start, end=start + timedelta(hours=30))

    assert span.end - span.start == timedelta(minutes=minutes)


def test_bookings_are_counted_by_the_technicians_day() -> None:
    # Two bookings of a Saturday in New York, of which the second is on Sunday by UTC.
    now = datetime(2026, 3, 7, 12, tzinfo=UTC)
    evening = [datetime(2026, 3, 7, 20, tzinfo=UTC), datetime(2026, 3, 8, 1, tzinfo=UTC)]
    technician = Technician(
        id=UUID(int=1),
        zone=NEW_YORK,
        shifts=(Shift(start=now, end=now + timedelta(days=2)),),
        bookings=tuple(
            Booking(id=UUID(int=10 + number), start=at, end=at + timedelta(hours=1))
            for number, at in enumerate(evening)
        ),
    )
    problem = Problem(now=now, technicians=(technician,), rules=SlotRules(max_bookings_per_day=2))

    answer = find(laid_out(problem), SlotRequest(duration_minutes=60), now=now)

    # The Sunday in New York begins at five o'clock UTC.
    assert answer.slots[0].window.start == datetime(2026, 3, 8, 5, tzinfo=UTC)


def test_a_span_needs_zones_and_an_end_after_its_start() -> None:
    now = datetime(2026, 3, 7, 12, tzinfo=UTC)

    with pytest.raises(ValueError, match="need a time zone"):
        Span(start=now.replace(tzinfo=None), end=now)
    with pytest.raises(ValueError, match="must be after"):
        Span(start=now, end=now)
