"""What does not fit among a technician's agreed times."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.double_bookings import misfits
from app.domain.utilization import Stretch

HALF_AN_HOUR = timedelta(minutes=30)


def hours(start: float, end: float) -> Stretch:
    midnight = datetime(2026, 5, 4, tzinfo=UTC)
    return midnight + timedelta(hours=start), midnight + timedelta(hours=end)


def found(*agreed: Stretch, off: tuple[Stretch, ...] = (), within: Stretch | None = None) -> list[tuple[str, str]]:
    """Return what does not fit of times named a, b, c; there is work from 8 to 16 o'clock, with a break at noon."""
    named = list(zip(agreed, "abc", strict=False))
    at_work = [hours(8, 12), hours(13, 16)]
    told = misfits(named, buffer=HALF_AN_HOUR, at_work=at_work, time_off=off, within=within or hours(0, 24))
    return [(each.kind.value, "".join(each.agreed)) for each in told]


@pytest.mark.parametrize(
    ("agreed", "expected"),
    [
        ([hours(8, 9), hours(9.5, 10), hours(13, 14)], []),
        ([hours(8, 9), hours(9, 10)], [("BUFFER", "ab")]),
        ([hours(8, 10), hours(9, 11)], [("OVERLAP", "ab")]),
        ([hours(8, 12), hours(8.5, 9), hours(10, 11)], [("OVERLAP", "ab"), ("OVERLAP", "ac")]),
        ([hours(7, 9)], [("SHIFT", "a")]),
        ([hours(11, 14)], [("SHIFT", "a")]),
        ([hours(17, 18)], [("SHIFT", "a")]),
    ],
)
def test_overlaps_short_pauses_and_odd_hours_are_found(agreed: list[Stretch], expected: list[tuple[str, str]]) -> None:
    assert found(*agreed) == expected


def test_time_off_is_said_before_hours() -> None:
    assert found(hours(9, 10), hours(17, 18), off=(hours(9.5, 20),)) == [("TIME_OFF", "a"), ("TIME_OFF", "b")]


def test_only_the_part_within_the_time_looked_at_is_judged() -> None:
    assert found(hours(7, 9), within=hours(8, 24)) == []
