"""Areas drawn for tests."""

import math

from app.domain.areas import Area, Corner


def box(south: float, west: float, north: float, east: float) -> Area:
    """Return the area between two latitudes and two longitudes."""
    return (
        Corner(lat=south, lon=west),
        Corner(lat=south, lon=east),
        Corner(lat=north, lon=east),
        Corner(lat=north, lon=west),
    )


def star(latitude: float, longitude: float, reach: float, *, corners: int) -> Area:
    """Return an area around a place, every other corner of which lies nearer to it."""
    return tuple(
        Corner(
            lat=latitude + reach * (1 - 0.3 * (at % 2)) * math.sin(math.tau * at / corners),
            lon=longitude + reach * (1 - 0.3 * (at % 2)) * math.cos(math.tau * at / corners),
        )
        for at in range(corners)
    )
