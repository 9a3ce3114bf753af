"""How much of the time in which somebody works, or a bay can be used, is taken."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

Stretch = tuple[datetime, datetime]

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Time [start, end) in which a technician works but for the breaks; on call, for what cannot wait."""

    start: datetime
    end: datetime
    breaks: tuple[Stretch, ...] = ()
    on_call: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Time [start, end) that is taken, and how long the way there takes, where that is known."""

    start: datetime
    end: datetime
    travel_minutes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Utilization:
    """Whole minutes; `ratio` is what is booked of what is available, 0 where nothing is."""

    available_minutes: int
    booked_minutes: int
    travel_minutes: int
    ratio: float
    bookings: int


def joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return the same time as stretches that neither overlap nor touch, in order."""
    found: list[Stretch] = []
    for start, end in sorted(each for each in stretches if each[0] < each[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def without(stretches: Iterable[Stretch], holes: Iterable[Stretch]) -> list[Stretch]:
    """Return the time of the stretches that is in none of the holes, in order."""
    left = joined(stretches)
    for gone, back in joined(holes):
        left = [
            part
            for start, end in left
            for part in ((start, min(end, gone)), (max(start, back), end))
            if part[0] < part[1]
        ]
    return left


def working(shifts: Iterable[Shift], holidays: Iterable[Stretch], time_off: Iterable[Stretch]) -> list[Stretch]:
    """Return when somebody works: in shifts but for breaks, not on holidays unless on call, and not in time off."""
    free = list(holidays)
    at_work = [
        part for shift in shifts for part in without([(shift.start, shift.end)], [*shift.breaks, *_unless(shift, free)])
    ]
    return without(at_work, time_off)


def utilized(available: timedelta, taken: Iterable[Taken], start: datetime, end: datetime) -> Utilization:
    """Return how much of the available time is taken; of what is taken only its part within [start, end) counts.

    The way to an appointment that began earlier counts there, not here.
    """
    within = [each for each in taken if each.start < end and each.end > start]
    booked = sum((min(each.end, end) - max(each.start, start) for each in within), timedelta())
    return Utilization(
        available_minutes=available // _MINUTE,
        booked_minutes=booked // _MINUTE,
        travel_minutes=sum(each.travel_minutes for each in within if each.start >= start),
        ratio=round(booked / available, 4) if available else 0.0,
        bookings=len(within),
    )


def lasting(stretches: Iterable[Stretch], start: datetime, end: datetime) -> timedelta:
    """Return how long the stretches last within [start, end)."""
    return sum((max(timedelta(), min(until, end) - max(since, start)) for since, until in stretches), timedelta())


def _unless(shift: Shift, holidays: list[Stretch]) -> list[Stretch]:
    return [] if shift.on_call else holidays
