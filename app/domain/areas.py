"""Areas of territories: polygons of corners in degrees, whose edges are straight where degrees are drawn as squares."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
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


class Corner(TypedDict):
    """A corner of an area, in degrees: as clients say it, and as the log tells it."""

    lat: float
    lon: float


Area = tuple[Corner, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edge:
    """The edge that begins at the corner of this number, and between which degrees it lies."""

    at: int
    start: Corner
    end: Corner
    west: float
    east: float
    south: float
    north: float


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
    # From west to east, so that an edge is only held against those that begin before it ends.
    edges = sorted(_edges(corners), key=lambda edge: edge.west)
    for place, one in enumerate(edges, start=1):
        for other in islice(edges, place, None):
            if other.west > one.east:
                break
            if other.south > one.north or one.south > other.north:
                continue
            if _meet(*sorted((one, other), key=lambda edge: edge.at), count=len(corners)):
                at, later = sorted((one.at, other.at))
                problem = (
                    f"The edge from {field}.{later} meets the one from {field}.{at}; edges must neither cross nor touch"
                    " but in the corner that they share."
                )
                raise Invalid(field=(field, str(later)), problem=problem)


def _edges(corners: Area) -> Iterator[_Edge]:
    for at, (start, end) in enumerate(zip(corners, (*corners[1:], corners[0]), strict=True)):
        west, east = sorted((start["lon"], end["lon"]))
        south, north = sorted((start["lat"], end["lat"]))
        yield _Edge(at=at, start=start, end=end, west=west, east=east, south=south, north=north)


def _meet(one: _Edge, other: _Edge, *, count: int) -> bool:
    """Tell whether two edges that lie between the same degrees meet, but in a corner that they share."""
    if other.at == one.at + 1:
        return _folds(one.start, other.start, other.end)
    if other.at == one.at + count - 1:
        return _folds(other.start, one.start, one.end)
    if _turn(one.start, one.end, other.start) * _turn(one.start, one.end, other.end) > 0:
        return False
    return _turn(other.start, other.end, one.start) * _turn(other.start, other.end, one.end) <= 0


def _folds(start: Corner, shared: Corner, end: Corner) -> bool:
    """Tell whether an edge runs back over the one before it."""
    if _turn(start, shared, end) != 0:
        return False
    if start["lon"] != shared["lon"]:
        return (start["lon"] < shared["lon"]) == (end["lon"] < shared["lon"])
    return (start["lat"] < shared["lat"]) == (end["lat"] < shared["lat"])


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
