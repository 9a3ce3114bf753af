"""The search for slots: exact, over every technician, bay and start, without a solver.

What a slot is worth is one part that hangs on the start and one that hangs on the technician's opening.
So the best technician for a start is the one whose opening is worth most among those that contain it:
a maximum over intervals, for all starts at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from app.planning.slots.agenda import Agenda
from app.planning.slots.answer import SlotAnswer, SolverReport, SolverStatus
from app.planning.slots.axis import Minutes
from app.planning.slots.bays import Mask
from app.planning.slots.covering import highest
from app.planning.slots.offering import offered
from app.planning.slots.reasons import rejections
from app.planning.slots.relaxing import relaxations
from app.planning.slots.request import SlotRequest
from app.planning.slots.scoring import StartPoints, start_points
from app.planning.slots.survey import Survey, allowed_starts, expected_parts, spots, survey

# Less than any worth of a slot; a worth is far below 2**40 thousandths.
_NOTHING = -(2**62)


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """For each start what the best technician is worth there, `possible` where there is one.

    `technician` and `spot` are numbers; `worth` are points without those that all slots have.
    """

    possible: Mask
    worth: Minutes
    technician: Minutes
    spot: Minutes


def find(agenda: Agenda, request: SlotRequest, *, now: datetime, relaxed: bool = False) -> SlotAnswer:
    """Return the best slots for a request, and why technicians fell out.

    At most `request.limit`, in the order of their points (of an emergency: of their starts), then of
    their starts; of two technicians with equal points for a start the one of more merit is taken. Slots
    that overlap a better one are offered only when nothing else is left. With `relaxed` it is said what each
    constraint costs.

    Raises:
        ValueError: the agenda does not hold at `now`.
    """
    now_minute = agenda.now_minute(now)
    parts = expected_parts(agenda, request, now)
    allowed = allowed_starts(agenda, request, parts, now_minute)
    surveys = [survey(agenda, request, spot, allowed) for spot in spots(agenda, request)]
    points = start_points(request, agenda.axis, now_minute)
    best = best_of_each_start(agenda, surveys, points)
    chosen = spread(best, request, grid=agenda.axis.grid)
    fitting = np.zeros(len(agenda.roster.technicians), dtype=np.bool_)
    for each in surveys:
        fitting[each.reach.openings.technician[each.possible > 0]] = True
    return SlotAnswer(
        slots=tuple(
            offered(
                agenda,
                request,
                surveys[best.spot[start]],
                points,
                parts,
                technician=int(best.technician[start]),
                start=start,
            )
            for start in chosen
        ),
        rejections=rejections(agenda, request, parts, now_minute, surveys=surveys, fitting=fitting),
        report=SolverReport(
            status=SolverStatus.OPTIMAL if chosen else SolverStatus.INFEASIBLE,
            candidates=sum(int(each.possible.sum()) for each in surveys),
        ),
        parts_to_order=parts.to_order,
        relaxations=relaxations(agenda, request, parts, now_minute) if relaxed else None,
    )


def best_of_each_start(agenda: Agenda, surveys: Sequence[Survey], points: StartPoints) -> Best:
    """Return for each start the best technician, wherever; at equal points the one of more merit, at the first site."""
    count, size = max(1, len(agenda.roster.technicians)), agenda.axis.starts
    ranked = np.full(size, _NOTHING, dtype=np.int64)
    spot = np.zeros(size, dtype=np.int64)
    for number, each in enumerate(surveys):
        # Points first, then merit, in one number; the smaller merit is the better one.
        merit = agenda.roster.merit[each.reach.openings.technician]
        values = each.points * count + (count - 1 - merit)
        here = highest(values, each.reach.low, each.reach.high, size=size, nothing=_NOTHING)
        better = each.allowed & (here > ranked)
        ranked[better], spot[better] = here[better], number
    return Best(
        possible=ranked > _NOTHING,
        worth=ranked // count + points.preference + points.waiting,
        technician=agenda.roster.by_merit[count - 1 - ranked % count] if len(agenda.roster.technicians) else spot,
        spot=spot,
    )


def spread(best: Best, request: SlotRequest, *, grid: int) -> list[int]:
    """Return the starts to offer, best first: such as do not overlap a better one, then others if too few are left."""
    starts = np.flatnonzero(best.possible)
    worth = best.worth[starts]
    order = np.lexsort((-worth, starts)) if request.soonest_first else np.lexsort((starts, -worth))
    ranked: list[int] = starts[order].tolist()
    apart = -(-request.duration_minutes // grid)
    chosen: list[int] = []
    for start in ranked:
        if len(chosen) == request.limit:
            break
        if all(abs(start - other) >= apart for other in chosen):
            chosen.append(start)
    fillers = [start for start in ranked if start not in chosen][: request.limit - len(chosen)]
    place = {start: number for number, start in enumerate(ranked)}
    return sorted(chosen + fillers, key=lambda start: place[start])
