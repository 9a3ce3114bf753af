"""Technicians' working time and bookings as arrays, one row each, in minutes of the axis."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from app.planning.slots.axis import Axis, Minutes
from app.planning.slots.problem import Booking, Place, Span, Technician
from app.planning.slots.spans import Stretch, joined, without

# Further away than any minute of a plan.
FAR = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """Unbroken working time; `on_call` where it is for critical work only."""

    technician: Minutes
    start: Minutes
    end: Minutes
    on_call: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Bookings by technician, start and id; `place` is a row of the places, `home` the technician's when unknown."""

    technician: Minutes
    start: Minutes
    end: Minutes
    place: Minutes


class PlaceBook:
    """Gives each place a row, the same one each time; row 0 is the place that nobody knows."""

    def __init__(self) -> None:
        self.places: list[Place | None] = [None]
        self.numbers: dict[Place, int] = {}

    def copy(self) -> "PlaceBook":
        """Return a book that goes on from here on its own."""
        book = PlaceBook()
        book.places, book.numbers = self.places.copy(), self.numbers.copy()
        return book

    def row(self, place: Place | None) -> int:
        """Return the place's row."""
        if place is None:
            return 0
        row = self.numbers.setdefault(place, len(self.places))
        if row == len(self.places):
            self.places.append(place)
        return row


def live(bookings: Iterable[Booking], now: datetime) -> list[Booking]:
    """Return the bookings without the holds that have run out, by start and id."""
    standing = [each for each in bookings if each.expires_at is None or each.expires_at > now]
    return sorted(standing, key=lambda each: (each.start, each.id))


def inner(span: Span, axis: Axis) -> Stretch:
    """Return the whole minutes within a span."""
    return axis.ceil(span.start), axis.floor(span.end)


def outer(span: Span, axis: Axis) -> Stretch:
    """Return the minutes that a span touches."""
    return axis.floor(span.start), axis.ceil(span.end)


def working(technician: Technician, axis: Axis, *, heed_time_off: bool) -> tuple[list[Stretch], list[Stretch]]:
    """Return when a technician works, and when they are on call besides."""
    breaks = joined(outer(each, axis) for shift in technician.shifts for each in shift.breaks)
    off = joined(outer(each, axis) for each in technician.time_off) if heed_time_off else []
    regular = joined(inner(shift, axis) for shift in technician.shifts if not shift.on_call)
    on_call = joined(inner(shift, axis) for shift in technician.shifts if shift.on_call)
    extra = without(on_call, regular) if on_call else []
    return without(without(regular, breaks), off), without(without(extra, breaks), off)


def segments(technicians: Mapping[int, Technician], axis: Axis, *, heed_time_off: bool) -> Segments:
    """Return the working time of technicians, by their numbers."""
    who: list[int] = []
    when: list[Stretch] = []
    calls: list[bool] = []
    for number, technician in technicians.items():
        regular, extra = working(technician, axis, heed_time_off=heed_time_off)
        when += regular
        when += extra
        who += [number] * (len(regular) + len(extra))
        calls += [False] * len(regular) + [True] * len(extra)
    return _segments(who, when, calls)


def round_the_clock(technicians: Mapping[int, Technician], axis: Axis) -> Segments:
    """Return the time of technicians as if they worked at all hours but for their time off."""
    always = [(-2 * 24 * 60, (axis.days + 3) * 24 * 60)]
    who: list[int] = []
    when: list[Stretch] = []
    for number, technician in technicians.items():
        free = without(always, joined(outer(each, axis) for each in technician.time_off))
        when += free
        who += [number] * len(free)
    return _segments(who, when, [False] * len(who))


def _segments(who: list[int], when: list[Stretch], calls: list[bool]) -> Segments:
    bounds = np.array(when, dtype=np.int64).reshape(-1, 2)
    return Segments(
        technician=np.array(who, dtype=np.int64),
        start=bounds[:, 0],
        end=bounds[:, 1],
        on_call=np.array(calls, dtype=np.bool_),
    )


def taken(technicians: Mapping[int, Technician], axis: Axis, now: datetime, places: PlaceBook) -> Taken:
    """Return the live bookings of technicians, in the order of their numbers."""
    rows = [
        (number, axis.floor(each.start), axis.ceil(each.end), places.row(each.place))
        for number in sorted(technicians)
        for each in live(technicians[number].bookings, now)
    ]
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    return Taken(technician=table[:, 0], start=table[:, 1], end=table[:, 2], place=table[:, 3])
