"""Ways from many places to one: estimated as everywhere, or the roads that somebody has looked up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.assignments import DistanceSource
from app.domain.distances import DETOUR, EARTH_KM, KM_PER_HOUR, Distance
from app.planning.slots.problem import Place

Vectors = NDArray[np.float64]


def vectors(places: Sequence[Place | None]) -> Vectors:
    """Return the places as unit vectors, one a row; not-a-number where a place is not known."""
    degrees = np.array([(np.nan, np.nan) if each is None else each for each in places], dtype=np.float64)
    lat, lon = np.radians(degrees.reshape(-1, 2)).T
    return np.column_stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))


def estimated_km(starts: Vectors, ends: Vectors) -> Vectors:
    """Return the kilometres by road from each to each, as `app.domain.distances.estimated` has them."""
    apart = starts - ends
    chord = np.sqrt(np.einsum("ij,ij->i", apart, apart))
    km: Vectors = 2 * EARTH_KM * DETOUR * np.arcsin(np.minimum(chord / 2, 1.0))
    return km


def whole_minutes(km: Vectors) -> NDArray[np.int64]:
    """Return how long so many kilometres take, rounded up; 0 where they are not known."""
    return np.ceil(np.where(np.isnan(km), 0.0, km) * (60 / KM_PER_HOUR)).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """From each known place to one: minutes, kilometres (not-a-number: not known), and which are roads."""

    minutes: NDArray[np.int64]
    km: Vectors
    roads: Mapping[int, DistanceSource]

    def source(self, place: int) -> DistanceSource | None:
        """Return where the way from a place is known from; None: it is not known."""
        if np.isnan(self.km[place]):
            return None
        return self.roads.get(place, DistanceSource.GREAT_CIRCLE)


def ways_to(
    target: Place | None, places: Vectors, known: Mapping[Place, Distance], numbers: Mapping[Place, int]
) -> Ways:
    """Return the ways from each row of `places` to the target; `numbers` are the places' rows."""
    km = estimated_km(places, vectors([target]))
    minutes = whole_minutes(km)
    roads: dict[int, DistanceSource] = {}
    for place, way in known.items():
        row = numbers.get(place)
        if row is not None:
            km[row], minutes[row], roads[row] = way.km, way.minutes, way.source
    return Ways(minutes=minutes, km=km, roads=roads)
