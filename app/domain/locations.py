"""Where technicians are, as their phones say: what of a report is believed, and what of it counts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain import validation
from app.domain.clock import TOLERANCE
from app.domain.refusals import ClockSkew, Invalid, Refusal, Refusals

MOST_POINTS = 500
# More would help nobody, and what an answer may hold is bounded.
MOST_REFUSALS = 20
FARTHEST_OFF_METERS = 100_000
# What is older does not say where anybody is.
COUNTS_FOR = timedelta(days=1)
STALE_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where a phone was at a moment (aware), in degrees; how far off that may be, and which way it went from north."""

    latitude: float
    longitude: float
    recorded_at: datetime
    accuracy_meters: float | None = None
    heading_degrees: float | None = None


def checked(points: Sequence[Point], *, now: datetime) -> Sequence[Point]:
    """Return the points as they are, if every one of them can be true.

    Raises:
        Invalid: none at all, or more than 500.
        Refusals: an Invalid or a ClockSkew for each wrong point, at most 20, with the path to the value.
    """
    if not 1 <= len(points) <= MOST_POINTS:
        raise Invalid(field=("points",), problem=f"points must list 1 to {MOST_POINTS} points.")
    wrong = [refusal for at, point in enumerate(points) for refusal in _refusals(point, ("points", str(at)), now)]
    if wrong:
        raise Refusals(tuple(wrong[:MOST_REFUSALS]))
    return points


def newest(points: Sequence[Point], *, now: datetime) -> Point | None:
    """Return the point that says where the phone is: of the last day the newest, in whatever order they come.

    None where all are older. Of several at one moment it is the one named last.
    """
    counting = [point for point in points if point.recorded_at > now - COUNTS_FOR]
    return max(reversed(counting), key=lambda point: point.recorded_at, default=None)


def is_stale(recorded_at: datetime, *, now: datetime) -> bool:
    """Tell whether a location is so old that its technician may be elsewhere by now."""
    return recorded_at < now - STALE_AFTER


def _refusals(point: Point, path: tuple[str, ...], now: datetime) -> Iterator[Refusal]:
    """Yield the first thing that is wrong with a point, if anything is."""
    try:
        validation.point(point.latitude, point.longitude, *path, "point")
    except Invalid as refusal:
        yield refusal
        return
    accuracy, heading = point.accuracy_meters, point.heading_degrees
    if accuracy is not None and not 0 <= accuracy <= FARTHEST_OFF_METERS:
        problem = f"accuracyMeters must lie between 0 and {FARTHEST_OFF_METERS}."
        yield Invalid(field=(*path, "accuracyMeters"), problem=problem)
    elif heading is not None and not 0 <= heading < 360:
        yield Invalid(field=(*path, "headingDegrees"), problem="headingDegrees must be 0 or more and less than 360.")
    elif point.recorded_at > now + TOLERANCE:
        problem = "recordedAt lies more than five minutes in the future."
        yield ClockSkew(field=(*path, "recordedAt"), problem=problem, server_time=now)
