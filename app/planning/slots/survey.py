"""Everything that is possible for a request at one site: each technician's free starts, and what speaks for them."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from app.domain.appointments import LocationMode, Urgency
from app.domain.refusals import ConstraintKind
from app.planning.slots.agenda import Agenda
from app.planning.slots.axis import Minutes
from app.planning.slots.bays import FreeBays, Mask, Site, free_bays, within
from app.planning.slots.openings import Openings
from app.planning.slots.parts import PartsOutlook, outlook
from app.planning.slots.problem import Place
from app.planning.slots.request import SlotRequest
from app.planning.slots.rows import inner
from app.planning.slots.scoring import PREFERRED_TECHNICIAN, TRAVEL, balance_points
from app.planning.slots.spans import joined
from app.planning.slots.ways import Ways, ways_to

ALL = frozenset(ConstraintKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where the work would be done: a place, and at a facility its bays."""

    place: Place | None
    territory_id: UUID | None
    facility_id: UUID | None = None
    site: Site | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Openings that the work fits into, with the first and last start (numbers on the axis) in each."""

    openings: Openings
    low: Minutes
    high: Minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What is possible at one spot: `allowed` are the starts at which the work itself can begin there.

    `points` of a row are what speaks for it whatever the start is; `detour` the minutes that the way
    becomes longer.
    """

    spot: Spot
    reach: Reach
    ways: Ways
    allowed: Mask
    bays: FreeBays | None
    points: Minutes
    detour: Minutes

    @property
    def possible(self) -> Minutes:
        """How many starts are possible in each row."""
        return counted(self.reach, self.allowed)


def spots(agenda: Agenda, request: SlotRequest) -> list[Spot]:
    """Return where the request could be served: the customer's place, the facility named, or each there is."""
    if request.location_mode is LocationMode.ON_SITE:
        return [Spot(place=request.place, territory_id=request.territory_id)]
    return [
        Spot(
            place=site.facility.place,
            territory_id=request.territory_id or site.facility.territory_id,
            facility_id=site.facility.id,
            site=site,
        )
        for site in agenda.sites
        if request.facility_id in (None, site.facility.id)
    ]


def expected_parts(agenda: Agenda, request: SlotRequest, now: datetime) -> PartsOutlook:
    """Return when the request's parts will be there."""
    return outlook(request.parts, agenda.problem.parts, now=now, zone=request.zone)


def able(agenda: Agenda, request: SlotRequest, spot: Spot, heeded: AbstractSet[ConstraintKind] = ALL) -> Mask:
    """Return against whom nothing lasting stands."""
    fine = np.ones(len(agenda.roster.technicians), dtype=np.bool_)
    for kind, refused in agenda.roster.refusals(request, spot.territory_id):
        if kind in heeded:
            fine &= ~refused
    return fine


def allowed_starts(
    agenda: Agenda,
    request: SlotRequest,
    parts: PartsOutlook,
    now_minute: int,
    heeded: AbstractSet[ConstraintKind] = ALL,
) -> Mask:
    """Return the starts that suit now, the parts and the customer, whoever comes."""
    axis = agenda.axis
    minutes = np.arange(axis.starts, dtype=np.int64) * axis.grid
    allowed = minutes >= now_minute
    if ConstraintKind.PARTS in heeded:
        if parts.never:
            return np.zeros_like(allowed)
        if parts.begin is not None:
            allowed &= minutes >= axis.ceil(parts.begin)
    if request.windows and ConstraintKind.CUSTOMER_WINDOW in heeded:
        stretches = joined(inner(each, axis) for each in request.windows)
        allowed &= within(stretches, minutes=request.duration_minutes, axis=axis)
    return allowed


def bays_at(agenda: Agenda, request: SlotRequest, spot: Spot) -> FreeBays | None:
    """Return the bays that suit the request at the spot, None where none is needed."""
    if spot.site is None:
        return None
    return free_bays(
        spot.site,
        request.skills,
        minutes=request.duration_minutes,
        buffer=agenda.problem.rules.buffer_minutes,
        axis=agenda.axis,
    )


