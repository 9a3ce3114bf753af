"""The agenda: a problem laid out so that questions are answered in milliseconds. Made once, asked often."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import TypeVar

import numpy as np

from app.planning.slots.axis import Axis, Minutes, axis_from
from app.planning.slots.bays import Site, sites
from app.planning.slots.openings import Calendar, Ledger, Openings, ledger, openings
from app.planning.slots.problem import Bay, Problem, Technician
from app.planning.slots.roster import Roster, roster
from app.planning.slots.rows import PlaceBook, Segments, Taken, round_the_clock, segments, taken
from app.planning.slots.ways import Vectors, vectors

# So long an agenda may be asked; then the beginning of its axis is too far behind.
_LASTS = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeTime:
    """Free time: the real one, the same as if nothing were booked, and then as if nobody had time off either."""

    real: Openings
    unbooked: Openings
    despite_time_off: Openings


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """A problem as arrays. It holds from `problem.now` to before `good_until`, when a hold in it runs out at first."""

    problem: Problem
    axis: Axis
    good_until: datetime
    roster: Roster
    calendar: Calendar
    places: PlaceBook
    vectors: Vectors
    home: Minutes
    segments: Segments
    taken: Taken
    ledger: Ledger
    free: FreeTime
    sites: tuple[Site, ...]

    def now_minute(self, now: datetime) -> int:
        """Return the minute of the axis at which a question is asked.

        Raises:
            ValueError: the agenda does not hold at that time.
        """
        if not self.problem.now <= now < self.good_until:
            raise ValueError(f"the agenda holds from {self.problem.now} to before {self.good_until}, not at {now}")
        return self.axis.ceil(now)

    def without_time_off(self) -> Openings:
        """Return the free time as if nobody had time off."""
        return self._openings(segments(dict(enumerate(self.problem.technicians)), self.axis, heed_time_off=False))

    def at_all_hours(self) -> Openings:
        """Return the free time as if everybody worked round the clock, but for their time off."""
        return self._openings(round_the_clock(dict(enumerate(self.problem.technicians)), self.axis))

    def _openings(self, when: Segments) -> Openings:
        return openings(when, self.taken, self.calendar, self.ledger, home=self.home, places=self.vectors)


def laid_out(problem: Problem) -> Agenda:
    """Return the agenda of a problem.

    Raises:
        ValueError: a technician that is there twice.
    """
    rules = problem.rules
    axis = axis_from(problem.now, grid=rules.grid_minutes, days=rules.horizon_days)
    known = roster(problem.technicians, axis)
    everybody = dict(enumerate(problem.technicians))
    zones = list(dict.fromkeys(each.zone for each in problem.technicians))
    calendar = Calendar(
        axis=axis,
        zones=tuple(axis.local_days(zone) for zone in zones),
        zone_of=np.array([zones.index(each.zone) for each in problem.technicians], dtype=np.intp),
    )
    places = PlaceBook()
    home = np.array([places.row(each.home) for each in problem.technicians], dtype=np.int64)
    bookings = taken(everybody, axis, problem.now, places)
    working = segments(everybody, axis, heed_time_off=True)
    days = ledger(working, bookings, calendar, len(problem.technicians))
    where = vectors(places.places)
    return Agenda(
        problem=problem,
        axis=axis,
        good_until=_good_until(problem),
        roster=known,
        calendar=calendar,
        places=places,
        vectors=where,
        home=home,
        segments=working,
        taken=bookings,
        ledger=days,
        free=_free(everybody, working, bookings, calendar, days, home=home, places=where),
        sites=sites(problem.facilities, problem.bays, axis, problem.now),
    )


def revised(agenda: Agenda, *, technicians: Iterable[Technician] = (), bays: Iterable[Bay] = ()) -> Agenda:
    """Return the agenda after these technicians and bays have changed: what they were is forgotten.

    Much cheaper than laying the problem out anew, with equal answers. It holds until the next hold in it runs out:
    whose hold has run out must be among those that have changed.

    Raises:
        KeyError: a technician or bay that the problem does not have.
    """
    new = {agenda.roster.number_of[each.id]: each for each in technicians}
    everybody = tuple(new.get(number, each) for number, each in enumerate(agenda.problem.technicians))
    problem = replace(agenda.problem, technicians=everybody, bays=_replaced(agenda.problem.bays, bays))
    if any(_lasting(each) != _lasting(agenda.problem.technicians[number]) for number, each in new.items()):
        return laid_out(problem)
    places = agenda.places.copy()
    now, axis = problem.now, agenda.axis
    bookings = taken(new, axis, now, places)
    working = segments(new, axis, heed_time_off=True)
    where = agenda.vectors
    if len(places.places) > len(where):
        where = np.concatenate((where, vectors(places.places[len(where) :])))
    numbers = sorted(new)
    theirs = ledger(working, bookings, agenda.calendar, len(everybody))
    days = Ledger(booked=agenda.ledger.booked.copy(), load=agenda.ledger.load.copy())
    days.booked[numbers], days.load[numbers] = theirs.booked[numbers], theirs.load[numbers]
    free = _free(new, working, bookings, agenda.calendar, days, home=agenda.home, places=where)
    return replace(
        agenda,
        problem=problem,
        good_until=_good_until(problem),
        roster=replace(agenda.roster, technicians=everybody),
        places=places,
        vectors=where,
        segments=_spliced(agenda.segments, working, numbers),
        taken=_spliced(agenda.taken, bookings, numbers),
        ledger=days,
        free=FreeTime(
            real=_put_in(agenda.free.real, free.real, numbers),
            unbooked=_put_in(agenda.free.unbooked, free.unbooked, numbers),
            despite_time_off=_put_in(agenda.free.despite_time_off, free.despite_time_off, numbers),
        ),
        sites=sites(problem.facilities, problem.bays, axis, now)
        if problem.bays is not agenda.problem.bays
        else agenda.sites,
    )


def _free(
    technicians: Mapping[int, Technician],
    working: Segments,
    bookings: Taken,
    calendar: Calendar,
    days: Ledger,
    *,
    home: Minutes,
    places: Vectors,
) -> FreeTime:
    """Return the free time of these technicians, whose working time and bookings are given."""
    away = {number: each for number, each in technicians.items() if each.time_off}
    present = ~np.isin(working.technician, list(away))
    despite = segments(away, calendar.axis, heed_time_off=False)
    anyway = Segments(
        **{
            each.name: np.concatenate((getattr(working, each.name)[present], getattr(despite, each.name)))
            for each in fields(working)
        }
    )
    only = list(technicians)
    return FreeTime(
        real=openings(working, bookings, calendar, days, home=home, places=places, only=only),
        unbooked=openings(working, _NOTHING, calendar, days, home=home, places=places, only=only),
        despite_time_off=openings(anyway, _NOTHING, calendar, days, home=home, places=places, only=only),
    )


def _put_in(old: Openings, new: Openings, numbers: list[int]) -> Openings:
    return old.rows(~np.isin(old.technician, numbers)).and_rows(new)


_NOTHING = Taken(**{each.name: np.zeros(0, dtype=np.int64) for each in fields(Taken)})

_Table = TypeVar("_Table", Segments, Taken)


def _spliced(old: _Table, new: _Table, numbers: list[int]) -> _Table:
    """Return the rows of the old table, those of some technicians put in the place of theirs, still in order."""
    kept = ~np.isin(old.technician, numbers)
    order = np.argsort(np.concatenate((old.technician[kept], new.technician)), kind="stable")
    columns = {
        each.name: np.concatenate((getattr(old, each.name)[kept], getattr(new, each.name)))[order]
        for each in fields(old)
    }
    return type(old)(**columns)


def _replaced(old: tuple[Bay, ...], new: Iterable[Bay]) -> tuple[Bay, ...]:
    changed = {each.id: each for each in new}
    if not changed:
        return old
    unknown = changed.keys() - {each.id for each in old}
    if unknown:
        raise KeyError(min(unknown))
    return tuple(changed.get(each.id, each) for each in old)


def _lasting(technician: Technician) -> Technician:
    return replace(technician, shifts=(), time_off=(), bookings=())


def _good_until(problem: Problem) -> datetime:
    everything: Iterable[Technician | Bay] = (*problem.technicians, *problem.bays)
    holds = (booking.expires_at for each in everything for booking in each.bookings)
    first = min((hold for hold in holds if hold is not None and hold > problem.now), default=None)
    return problem.now + _LASTS if first is None else min(first, problem.now + _LASTS)
