"""Business calendars: which hours count, and arithmetic in hours that count.

Opening hours are wall-clock times of the calendar's time zone. A day of a clock change is cut where the
clock changes, so that an hour that is skipped does not count and one that comes twice counts twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

# Monday first, as in a week of the standard; the words of the JSON in which calendars are kept.
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_DAY = timedelta(days=1)
# Where nobody works for so long, a due time makes no sense.
_LONGEST = timedelta(days=3660)

Opening = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessCalendar:
    """When promised time runs. `weekly` has, Monday first, the open minutes of each day, [start, end), in order.

    What lies between two of a day's openings is a break. On a holiday nothing is open.
    """

    id: UUID
    name: str
    time_zone: str
    weekly: Sequence[Sequence[Opening]]
    holidays: frozenset[date] = frozenset()


class NeverOpen(Exception):
    """The calendar has not enough open hours in ten years."""


def worked(calendar: BusinessCalendar | None, start: datetime, end: datetime) -> timedelta:
    """Return how much of [start, end) counts; without a calendar all of it, never less than nothing."""
    if end <= start:
        return timedelta()
    if calendar is None:
        return end - start
    return sum((until - since for since, until in _open(calendar, start, end)), timedelta())


def after(calendar: BusinessCalendar | None, start: datetime, amount: timedelta) -> datetime:
    """Return the first moment by which `amount` has been worked since `start`.

    Raises:
        NeverOpen: that is more than ten years away.
    """
    if calendar is None or amount <= timedelta():
        return start + max(amount, timedelta())
    left = amount
    for since, until in _open(calendar, start, start + _LONGEST):
        if until - since >= left:
            return since + left
        left -= until - since
    raise NeverOpen


def _open(calendar: BusinessCalendar, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the open intervals within [start, end), in order, in UTC."""
    zone = ZoneInfo(calendar.time_zone)
    # No zone is more than a day away from UTC.
    day = start.astimezone(zone).date() - _DAY
    last = end.astimezone(zone).date() + _DAY
    while day <= last:
        for since, until in _of_day(calendar.time_zone, day, _openings(calendar, day)):
            if until > start and since < end:
                yield max(since, start), min(until, end)
        day += _DAY


def _openings(calendar: BusinessCalendar, day: date) -> tuple[Opening, ...]:
    return () if day in calendar.holidays else tuple(calendar.weekly[day.weekday()])


@lru_cache(maxsize=4096)
def _of_day(time_zone: str, day: date, openings: tuple[Opening, ...]) -> tuple[tuple[datetime, datetime], ...]:
    """Return a local day's openings in UTC, cut where the clock changes."""
    if not openings:
        return ()
    midnight = _midnight(day)
    found: list[tuple[datetime, datetime]] = []
    for since, until, offset in _stretches(time_zone, day):
        for opens, closes in openings:
            first = max(midnight + timedelta(minutes=opens) - offset, since)
            last = min(midnight + timedelta(minutes=closes) - offset, until)
            if first < last:
                found.append((first.replace(tzinfo=UTC), last.replace(tzinfo=UTC)))
    return tuple(sorted(found))


def _stretches(time_zone: str, day: date) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Yield the parts of a span around a local day that have one offset, in naive UTC."""
    zone = ZoneInfo(time_zone)
    midnight = _midnight(day)
    since, end = midnight - _DAY, midnight + 2 * _DAY
    while since < end:
        offset = _offset(zone, since)
        until = since
        while until < end and _offset(zone, until) == offset:
            until += timedelta(hours=1)
        if until < end:
            until = _change(zone, until - timedelta(hours=1), until, offset)
        yield since, min(until, end), offset
        since = until


def _midnight(day: date) -> datetime:
    """Return where a day begins by the clock on the wall, whatever zone it hangs in."""
    return datetime.fromordinal(day.toordinal())


def _change(zone: ZoneInfo, before: datetime, behind: datetime, offset: timedelta) -> datetime:
    """Return the first second at which the offset is another one."""
    while behind - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(behind - before) // timedelta(seconds=2))
        if _offset(zone, middle) == offset:
            before = middle
        else:
            behind = middle
    return behind


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.replace(tzinfo=UTC).astimezone(zone).utcoffset() or timedelta()
