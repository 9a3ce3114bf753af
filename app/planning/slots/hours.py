"""Weekly hours laid out over real days: shifts or opening hours by the local clock, without the holidays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from app.domain.local_time import instant_at
from app.planning.slots.problem import Span

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyHours:
    """From when to when it is open, by weekday (0 is Monday) and the clock of `zone`, but for `holidays`.

    Hours that end at or before their start end on the next day; a holiday takes the hours that begin on it.
    """

    zone: tzinfo
    weekly: Mapping[int, tuple[tuple[time, time], ...]]
    holidays: frozenset[date] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        for weekday in self.weekly:
            if weekday not in range(7):
                raise ValueError("weekly: a weekday is from 0, Monday, to 6")


def laid_out(hours: WeeklyHours, *, start: datetime, end: datetime) -> tuple[Span, ...]:
    """Return the hours as instants in UTC, within `[start, end)`.

    What the clock leaves out is not open; an hour that it shows twice is open from the first time to
    the second, as the clock would have it. Hours that shrink to nothing are left out.
    """
    found = []
    day = start.astimezone(hours.zone).date() - _DAY
    last = end.astimezone(hours.zone).date()
    while day <= last:
        if day not in hours.holidays:
            for opens, closes in hours.weekly.get(day.weekday(), ()):
                begin = max(start, instant_at(day, opens, hours.zone, later=False))
                over = day + _DAY if closes <= opens else day
                finish = min(end, instant_at(over, closes, hours.zone, later=True))
                if begin < finish:
                    found.append(Span(start=begin.astimezone(UTC), end=finish.astimezone(UTC)))
        day += _DAY
    return tuple(sorted(found, key=lambda span: (span.start, span.end)))
