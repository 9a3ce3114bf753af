"""Areas of territories: polygons of corners in degrees, whose edges are straight where degrees are drawn as squares."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from typing import Literal, TypedDict

from app.domain import validation
from app.domain.refusals import Invalid

FEWEST_CORNERS = 3
MOST_CORNERS = 200
WIDEST_DEGREES = 180
# A difference of two products below this share of them, (3 + 16 e) e for e of half a unit in the last place, may be
# nothing but rounding; so may what is hardly more than the least of numbers.
_DOUBT = (3 + 16 * 2**-53) * 2**-53
_LEAST = 1e-290
_AXES: tuple[Literal["lat"], Literal["lon"]] = ("lat", "lon")


class Corner(TypedDict):
    """A corner of an area, in degrees: as clients say it, and as the log tells it."""

    lat: float
    lon: float


Area = tuple[Corner, ...]


def area(corners: Sequence[Corner], field: str = "area") -> Area:
    """Return the corners of one polygon, each once, in the order given; the last edge leads back to the first.

    A last corner that is the first again is left out.

    Raises:
        Invalid: there are fewer than 3 corners or more than 200, one lies nowhere or is named twice, they all lie on
            one line or more than 180 degrees apart, or edges meet elsewhere than in the corner that they share.
    """
    clean = _closed(corners, field)
    _check_each_once(clean, field)
    _check_width(clean, field)
    _check_encloses(clean, field)
    _check_edges(clean, field)
    return clean


def _closed(corners: Sequence[Corner], field: str) -> Area:
    given = corners[:-1] if len(corners) > 1 and corners[-1] == corners[0] else corners
    if not FEWEST_CORNERS <= len(given) <= MOST_CORNERS:
        raise Invalid(field=(field,), problem=f"{field} must have {FEWEST_CORNERS} to {MOST_CORNERS} corners.")
    clean = []
    for at, corner in enumerate(given):
        latitude, longitude = validation.point(corner["lat"], corner["lon"], field, str(at))
        # There is one zero on the map.
        clean.append(Corner(lat=latitude + 0.0, lon=longitude + 0.0))
    return tuple(clean)


def _check_each_once(corners: Area, field: str) -> None:
    first: dict[tuple[float, float], int] = {}
    again: list[tuple[int, int]] = []
    for at, corner in enumerate(corners):
        known = first.setdefault((corner["lat"], corner["lon"]), at)
        if known != at:
            again.append((at, known))
    if len(first) < FEWEST_CORNERS:
        raise Invalid(field=(field,), problem=f"{field} must have at least {FEWEST_CORNERS} different corners.")
    for at, known in again:
        problem = f"{field}.{at} lies where {field}.{known} does; name each corner once."
        raise Invalid(field=(field, str(at)), problem=problem)


def _check_width(corners: Area, field: str) -> None:
    by_longitude = sorted(range(len(corners)), key=lambda at: corners[at]["lon"])
    west, east = by_longitude[0], by_longitude[-1]
    if corners[east]["lon"] - corners[west]["lon"] > WIDEST_DEGREES:
        problem = (
            f"{field}.{west} and {field}.{east} lie more than {WIDEST_DEGREES} degrees apart; an area that reaches"
            " over the 180th meridian is cut there, into two territories."
        )
        raise Invalid(field=(field, str(max(west, east))), problem=problem)


def _check_encloses(corners: Area, field: str) -> None:
    start, second, *others = corners
    if all(_turn(start, second, each) == 0 for each in others):
        raise Invalid(field=(field,), problem=f"The corners of {field} lie on one line; it must enclose something.")


def _check_edges(corners: Area, field: str) -> None:
    edges = list(zip(corners, (*corners[1:], corners[0]), strict=True))
    last = len(edges) - 1
    for (at, one), (later, other) in combinations(enumerate(edges), 2):
        if later == at + 1:
            meet = _folds(*one, other[1])
        elif at == 0 and later == last:
            meet = _folds(*other, one[1])
        else:
            meet = _meet(*one, *other)
        if meet:
            problem = (
                f"The edge from {field}.{later} meets the one from {field}.{at}; edges must neither cross nor touch"
                " but in the corner that they share."
            )
            raise Invalid(field=(field, str(later)), problem=problem)


def _folds(start: Corner, shared: Corner, end: Corner) -> bool:
    """Tell whether an edge runs back over the one before it."""
    if _turn(start, shared, end) != 0:
        return False
    if start["lon"] != shared["lon"]:
        return (start["lon"] < shared["lon"]) == (end["lon"] < shared["lon"])
    return (start["lat"] < shared["lat"]) == (end["lat"] < shared["lat"])


def _meet(start: Corner, end: Corner, other_start: Corner, other_end: Corner) -> bool:
    """Tell whether two edges have a point in common."""
    for axis in _AXES:
        if max(start[axis], end[axis]) < min(other_start[axis], other_end[axis]):
            return False
        if max(other_start[axis], other_end[axis]) < min(start[axis], end[axis]):
            return False
    here, there = _turn(start, end, other_start), _turn(start, end, other_end)
    if here * there > 0:
        return False
    return _turn(other_start, other_end, start) * _turn(other_start, other_end, end) <= 0


def _turn(start: Corner, end: Corner, point: Corner) -> int:
    """Tell on which side of a line a point lies: 1 left, -1 right, 0 on it. Exact."""
    left = (end["lon"] - start["lon"]) * (point["lat"] - start["lat"])
    right = (end["lat"] - start["lat"]) * (point["lon"] - start["lon"])
    if abs(left - right) > _DOUBT * (abs(left) + abs(right)) + _LEAST:
        return 1 if left > right else -1
    exactly_left = _apart(end, start, "lon") * _apart(point, start, "lat")
    exactly_right = _apart(end, start, "lat") * _apart(point, start, "lon")
    return (exactly_left > exactly_right) - (exactly_left < exactly_right)


def _apart(one: Corner, other: Corner, axis: Literal["lat", "lon"]) -> Fraction:
    return Fraction(one[axis]) - Fraction(other[axis])
