"""The same question as a model for CP-SAT: the best slot, by a solver instead of by the engine.

What a technician does otherwise and what a bay is taken for are intervals that the work must not overlap;
ways, loads and days hang on literals for the stretch and the neighbours between which the work falls.
Hours, days and ways are read off the brute force's plain sets of minutes.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby

from ortools.sat.python import cp_model

from app.planning.slots.problem import Booking, Technician
from tests.planning.brute_force import ORDER, URGENCY, WAITING, BruteForce, Where, minutes_between

_LASTING = ORDER[: ORDER.index("SHIFT")]
_NEVER = 10**6


def best(tried: BruteForce) -> tuple[int, int] | None:
    """Return the points and the start (a minute) of the best slot, None when there is none."""
    found = [each for where in tried.places if (each := _best_at(tried, where)) is not None]
    emergency = tried.request.appointment_type.value == "EMERGENCY"
    return min(found, key=lambda each: (each[1], -each[0]) if emergency else (-each[0], each[1]), default=None)


def _best_at(tried: BruteForce, where: Where) -> tuple[int, int] | None:
    model = cp_model.CpModel()
    rules = tried.rules
    quarter = model.new_int_var(0, len(tried.starts) - 1, "start on the grid")
    start = rules.grid_minutes * quarter
    spare = cp_model.Domain.from_values([m // rules.grid_minutes for m in tried.starts if _suits(tried, where, m)])
    model.add_linear_expression_in_domain(quarter, spare)
    terms: list[cp_model.LinearExprT] = []
    chosen = []
    for technician in tried.problem.technicians:
        if not all(tried.holds(kind, technician, where, 0) for kind in _LASTING):
            continue
        mine = model.new_bool_var(f"technician {technician.id}")
        chosen.append(mine)
        _around_bookings(model, tried, technician, start, mine)
        placed = []
        for stretch, day_first, day_last in _stretches(tried, technician):
            for before, after in _gaps(tried, technician):
                here = model.new_bool_var("")
                placed.append(here)
                low, high = _bounds(tried, technician, where, stretch, (day_first, day_last), before, after)
                model.add_linear_constraint(start, low, high).only_enforce_if(here)
                terms.append(_worth(tried, technician, where, stretch, day_first, before, after) * here)
        model.add(sum(placed) == mine)
    model.add(sum(chosen) == 1)
    if where.facility is not None:
        _one_bay(model, tried, where, start)
    points = model.new_int_var(-_NEVER, _NEVER, "what hangs on the start")
    model.add_element(quarter, [_of_start(tried, m) for m in tried.starts], points)
    total = cp_model.LinearExpr.sum([*terms, points])
    size = len(tried.starts)
    if tried.request.appointment_type.value == "EMERGENCY":
        model.maximize(total - 2 * _NEVER * quarter)
    else:
        model.maximize(size * total - quarter)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return None
    assert status == cp_model.OPTIMAL
    fixed = URGENCY[tried.urgency] + (0 if tried.request.customer_tier.value == "STANDARD" else 50_000)
    return fixed + solver.value(total), rules.grid_minutes * solver.value(quarter)


def _suits(tried: BruteForce, where: Where, minute: int) -> bool:
    nobody = tried.problem.technicians[0]
    return tried.at(minute) >= tried.now and all(
        tried.holds(kind, nobody, where, minute) for kind in ("PARTS", "CUSTOMER_WINDOW")
    )


def _around_bookings(
    model: cp_model.CpModel,
    tried: BruteForce,
    technician: Technician,
    start: cp_model.LinearExprT,
    mine: cp_model.IntVar,
) -> None:
    pause = tried.rules.buffer_minutes
    work = model.new_optional_fixed_size_interval_var(start, tried.length, mine, "")
    # Bookings that overlap each other are one block.
    for first, last in _runs({m for b in tried.bookings(technician.bookings) for m in tried.minutes(b)}):
        block = model.new_fixed_size_interval_var(first - pause, last + 1 - first + 2 * pause, "")
        model.add_no_overlap([work, block])


def _runs(minutes: set[int]) -> Iterator[tuple[int, int]]:
    for _, run in groupby(enumerate(sorted(minutes)), key=lambda pair: pair[1] - pair[0]):
        numbers = [minute for _, minute in run]
        yield numbers[0], numbers[-1]


def _stretches(tried: BruteForce, technician: Technician) -> Iterator[tuple[tuple[int, int], int, int]]:
    """Yield unbroken hours, with the first and the last minute of them on one local day."""
    regular, extra = tried.working(technician, "real")
    for hours in (regular, extra) if tried.urgency == "CRITICAL" else (regular,):
        for first, last in _runs(hours):
            days = groupby(range(first, last + 1), key=lambda m: tried.local_date(m, technician.zone))
            for _, run in days:
                numbers = list(run)
                yield (first, last), numbers[0], numbers[-1]


def _gaps(tried: BruteForce, technician: Technician) -> Iterator[tuple[Booking | None, Booking | None]]:
    """Yield the pairs of neighbours between which there is time."""
    live = tried.bookings(technician.bookings)
    blocks = list(_runs({m for b in live for m in tried.minutes(b)}))
    ends = [None, *(last + 1 for _, last in blocks)]
    begins = [*(first for first, _ in blocks), None]
    for end, begin in zip(ends, begins, strict=True):
        before = [b for b in live if tried.span_of(b)[1] == end]
        after = [b for b in live if tried.span_of(b)[0] == begin]
        yield (
            max(before, key=lambda b: (tried.span_of(b)[0], b.id), default=None),
            min(after, key=lambda b: b.id, default=None),
        )


def _near(
    tried: BruteForce, stretch: tuple[int, int], day_first: int, before: Booking | None, after: Booking | None
) -> tuple[Booking | None, Booking | None]:
    comes = before if before is not None and day_first - tried.span_of(before)[1] < 360 else None
    goes = after if after is not None and tried.span_of(after)[0] - (stretch[1] + 1) < 360 else None
    return comes, goes


def _bounds(
    tried: BruteForce,
    technician: Technician,
    where: Where,
    stretch: tuple[int, int],
    day: tuple[int, int],
    before: Booking | None,
    after: Booking | None,
) -> tuple[int, int]:
    low, high = day[0], min(day[1], stretch[1] + 1 - tried.length)
    comes, goes = _near(tried, stretch, day[0], before, after)
    if before is not None:
        low = max(low, tried.span_of(before)[1])
    if after is not None:
        high = min(high, tried.span_of(after)[0] - tried.length)
    if comes is not None:
        low = max(low, tried.span_of(comes)[1] + tried.way(comes.place, where.place))
    if goes is not None:
        high = min(high, tried.span_of(goes)[0] - tried.length - tried.way(goes.place, where.place))
    if len(tried.on_day(technician, day[0])) >= tried.rules.max_bookings_per_day:
        return (_NEVER, _NEVER)
    ends = [technician.certified_until[s] for s in tried.request.skills if s in technician.certified_until]
    while high >= low and any(tried.local_date(high + tried.length - 1, technician.zone) > end for end in ends):
        high -= 1
    return (low, high) if low <= high else (_NEVER, _NEVER)


def _worth(
    tried: BruteForce,
    technician: Technician,
    where: Where,
    stretch: tuple[int, int],
    day_first: int,
    before: Booking | None,
    after: Booking | None,
) -> int:
    comes, goes = _near(tried, stretch, day_first, before, after)
    start = comes.place if comes else technician.home
    end = goes.place if goes else technician.home
    way = tried.way(start, where.place) + tried.way(end, where.place) - minutes_between(start, end)
    today = tried.local_date(day_first, technician.zone)
    regular, extra = tried.working(technician, "real")
    worked = sum(1 for m in regular | extra if tried.local_date(m, technician.zone) == today)
    booked = sum(len(tried.minutes(b)) for b in tried.on_day(technician, day_first))
    wanted = 30_000 if technician.id == tried.request.preferred_technician_id else 0
    return 10 * (750 - min(1000, booked * 1000 // max(1, worked))) - 100 * max(0, way) + wanted


def _of_start(tried: BruteForce, minute: int) -> int:
    waited = max(0, (tried.at(minute) - tried.now) // timedelta(minutes=1))
    points = -WAITING[tried.urgency] * waited
    if tried.request.preferred_date is not None:
        away = abs((tried.local_date(minute, tried.request.zone) - tried.request.preferred_date).days)
        points += max(0, 120_000 - 15_000 * away)
    return points


def _one_bay(model: cp_model.CpModel, tried: BruteForce, where: Where, start: cp_model.LinearExprT) -> None:
    facility = where.facility
    assert facility is not None
    pause = tried.rules.buffer_minutes
    taken = []
    for bay in tried.problem.bays:
        if bay.facility_id != facility.id or not bay.active or not set(tried.request.skills) <= bay.equipped_for:
            continue
        here = model.new_bool_var(bay.name)
        taken.append(here)
        work = model.new_optional_fixed_size_interval_var(start, tried.length + pause, here, "")
        for booking in tried.bookings(bay.bookings):
            first, behind = tried.span_of(booking)
            model.add_no_overlap([work, model.new_fixed_size_interval_var(first, behind - first + pause, "")])
    model.add(sum(taken) == 1)
    if facility.opening is not None:
        hours = {m for span in facility.opening for m in tried.minutes(span)}
        fitting = [m for m in tried.starts if all(m + k in hours for k in range(tried.length))]
        model.add_linear_expression_in_domain(start, cp_model.Domain.from_values(fitting))
