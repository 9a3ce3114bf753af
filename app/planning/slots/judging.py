"""One slot judged: everything that stands against a technician, a start and a bay, as it is now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np

from app.domain.refusals import ConstraintKind
from app.planning.slots.agenda import Agenda
from app.planning.slots.openings import Openings
from app.planning.slots.request import SlotRequest
from app.planning.slots.survey import Spot, allowed_starts, bays_at, expected_parts, reach, spots, ways_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A slot that somebody wants: who, when, and in which facility and bay, None where none is needed."""

    technician_id: UUID
    start: datetime
    facility_id: UUID | None = None
    bay_id: UUID | None = None


def objections(
    agenda: Agenda, request: SlotRequest, proposal: Proposal, *, now: datetime
) -> tuple[ConstraintKind, ...]:
    """Return every constraint that a proposal breaks; none means that it can be booked.

    Meant for a problem of the one technician and bay, as read under their locks. Outside of the shifts
    time off and bookings are not looked at, nor is the pause beside a booking that it overlaps. Starts lie
    on the grid of the rules; with `grid_minutes=1` any minute will do.

    Raises:
        ValueError: a start that lies before now, beyond the horizon or off the grid, a technician or
            facility that the problem does not have, or `now` when the agenda does not hold.
    """
    now_minute, minute = agenda.now_minute(now), agenda.axis.floor(proposal.start)
    start, off = divmod(minute, agenda.axis.grid)
    if off or agenda.axis.moment(minute) != proposal.start:
        raise ValueError(f"start must lie on a grid of {agenda.axis.grid} minutes")
    if minute < now_minute or start >= agenda.axis.starts:
        raise ValueError(f"start must not lie before now, nor {agenda.axis.days} days ahead")
    if proposal.technician_id not in agenda.roster.number_of:
        raise ValueError("technician_id is none of the problem's")
    spot = next((each for each in spots(agenda, request) if each.facility_id == proposal.facility_id), None)
    if spot is None:
        raise ValueError("facility_id is none where the request can be served")
    broken = set(_broken(agenda, request, proposal, spot, now=now, start=start))
    return tuple(kind for kind in ConstraintKind if kind in broken)


def _broken(
    agenda: Agenda, request: SlotRequest, proposal: Proposal, spot: Spot, *, now: datetime, start: int
) -> Iterator[ConstraintKind]:
    number = agenda.roster.number_of[proposal.technician_id]
    for kind, refused in agenda.roster.refusals(request, spot.territory_id):
        if refused[number]:
            yield kind
    parts = expected_parts(agenda, request, now)
    for kind in (ConstraintKind.PARTS, ConstraintKind.CUSTOMER_WINDOW):
        if not allowed_starts(agenda, request, parts, 0, {kind})[start]:
            yield kind
    bays = bays_at(agenda, request, spot)
    if bays is not None:
        free = {bay.id for bay, can in zip(bays.bays, bays.free[:, start].tolist(), strict=True) if can}
        if proposal.bay_id not in free:
            yield ConstraintKind.BAY
    yield from _broken_by_time(agenda, request, number, spot, start)


def _broken_by_time(
    agenda: Agenda, request: SlotRequest, number: int, spot: Spot, start: int
) -> Iterator[ConstraintKind]:
    who = np.arange(len(agenda.roster.technicians)) == number
    ways = ways_for(agenda, request, spot)

    def fits(table: Openings, *heeded: ConstraintKind) -> bool:
        found = reach(agenda, request, who, ways, table=table, heeded=set(heeded))
        return bool(((found.low <= start) & (start <= found.high)).any())

    if not fits(agenda.free.despite_time_off):
        yield ConstraintKind.SHIFT
        return
    if not fits(agenda.free.unbooked):
        yield ConstraintKind.TIME_OFF
        return
    for kind in (ConstraintKind.CERTIFICATE_EXPIRED, ConstraintKind.MAX_PER_DAY):
        if not fits(agenda.free.unbooked, kind):
            yield kind
    if not fits(agenda.free.real):
        yield ConstraintKind.OVERLAP
        return
    for kind in (ConstraintKind.BUFFER, ConstraintKind.TRAVEL):
        if not fits(agenda.free.real, kind):
            yield kind
