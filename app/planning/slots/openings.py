"""Where something can still be put: a technician's free time between two neighbours, on one local day."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from app.planning.slots.axis import Axis, Days, Minutes
from app.planning.slots.rows import FAR, Segments, Taken
from app.planning.slots.ways import Vectors, estimated_km, whole_minutes

# Whoever had so many minutes since the last booking comes from home, and goes home before the next.
NIGHT = 6 * 60
_LONGEST_DAY = 25 * 60
# Keeps the technicians apart in one sorted array of minutes.
_APART = 4 * FAR


@dataclass(frozen=True, slots=True, kw_only=True)
class Openings:
    """Rows of free time. A start must not lie before `begin` nor after `last`, the work must end by `end`.

    `before` is when the booking before ends and `after` when the one after starts (far away: there is
    none); `comes_from` and `goes_to` are rows of places: the neighbour's where it is `near`, else home.
    `direct` are the minutes from the one to the other, `booked` the bookings on the local `day`, and
    `load` how much of that day's working time they fill, in thousandths.
    """

    technician: Minutes
    begin: Minutes
    last: Minutes
    end: Minutes
    on_call: NDArray[np.bool_]
    day: Minutes
    booked: Minutes
    load: Minutes
    before: Minutes
    after: Minutes
    near_before: NDArray[np.bool_]
    near_after: NDArray[np.bool_]
    comes_from: Minutes
    goes_to: Minutes
    direct: Minutes

    def rows(self, chosen: NDArray[np.intp] | NDArray[np.bool_]) -> "Openings":
        """Return some of the rows."""
        return Openings(**{each.name: getattr(self, each.name)[chosen] for each in fields(self)})

    def and_rows(self, more: "Openings") -> "Openings":
        """Return these rows and those."""
        return Openings(
            **{each.name: np.concatenate((getattr(self, each.name), getattr(more, each.name))) for each in fields(self)}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What each technician has on each local day: how many bookings, and how full it is, in thousandths."""

    booked: Minutes
    load: Minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The axis with the local days of each zone, and each technician's zone by number."""

    axis: Axis
    zones: tuple[Days, ...]
    zone_of: NDArray[np.intp]

    @property
    def day_count(self) -> int:
        """How many local days are laid out."""
        return self.axis.days + 6

    def day_of(self, technician: Minutes, minutes: Minutes) -> Minutes:
        """Return the number of the technician's local day for each minute."""
        found = np.zeros(len(minutes), dtype=np.int64)
        zone_of = self.zone_of[technician]
        for number, zone in enumerate(self.zones):
            mine = zone_of == number
            found[mine] = zone.of(minutes[mine])
        return found

    def begins(self, technician: Minutes, day: Minutes) -> Minutes:
        """Return when each local day of the technicians begins."""
        table: Minutes = np.stack([zone.begins for zone in self.zones]) if self.zones else np.zeros((1, 1), np.int64)
        found: Minutes = table[self.zone_of[technician], day]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Days:
    """Segments cut at local midnights, `of` by row of the segments."""

    of: NDArray[np.intp]
    day: Minutes
    begin: Minutes
    last: Minutes


