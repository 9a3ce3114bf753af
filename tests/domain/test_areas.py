"""What can be the area of a territory: every polygon that does not meet itself, and no other."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from app.domain.areas import MOST_CORNERS, Area, Corner, area
from app.domain.refusals import Invalid

SQUARE = ((52.0, 5.0), (52.0, 6.0), (53.0, 6.0), (53.0, 5.0))
Point = tuple[Fraction, Fraction]


def corners(points: Sequence[tuple[float, float]]) -> Area:
    return tuple(Corner(lat=latitude, lon=longitude) for latitude, longitude in points)


def refusal(points: Sequence[tuple[float, float]]) -> Invalid:
    """Return how an area of these corners is refused."""
    with pytest.raises(Invalid) as refused:
        area(corners(points))
    return refused.value


def is_simple(points: Sequence[tuple[float, float]]) -> bool:
    """Tell whether a polygon meets itself nowhere: solved for every two edges in exact numbers."""
    exact = [(Fraction(latitude), Fraction(longitude)) for latitude, longitude in points]
    if len(set(exact)) < len(exact):
        return False
    edges = list(zip(exact, [*exact[1:], exact[0]], strict=True))
    return not any(
        _in_common(one, other) - ({*one} & {*other} if _are_neighbours(at, later, len(edges)) else set())
        for (at, one), (later, other) in combinations(enumerate(edges), 2)
    )


def _are_neighbours(at: int, later: int, count: int) -> bool:
    return later - at in {1, count - 1}


def _in_common(one: tuple[Point, Point], other: tuple[Point, Point]) -> set[Point]:
    """Return a point that two edges have in common, both ends where they lie over each other; nothing: they do not."""
    (py, px), (qy, qx) = one
    (ry, rx), (sy, sx) = other
    across = (qx - px) * (sy - ry) - (qy - py) * (sx - rx)
    if across:
        t = ((rx - px) * (sy - ry) - (ry - py) * (sx - rx)) / across
        u = ((rx - px) * (qy - py) - (ry - py) * (qx - px)) / across
        return {(py + t * (qy - py), px + t * (qx - px))} if 0 <= t <= 1 and 0 <= u <= 1 else set()
    if (rx - px) * (qy - py) != (ry - py) * (qx - px):
        return set()
    # On one line, their points are in the order of their coordinates.
    first, last = max(min(one), min(other)), min(max(one), max(other))
    return {first, last} if first <= last else set()


few = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=7, unique=True)


@given(few)
@example([(0, 0), (0, 2), (2, 2), (2, 1), (0, 1)])
@example([(0, 0), (0, 4), (3, 4), (0, 2)])
def test_every_polygon_that_does_not_meet_itself_is_an_area_and_no_other(points: list[tuple[int, int]]) -> None:
    given_as = corners(points)

    try:
        assert area(given_as) == given_as
    except Invalid:
        assert not is_simple(points)
    else:
        assert is_simple(points)


@given(few, st.sampled_from([0.1, 1 / 3, 1e-7, 1e-160]))
def test_rounding_does_not_decide_what_is_an_area(points: list[tuple[int, int]], size: float) -> None:
    shrunk = [(latitude * size, longitude * size) for latitude, longitude in points]

    try:
        area(corners(shrunk))
    except Invalid:
        assert not is_simple(shrunk)
    else:
        assert is_simple(shrunk)


@st.composite
def wide(draw: st.DrawFn) -> list[tuple[float, float]]:
    """A polygon of many corners that meets itself nowhere: a chain to the east, and one back north of it."""
    longitudes = draw(st.lists(st.integers(-90_000, 90_000), min_size=3, max_size=100, unique=True))
    ordered = [longitude / 1000 for longitude in sorted(longitudes)]
    there = [(draw(st.floats(-89, -1)), longitude) for longitude in ordered]
    back = [(draw(st.floats(1, 89)), longitude) for longitude in reversed(ordered)]
    return [*there, *back]


@given(wide(), st.integers(0, 199), st.booleans())
def test_an_area_may_begin_at_any_corner_and_go_either_way(
    points: list[tuple[float, float]], first: int, reverse: bool
) -> None:
    turned = [*points[first % len(points) :], *points[: first % len(points)]]
    turned = turned[::-1] if reverse else turned

    assert area(corners(turned)) == corners(turned)
    assert area(corners([*turned, turned[0]])) == corners(turned)


@given(wide(), st.data())
def test_corners_in_another_order_are_refused_where_edges_meet(
    points: list[tuple[float, float]], data: st.DataObject
) -> None:
    one, other = data.draw(st.lists(st.integers(0, len(points) - 1), min_size=2, max_size=2, unique=True))
    points[one], points[other] = points[other], points[one]
    assume(not is_simple(points))

    field = refusal(points).field or ()

    assert field[0] == "area"
    assert 0 < int(field[1]) < len(points)


@pytest.mark.parametrize(
    ("points", "field", "word"),
    [
        ((), ("area",), "3 to 200"),
        (SQUARE[:1], ("area",), "3 to 200"),
        (SQUARE[:2], ("area",), "3 to 200"),
        ((*SQUARE[:2], SQUARE[0]), ("area",), "3 to 200"),
        (tuple((n % 2, n / 2) for n in range(MOST_CORNERS + 1)), ("area",), "3 to 200"),
        ((*SQUARE[:2], SQUARE[1], SQUARE[0], SQUARE[1]), ("area",), "3 different"),
        ((*SQUARE, SQUARE[1], (51.0, 5.0)), ("area", "4"), "area.1"),
        (((91.0, 5.0), *SQUARE), ("area", "0", "lat"), "-90 and 90"),
        ((*SQUARE, (50.0, -180.5)), ("area", "4", "lon"), "-180 and 180"),
        (((0.0, 0.0), (1.0, 1.0), (3.0, 3.0), (2.0, 2.0)), ("area",), "one line"),
        (((5.0, -90.5), (6.0, 0.0), (5.0, 90.0)), ("area", "2"), "180th meridian"),
        (((-17.0, 179.0), (-17.0, -179.0), (-18.0, -179.0), (-18.0, 179.0)), ("area", "3"), "180th meridian"),
        (((0.0, 0.0), (1.0, 1.0), (0.0, 1.0), (1.0, 0.0)), ("area", "2"), "area.0"),
        (((0.0, 0.0), (0.0, 4.0), (4.0, 4.0), (0.0, 2.0)), ("area", "3"), "area.0"),
        (((0.0, 0.0), (0.0, 4.0), (0.0, 2.0), (3.0, 2.0)), ("area", "1"), "area.0"),
        (((0.0, 0.0), (0.0, 2.0), (3.0, 2.0), (0.0, 4.0)), ("area", "3"), "area.0"),
    ],
)
def test_what_is_no_area_is_refused_by_its_corner(
    points: tuple[tuple[float, float], ...], field: tuple[str, ...], word: str
) -> None:
    refused = refusal(points)

    assert refused.field == field
    assert word in refused.message


def test_an_area_may_have_two_hundred_corners_and_be_half_the_earth() -> None:
    there = [(-90.0 + n % 2, -90.0 + n * 180 / 99) for n in range(100)]
    back = [(90.0 - n % 2, 90.0 - n * 180 / 99) for n in range(100)]

    assert len(area(corners([*there, *back]))) == MOST_CORNERS


def test_there_is_one_zero_on_the_map() -> None:
    drawn = area(corners([(-0.0, 0.0), (0.0, 1.0), (1.0, -0.0)]))

    assert [f"{corner['lat']} {corner['lon']}" for corner in drawn] == ["0.0 0.0", "0.0 1.0", "1.0 0.0"]
