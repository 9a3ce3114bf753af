"""A start and a technician made into the slot that is offered."""

from datetime import timedelta
from uuid import UUID

import numpy as np

from app.planning.slots.agenda import Agenda
from app.planning.slots.answer import Slot
from app.planning.slots.confidence import Circumstances, confidence
from app.planning.slots.parts import PartsOutlook
from app.planning.slots.problem import Span
from app.planning.slots.request import SlotRequest
from app.planning.slots.scoring import StartPoints, breakdown
from app.planning.slots.survey import Survey


def offered(
    agenda: Agenda,
    request: SlotRequest,
    found: Survey,
    points: StartPoints,
    parts: PartsOutlook,
    *,
    technician: int,
    start: int,
    bay_id: UUID | None = None,
) -> Slot:
    """Return the slot of a technician at a start (a number on the axis) that the survey has for possible.

    In the bay that is given, else, where one is needed, in the one to be taken first.
    """
    row = row_of(found, technician, start)
    rows, ways = found.reach.openings, found.ways
    begins = agenda.axis.moment(start * agenda.axis.grid)
    ends = begins + timedelta(minutes=request.duration_minutes)
    comes_from = int(rows.comes_from[row])
    source = ways.source(comes_from)
    late = agenda.problem.rules.arrival_minutes
    arrival = Span(start=begins, end=begins + timedelta(minutes=max(1, late)))
    identity = agenda.roster.technicians[technician].id
    return Slot(
        technician_id=identity,
        facility_id=found.spot.facility_id,
        bay_id=bay_id or (None if found.bays is None else found.bays.first(start).id),
        window=Span(start=begins, end=ends),
        arrival_window=arrival,
        parts_available=parts.there_by(begins),
        parts_ready_on=parts.ready_on,
        estimated_completion=ends if parts.ready_at is None else max(ends, parts.ready_at),
        travel_minutes=None if source is None else int(ways.minutes[comes_from]),
        distance_km=None if source is None else round(float(ways.km[comes_from]), 2),
        distance_source=source,
        confidence=confidence(circumstances(agenda, found, row, start)),
        score=breakdown(
            request,
            points,
            start,
            preferred=identity == request.preferred_technician_id,
            detour=int(found.detour[row]),
            load=int(rows.load[row]),
        ),
    )


def row_of(found: Survey, technician: int, start: int) -> int:
    """Return the row of the technician's opening that contains the start: there is never a second one."""
    mine = (found.reach.openings.technician == technician) & (found.reach.low <= start) & (start <= found.reach.high)
    return int(np.flatnonzero(mine)[0])


def circumstances(agenda: Agenda, found: Survey, row: int, start: int) -> Circumstances:
    """Return what confidence in a start of a row is drawn from."""
    rows = found.reach.openings
    technician, minute = int(rows.technician[row]), start * agenda.axis.grid
    travel = int(found.ways.minutes[rows.comes_from[row]])
    taken = agenda.taken
    day_begins = int(agenda.calendar.begins(rows.technician[[row]], rows.day[[row]])[0])
    first, behind = np.searchsorted(taken.technician, (technician, technician + 1))
    starts, ends = taken.start[first:behind], taken.end[first:behind]
    earlier = starts < minute
    at_once = (found.reach.low <= start) & (start <= found.reach.high)
    comes_from_work = bool(rows.near_before[row])
    before = int(rows.before[row])
    return Circumstances(
        slack=minute - before - travel if comes_from_work else 0,
        work_before=before - int(starts[earlier & (ends == before)].max()) if comes_from_work else 0,
        travel=travel,
        lateness=agenda.problem.rules.arrival_minutes,
        earlier_jobs=int((earlier & (starts >= day_begins)).sum()),
        spare=len(np.unique(rows.technician[at_once])) - 1,
    )
