"""What of a phone's report is believed, and what of it counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.locations import MOST_POINTS, MOST_REFUSALS, Point, checked, is_stale, newest
from app.domain.refusals import ClockSkew, ErrorCode, Invalid, Refusals

NOW = datetime(2026, 5, 4, 8, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
GOOD = Point(latitude=52.1, longitude=5.1, recorded_at=NOW)

moments = st.timedeltas(timedelta(days=-3), timedelta(minutes=5)).map(lambda away: NOW + away)
points = st.builds(Point, latitude=st.floats(-90, 90), longitude=st.floats(-180, 180), recorded_at=moments)
reports = st.lists(points, min_size=1, max_size=20)


def wrong(**values: Any) -> list[Invalid | ClockSkew]:
    """Return why a point like this is refused."""
    try:
        checked([GOOD, replace(GOOD, **values)], now=NOW)
    except Refusals as refused:
        return [each for each in refused.each if isinstance(each, Invalid | ClockSkew)]
    return []


@pytest.mark.parametrize(
    "values",
    [
        {"latitude": 90.0, "longitude": 180.0, "accuracy_meters": 0.0, "heading_degrees": 0.0},
        {"latitude": -90.0, "longitude": -180.0, "accuracy_meters": 100_000.0, "heading_degrees": 359.999},
        {"recorded_at": NOW + timedelta(minutes=5)},
        {"recorded_at": datetime(1, 1, 1, tzinfo=UTC)},
    ],
)
def test_what_lies_on_the_edge_is_believed(values: dict[str, Any]) -> None:
    assert wrong(**values) == []


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"latitude": 90.001}, ("point", "lat")),
        ({"longitude": -180.001}, ("point", "lon")),
        ({"latitude": float("nan")}, ("point", "lat")),
        ({"accuracy_meters": -1.0}, ("accuracyMeters",)),
        ({"accuracy_meters": float("inf")}, ("accuracyMeters",)),
        ({"heading_degrees": 360.0}, ("headingDegrees",)),
        ({"heading_degrees": -0.1}, ("headingDegrees",)),
    ],
)
def test_a_value_out_of_range_is_told_with_the_way_to_it(values: dict[str, Any], path: tuple[str, ...]) -> None:
    (refusal,) = wrong(**values)

    assert (refusal.code, refusal.field) == (ErrorCode.VALIDATION_FAILED, ("points", "1", *path))
    assert path[-1] in refusal.message


def test_more_than_five_minutes_ahead_the_phones_clock_is_wrong() -> None:
    (refusal,) = wrong(recorded_at=NOW + timedelta(minutes=5) + INSTANT)

    assert isinstance(refusal, ClockSkew)
    assert (refusal.field, refusal.server_time) == (("points", "1", "recordedAt"), NOW)


def test_every_wrong_point_of_a_report_is_told_at_once() -> None:
    report = [GOOD, replace(GOOD, latitude=91.0), GOOD, replace(GOOD, recorded_at=NOW + timedelta(hours=1))]

    with pytest.raises(Refusals) as refused:
        checked(report, now=NOW)

    assert [each.field for each in refused.value.each] == [
        ("points", "1", "point", "lat"),
        ("points", "3", "recordedAt"),
    ]
    assert str(refused.value).startswith("lat must lie between")


def test_of_very_many_wrong_points_the_first_twenty_are_told() -> None:
    with pytest.raises(Refusals) as refused:
        checked([replace(GOOD, latitude=91.0)] * MOST_POINTS, now=NOW)

    assert [each.field for each in refused.value.each] == [("points", str(at), "point", "lat") for at in range(20)]
    assert MOST_REFUSALS == 20


@pytest.mark.parametrize("many", [0, MOST_POINTS + 1, 100_000])
def test_a_report_of_none_or_of_too_many_points_is_refused_and_the_limit_is_named(many: int) -> None:
    with pytest.raises(Invalid) as refused:
        checked([GOOD] * many, now=NOW)

    assert (refused.value.field, refused.value.message) == (("points",), "points must list 1 to 500 points.")


@given(report=reports, dice=st.randoms(use_true_random=False))
def test_the_newest_point_counts_in_whatever_order_they_come(report: list[Point], dice: Any) -> None:
    found = newest(report, now=NOW)
    shuffled = list(report)
    dice.shuffle(shuffled)

    latest = max(point.recorded_at for point in report)
    assert (None if found is None else found.recorded_at) == (latest if latest > NOW - timedelta(days=1) else None)
    again = newest(shuffled, now=NOW)
    assert (again and again.recorded_at) == (found and found.recorded_at)


def test_of_two_points_at_one_moment_the_one_named_last_counts() -> None:
    elsewhere = replace(GOOD, latitude=10.0)

    assert newest([GOOD, elsewhere], now=NOW) is elsewhere
    assert newest([elsewhere, GOOD], now=NOW) is GOOD


def test_a_point_of_yesterday_does_not_say_where_anybody_is() -> None:
    day = timedelta(days=1)

    assert newest([replace(GOOD, recorded_at=NOW - day)], now=NOW) is None
    assert newest([replace(GOOD, recorded_at=NOW - day + INSTANT)], now=NOW) is not None


def test_a_location_is_stale_when_nothing_newer_has_come_for_five_minutes() -> None:
    assert not is_stale(NOW - timedelta(minutes=5), now=NOW)
    assert is_stale(NOW - timedelta(minutes=5) - INSTANT, now=NOW)
