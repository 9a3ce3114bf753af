"""Time as whole minutes: from a beginning on the grid, with the days of any time zone laid over it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import numpy as np
from numpy.typing import NDArray

Minutes = NDArray[np.int64]

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """The local days of a zone: day `i` is `first + i` and begins at minute `begins[i]`; the last one only ends."""

    first: date
    begins: Minutes

    def of(self, minutes: Minutes) -> NDArray[np.intp]:
        """Return the number of the day that each minute lies in."""
        return np.searchsorted(self.begins, minutes, side="right") - 1

    def number(self, day: date) -> int:
        """Return the number of a local day; may lie outside of those that are laid out."""
        return (day - self.first).days


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Minutes since `origin`, and the starts that may be offered: `starts` of them, one each `grid` minutes."""

    origin: datetime
    grid: int
    days: int

    @property
    def starts(self) -> int:
        """How many starts there are."""
        return self.days * 24 * 60 // self.grid

    def floor(self, moment: datetime) -> int:
        """Return the last whole minute that is not after the moment."""
        return (moment - self.origin) // _MINUTE

    def ceil(self, moment: datetime) -> int:
        """Return the first whole minute that is not before the moment."""
        return -((self.origin - moment) // _MINUTE)

    def moment(self, minute: int) -> datetime:
        """Return the instant, in UTC."""
        return self.origin + minute * _MINUTE

    def local_days(self, zone: tzinfo) -> Days:
        """Return the zone's days from two before the origin's to two after the last start's.

        A day lasts from its first instant to the next day's, 23 or 25 hours where clocks change.
        """
        first = self.origin.astimezone(zone).date() - 2 * _DAY
        begins = [self.floor(first_instant(first + number * _DAY, zone)) for number in range(self.days + 6)]
        return Days(first=first, begins=np.array(begins, dtype=np.int64))


def axis_from(now: datetime, *, grid: int, days: int) -> Axis:
    """Return the axis whose origin is the last point of the grid that is not after `now`."""
    step = timedelta(minutes=grid)
    return Axis(origin=_EPOCH + (now - _EPOCH) // step * step, grid=grid, days=days)


def first_instant(day: date, zone: tzinfo) -> datetime:
    """Return when a local day begins, in UTC; where midnight is left out, when the clock is moved."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