def ledger(segments: Segments, bookings: Taken, calendar: Calendar, technicians: int) -> Ledger:
    """Return what each technician has on each day, rows by technician, columns by day."""
    days = calendar.day_count
    cells = technicians * days
    day = calendar.day_of(bookings.technician, bookings.start)
    inside = (day >= 0) & (day < days - 1)
    cell = (bookings.technician * days + day)[inside]
    booked = np.bincount(cell, minlength=cells)
    minutes = np.bincount(cell, weights=(bookings.end - bookings.start)[inside], minlength=cells)
    horizon = calendar.axis.days * 24 * 60
    cut = _cut(segments, calendar, since=-_LONGEST_DAY, until=horizon + _LONGEST_DAY)
    worked = np.bincount(
        segments.technician[cut.of] * days + cut.day,
        weights=np.minimum(segments.end[cut.of], cut.last + 1) - cut.begin,
        minlength=cells,
    )
    load = np.minimum(1000, minutes.astype(np.int64) * 1000 // np.maximum(1, worked.astype(np.int64)))
    return Ledger(booked=booked.astype(np.int64).reshape(-1, days), load=load.reshape(-1, days))


def openings(
    segments: Segments,
    bookings: Taken,
    calendar: Calendar,
    days: Ledger,
    *,
    home: Minutes,
    places: Vectors,
    only: Sequence[int] | None = None,
) -> Openings:
    """Return the free time of the technicians, or of `only` these, in no order that counts.

    `bookings` are what free time lies between, `home` each technician's row of the places.
    """
    gaps = _gaps(bookings, np.arange(len(home)) if only is None else np.array(sorted(only), dtype=np.int64))
    cut = _cut(segments, calendar, since=0, until=calendar.axis.days * 24 * 60)
    who, end = segments.technician[cut.of], segments.end[cut.of]
    first = np.searchsorted(gaps.who * _APART + gaps.after, who * _APART + cut.begin, side="right")
    behind = np.searchsorted(gaps.who * _APART + gaps.before, who * _APART + np.minimum(end, cut.last + 1), side="left")
    count = np.maximum(0, behind - first)
    row = np.repeat(np.arange(len(who)), count)
    gap = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
    who, end, begin = who[row], end[row], cut.begin[row]
    before, after = gaps.before[gap], gaps.after[gap]
    near_before, near_after = begin - before < NIGHT, after - end < NIGHT
    comes_from = np.where(near_before, gaps.comes_from[gap], home[who])
    goes_to = np.where(near_after, gaps.goes_to[gap], home[who])
    return Openings(
        technician=who,
        begin=begin,
        last=cut.last[row],
        end=end,
        on_call=segments.on_call[cut.of][row],
        day=cut.day[row],
        booked=days.booked[who, cut.day[row]],
        load=days.load[who, cut.day[row]],
        before=before,
        after=after,
        near_before=near_before,
        near_after=near_after,
        comes_from=comes_from,
        goes_to=goes_to,
        direct=whole_minutes(estimated_km(places[comes_from], places[goes_to])),
    )


def _cut(segments: Segments, calendar: Calendar, *, since: int, until: int) -> _Days:
    """Cut segments at local midnights, without what ends by the minute `since` or begins at `until` or later."""
    begins_of = calendar.begins
    first = calendar.day_of(segments.technician, np.maximum(segments.start, since))
    final = calendar.day_of(segments.technician, np.minimum(segments.end, until) - 1)
    count = np.maximum(0, final - first + 1)
    count[(segments.end <= since) | (segments.start >= until)] = 0
    of = np.repeat(np.arange(len(count)), count)
    day = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
    who = segments.technician[of]
    return _Days(
        of=of,
        day=day,
        begin=np.maximum(segments.start[of], begins_of(who, day)),
        last=begins_of(who, day + 1) - 1,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gaps:
    """Time between bookings, by technician and time, with the places of the bookings around it."""

    who: Minutes
    before: Minutes
    after: Minutes
    comes_from: Minutes
    goes_to: Minutes


def _gaps(bookings: Taken, technicians: Minutes) -> _Gaps:
    """Return what lies between the bookings of these technicians; bookings that overlap count as one."""
    total, place_in_line = len(bookings.start), np.searchsorted(technicians, bookings.technician)
    size = total + len(technicians)
    who = np.empty(size, dtype=np.int64)
    before, after = np.full(size, -FAR), np.full(size, FAR)
    comes_from, goes_to = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    # Before each technician's first booking lies one gap, and after every booking another.
    behind = np.arange(total) + place_in_line + 1
    leading = np.searchsorted(bookings.technician, technicians) + np.arange(len(technicians))
    who[behind], who[leading] = bookings.technician, technicians
    reach = bookings.technician * _APART + bookings.end
    furthest = np.maximum.accumulate(reach) if total else reach
    holder = np.maximum.accumulate(np.where(reach == furthest, np.arange(total), 0)) if total else behind
    before[behind], comes_from[behind] = bookings.end[holder], bookings.place[holder]
    after[behind - 1], goes_to[behind - 1] = bookings.start, bookings.place
    real = after > before
    return _Gaps(
        who=who[real], before=before[real], after=after[real], comes_from=comes_from[real], goes_to=goes_to[real]
    )
