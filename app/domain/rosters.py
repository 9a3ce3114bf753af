"""Shifts by the week, laid out over real days by a local clock."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta, tzinfo
from enum import StrEnum

from app.domain.local_time import instant_at
from app.domain.refusals import Invalid
from app.domain.utilization import Shift, Stretch

# From the first day to the last, both included.
MOST_DAYS = 92
MOST_PATTERNS = 14
MOST_SHIFTS = 200
_DAY = timedelta(days=1)


class Weekday(StrEnum):
    """A day of the week."""

    MON = "MON"
    TUE = "TUE"
    WED = "WED"
    THU = "THU"
    FRI = "FRI"
    SAT = "SAT"
    SUN = "SUN"

    @classmethod
    def of(cls, day: date) -> "Weekday":
        """Return the weekday of a day."""
        return list(cls)[day.weekday()]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyShift:
    """A shift of a weekday by the clock: one that ends at or before its start ends on the next day.

    So does a break that begins before the shift does, or ends at or before its own start.
    """

    weekday: Weekday
    start: time
    end: time
    breaks: tuple[tuple[time, time], ...] = ()
    on_call: bool = False


def laid_out(weekly: Sequence[WeeklyShift], first: date, last: date, zone: tzinfo) -> list[Shift]:
    """Return the shifts that begin on the days from the first to the last, by where they begin.

    A time that the clock leaves out is that of its change; of one that it shows twice, shifts and breaks begin at
    the first and end at the second.

    Raises:
        Invalid: there are too many days or shifts, or none at all.
    """
    _check(weekly, first, last)
    found = [
        shift
        for number in range((last - first).days + 1)
        for day in [first + number * _DAY]
        for each in weekly
        if each.weekday is Weekday.of(day)
        for shift in _on(each, day, zone)
    ]
    if not found:
        raise Invalid(field=("weekly",), problem="None of these weekdays lies between from and to.")
    if len(found) > MOST_SHIFTS:
        raise Invalid(field=("weekly",), problem=f"At most {MOST_SHIFTS} shifts are made at once: ask for fewer days.")
    return sorted(found, key=lambda shift: (shift.start, shift.end))


def _check(weekly: Sequence[WeeklyShift], first: date, last: date) -> None:
    if not 1 <= len(weekly) <= MOST_PATTERNS:
        raise Invalid(field=("weekly",), problem=f"weekly must name 1 to {MOST_PATTERNS} shifts.")
    if last < first:
        raise Invalid(field=("to",), problem="to must not lie before from.")
    if (last - first).days >= MOST_DAYS:
        raise Invalid(field=("to",), problem=f"from and to must lie within {MOST_DAYS} days.")


def _on(each: WeeklyShift, day: date, zone: tzinfo) -> Iterator[Shift]:
    start, end = _stretch(each.start, each.end, day, zone)
    breaks = [_stretch(since, until, day + _DAY if since < each.start else day, zone) for since, until in each.breaks]
    # What the clock leaves out is not worked.
    if start < end:
        kept = tuple((since, until) for since, until in sorted(breaks) if since < until)
        yield Shift(start=start, end=end, breaks=kept, on_call=each.on_call)


def _stretch(start: time, end: time, day: date, zone: tzinfo) -> Stretch:
    over = day + _DAY if end <= start else day
    return instant_at(day, start, zone, later=False), instant_at(over, end, zone, later=True)