def ways_for(agenda: Agenda, request: SlotRequest, spot: Spot) -> Ways:
    """Return the ways from every place of the agenda to the spot."""
    return ways_to(spot.place, agenda.vectors, request.known_ways, agenda.places.numbers)


def reach(
    agenda: Agenda,
    request: SlotRequest,
    who: Mask,
    ways: Ways,
    *,
    table: Openings,
    heeded: AbstractSet[ConstraintKind] = ALL,
) -> Reach:
    """Return into which openings of the table the work fits, of the technicians `who`."""
    rules, minutes, axis = agenda.problem.rules, request.duration_minutes, agenda.axis
    chosen = who[table.technician]
    if request.settled_urgency is not Urgency.CRITICAL:
        chosen &= ~table.on_call
    if ConstraintKind.MAX_PER_DAY in heeded:
        chosen &= table.booked < rules.max_bookings_per_day
    rows = np.flatnonzero(chosen)
    ahead, behind = _pauses(table, rows, ways, rules.buffer_minutes, heeded)
    end = table.end[rows]
    if ConstraintKind.CERTIFICATE_EXPIRED in heeded and not request.skills.keys().isdisjoint(
        agenda.roster.certified_until
    ):
        end = np.minimum(end, agenda.roster.certificate_ends(request.skills)[table.technician[rows]])
    low = -(-np.maximum(table.begin[rows], table.before[rows] + ahead) // axis.grid)
    high = np.minimum(np.minimum(end, table.after[rows] - behind) - minutes, table.last[rows]) // axis.grid
    low, high = np.maximum(low, 0), np.minimum(high, axis.starts - 1)
    fits = np.flatnonzero(low <= high)
    return Reach(openings=table.rows(rows[fits]), low=low[fits], high=high[fits])


def _pauses(
    table: Openings, rows: NDArray[np.intp], ways: Ways, buffer: int, heeded: AbstractSet[ConstraintKind]
) -> tuple[Minutes, Minutes]:
    """Return how long before and after the work nothing else may be: the buffer, or the way if it is longer."""
    least = np.full(len(rows), buffer if ConstraintKind.BUFFER in heeded else 0, dtype=np.int64)
    if ConstraintKind.TRAVEL not in heeded:
        return least, least
    coming = ways.minutes[table.comes_from[rows]] * table.near_before[rows]
    going = ways.minutes[table.goes_to[rows]] * table.near_after[rows]
    return np.maximum(least, coming), np.maximum(least, going)


def survey(agenda: Agenda, request: SlotRequest, spot: Spot, allowed: Mask) -> Survey:
    """Return all that is possible at the spot."""
    ways = ways_for(agenda, request, spot)
    found = reach(agenda, request, able(agenda, request, spot), ways, table=agenda.free.real)
    bays = bays_at(agenda, request, spot)
    rows = found.openings
    detour = np.maximum(0, ways.minutes[rows.comes_from] + ways.minutes[rows.goes_to] - rows.direct)
    points = balance_points(rows.load) - TRAVEL * detour
    preferred = (
        agenda.roster.number_of.get(request.preferred_technician_id) if request.preferred_technician_id else None
    )
    if preferred is not None:
        points = points + PREFERRED_TECHNICIAN * (rows.technician == preferred)
    return Survey(
        spot=spot,
        reach=found,
        ways=ways,
        allowed=allowed if bays is None else allowed & bays.free.any(axis=0),
        bays=bays,
        points=points,
        detour=detour,
    )


def counted(found: Reach, allowed: Mask) -> NDArray[np.int64]:
    """Return how many allowed starts each row has."""
    before = np.concatenate(([0], np.cumsum(allowed)))
    counts: NDArray[np.int64] = before[found.high + 1] - before[found.low]
    return counts
