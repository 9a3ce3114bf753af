"""Judges slots that are offered or given out together: is each of them allowed? Shares no code with what found them.

Works on instants alone: what is booked is a list of spans, what is worked another.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import asin, ceil, cos, radians, sin, sqrt

from app.planning.slots.answer import Slot
from app.planning.slots.problem import Bay, Booking, Place, Problem, Span, Technician
from app.planning.slots.request import SlotRequest

# (start, end, place) of what somebody is booked for.
Work = tuple[datetime, datetime, Place | None]


def complaints(problem: Problem, served: Sequence[tuple[SlotRequest, Slot]]) -> list[str]:
    """Return everything that is wrong when these requests get these slots, all of them."""
    found = []
    for request, slot in served:
        others = [(r, s) for r, s in served if s is not slot]
        found += [f"{slot.window.start}: {each}" for each in _of_one(problem, request, slot, others)]
    return found


def _of_one(
    problem: Problem, request: SlotRequest, slot: Slot, others: Sequence[tuple[SlotRequest, Slot]]
) -> Iterable[str]:
    start, end = slot.window.start, slot.window.end
    technician = next(each for each in problem.technicians if each.id == slot.technician_id)
    yield from _time(problem, request, start, end)
    yield from _who(technician, request, end)
    yield from _hours(technician, request, start, end)
    yield from _beside(problem, technician, request, slot, others)
    if request.location_mode.value == "AT_FACILITY":
        yield from _bay(problem, request, slot, others)
    elif slot.bay_id is not None:
        yield "has a bay at the customer's"


def _time(problem: Problem, request: SlotRequest, start: datetime, end: datetime) -> Iterable[str]:
    if end - start != timedelta(minutes=request.duration_minutes):
        yield "is not as long as asked for"
    if start < problem.now:
        yield "lies in the past"
    if start.minute % problem.rules.grid_minutes or start.second or start.microsecond:
        yield "is off the grid"
    if request.windows and not _covered(start, end, request.windows):
        yield "does not suit the customer"


def _who(technician: Technician, request: SlotRequest, end: datetime) -> Iterable[str]:
    if not technician.active or technician.id in request.refused_by:
        yield "is by somebody who may not"
    for skill, level in request.skills.items():
        if technician.skills.get(skill, 0) < level:
            yield "needs a skill"
        last_day = technician.certified_until.get(skill)
        if last_day is not None and (end - timedelta(microseconds=1)).astimezone(technician.zone).date() > last_day:
            yield "needs a certificate"


def _hours(technician: Technician, request: SlotRequest, start: datetime, end: datetime) -> Iterable[str]:
    shifts = [each for each in technician.shifts if not each.on_call]
    covered = _covered(start, end, shifts)
    if not covered and not (request.settled_urgency.value == "CRITICAL" and _covered(start, end, technician.shifts)):
        yield "lies outside of the shifts"
    for pause in (*technician.time_off, *(each for shift in technician.shifts for each in shift.breaks)):
        if pause.start < end and start < pause.end:
            yield "lies in a break or time off"


def _covered(start: datetime, end: datetime, spans: Iterable[Span]) -> bool:
    reached = start
    for span in sorted(spans, key=lambda each: each.start):
        if span.start <= reached < span.end:
            reached = span.end
    return reached >= end


def _live(problem: Problem, bookings: Iterable[Booking]) -> list[Booking]:
    return [each for each in bookings if each.expires_at is None or each.expires_at > problem.now]


def _place(problem: Problem, request: SlotRequest, slot: Slot) -> Place | None:
    if slot.facility_id is None:
        return request.place
    return next(each.place for each in problem.facilities if each.id == slot.facility_id)


def _way(start: Place | None, end: Place | None) -> timedelta:
    if start is None or end is None:
        return timedelta()
    lat, lon, to_lat, to_lon = (radians(each) for each in (*start, *end))
    half = sin((to_lat - lat) / 2) ** 2 + cos(lat) * cos(to_lat) * sin((to_lon - lon) / 2) ** 2
    return timedelta(minutes=ceil(2 * 6371.0088 * asin(sqrt(half)) * 1.3 / 28 * 60))


def _beside(
    problem: Problem,
    technician: Technician,
    request: SlotRequest,
    slot: Slot,
    others: Sequence[tuple[SlotRequest, Slot]],
) -> Iterable[str]:
    start, end, here = slot.window.start, slot.window.end, _place(problem, request, slot)
    booked: list[Work] = [(b.start, b.end, b.place) for b in _live(problem, technician.bookings)]
    booked += [
        (s.window.start, s.window.end, _place(problem, r, s)) for r, s in others if s.technician_id == technician.id
    ]
    pause = timedelta(minutes=problem.rules.buffer_minutes)
    if any(begin < end + pause and start < finish + pause for begin, finish, _ in booked):
        yield "overlaps, or leaves no buffer"
    # Whoever had a night between comes from home.
    night = timedelta(hours=6)
    earlier, later = [each for each in booked if each[1] <= start], [each for each in booked if each[0] >= end]
    # Bookings of one technician never overlap where they are kept; of several at once here, any may be the neighbour.
    before = [each for each in earlier if each[1] == max(finish for _, finish, _ in earlier)]
    after = [each for each in later if each[0] == min(begin for begin, _, _ in later)]
    if before and all(start - each[1] < min(_way(each[2], here), night) for each in before):
        yield "cannot be reached"
    if after and all(each[0] - end < min(_way(here, each[2]), night) for each in after):
        yield "cannot be left in time"
    today = start.astimezone(technician.zone).date()
    if sum(1 for each in booked if each[0].astimezone(technician.zone).date() == today) >= (
        problem.rules.max_bookings_per_day
    ):
        yield "is one too many on the day"


def _bay(
    problem: Problem, request: SlotRequest, slot: Slot, others: Sequence[tuple[SlotRequest, Slot]]
) -> Iterable[str]:
    start, end = slot.window.start, slot.window.end
    found: list[Bay] = [each for each in problem.bays if each.id == slot.bay_id]
    if not found:
        yield "has no bay"
        return
    bay = found[0]
    if not bay.active or bay.facility_id != slot.facility_id or not set(request.skills) <= bay.equipped_for:
        yield "has a bay that will not do"
    if request.facility_id is not None and slot.facility_id != request.facility_id:
        yield "is at another facility"
    opening = next(each.opening for each in problem.facilities if each.id == bay.facility_id)
    if opening is not None and not _covered(start, end, opening):
        yield "is at a facility that is closed"
    pause = timedelta(minutes=problem.rules.buffer_minutes)
    taken = [(b.start, b.end) for b in _live(problem, bay.bookings)]
    taken += [(s.window.start, s.window.end) for _, s in others if s.bay_id == bay.id]
    if any(begin < end + pause and start < finish + pause for begin, finish in taken):
        yield "has a bay that is taken"
