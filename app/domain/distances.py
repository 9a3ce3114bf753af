"""How far it is to a job: by great circle where no road distance is known, and marked so."""

from dataclasses import dataclass
from math import asin, ceil, cos, radians, sin, sqrt

from app.domain.assignments import DistanceSource

EARTH_KM = 6371.0088
# Roads are longer than the great circle, and nobody drives as fast as the limit allows.
DETOUR = 1.3
KM_PER_HOUR = 28.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """A way: kilometres, whole minutes, and where that is known from."""

    km: float
    minutes: int
    source: DistanceSource


def great_circle_km(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Return the kilometres between two places, each latitude and longitude in degrees, as the crow flies."""
    (lat, lon), (to_lat, to_lon) = ((radians(each) for each in place) for place in (start, end))
    half = sin((to_lat - lat) / 2) ** 2 + cos(lat) * cos(to_lat) * sin((to_lon - lon) / 2) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(half)))


def estimated(start: tuple[float, float], end: tuple[float, float]) -> Distance:
    """Return the way between two places as far as it can be told without a map: rather too long than too short."""
    km = great_circle_km(start, end) * DETOUR
    return Distance(km=round(km, 2), minutes=ceil(km / KM_PER_HOUR * 60), source=DistanceSource.GREAT_CIRCLE)
