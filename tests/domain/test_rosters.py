"""Shifts by the week, by a clock that is moved."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.domain.refusals import Invalid
from app.domain.rosters import Weekday, WeeklyShift, laid_out
from app.domain.utilization import Shift

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def weekly(weekday: Weekday, start: int, end: int, *breaks: tuple[int, int], on_call: bool = False) -> WeeklyShift:
    pauses = tuple((time(since), time(until)) for since, until in breaks)
    return WeeklyShift(weekday=weekday, start=time(start), end=time(end), breaks=pauses, on_call=on_call)


def utc(day: int, hour: int, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def test_hours_stay_what_the_clock_shows_when_it_is_moved() -> None:
    # The clock is put forward on Sunday, 29 March 2026.
    found = laid_out([weekly(Weekday.MON, 9, 17, (12, 13))], date(2026, 3, 23), date(2026, 3, 30), AMSTERDAM)

    assert found == [
        Shift(start=utc(23, 8), end=utc(23, 16), breaks=((utc(23, 11), utc(23, 12)),)),
        Shift(start=utc(30, 7), end=utc(30, 15), breaks=((utc(30, 10), utc(30, 11)),)),
    ]


def test_a_night_is_an_hour_shorter_or_longer_when_the_clock_is_moved() -> None:
    night = weekly(Weekday.SAT, 22, 6, (2, 3))

    (spring,) = laid_out([night], date(2026, 3, 28), date(2026, 3, 28), AMSTERDAM)
    (autumn,) = laid_out([night], date(2026, 10, 24), date(2026, 10, 24), AMSTERDAM)

    assert spring.end - spring.start == timedelta(hours=7)
    # From two to three there was no time.
    assert spring.breaks == ()
    assert autumn.end - autumn.start == timedelta(hours=9)
    assert [until - since for since, until in autumn.breaks] == [timedelta(hours=2)]


def test_breaks_before_the_start_are_on_the_next_day() -> None:
    (found,) = laid_out([weekly(Weekday.MON, 22, 6, (23, 0), (1, 2))], date(2026, 3, 2), date(2026, 3, 2), AMSTERDAM)

    assert found.breaks == ((utc(2, 22), utc(2, 23)), (utc(3, 0), utc(3, 1)))


def test_both_ends_of_the_range_are_in_it_and_shifts_come_in_order() -> None:
    pattern = [weekly(Weekday.TUE, 8, 16), weekly(Weekday.MON, 8, 16), weekly(Weekday.MON, 0, 0, on_call=True)]

    found = laid_out(pattern, date(2026, 3, 2), date(2026, 3, 10), ZoneInfo("UTC"))

    assert [(each.start, each.on_call) for each in found] == [
        (utc(2, 0), True),
        (utc(2, 8), False),
        (utc(3, 8), False),
        (utc(9, 0), True),
        (utc(9, 8), False),
        (utc(10, 8), False),
    ]
    assert found[0].end == utc(3, 0)


@pytest.mark.parametrize(
    ("pattern", "last", "field"),
    [
        ([], date(2026, 3, 9), "weekly"),
        ([weekly(Weekday.MON, 8, 16)] * 15, date(2026, 3, 9), "weekly"),
        ([weekly(Weekday.MON, 8, 16)], date(2026, 3, 1), "to"),
        ([weekly(Weekday.MON, 8, 16)], date(2026, 6, 2), "to"),
        ([weekly(Weekday.SUN, 8, 16)], date(2026, 3, 7), "weekly"),
        ([weekly(day, 8, 16) for day in Weekday] * 2, date(2026, 6, 1), None),
        ([weekly(day, 8, 16) for day in Weekday] * 2 + [weekly(Weekday.MON, 1, 2)], date(2026, 6, 1), "weekly"),
    ],
)
def test_what_makes_no_sense_or_too_much_is_refused(pattern: list[WeeklyShift], last: date, field: str | None) -> None:
    if field is None:
        assert len(laid_out(pattern, date(2026, 3, 2), last, AMSTERDAM)) == 184
        return
    with pytest.raises(Invalid) as refused:
        laid_out(pattern, date(2026, 3, 2), last, AMSTERDAM)
    assert refused.value.field == (field,)
