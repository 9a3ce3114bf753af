"""What would be possible if one constraint did not count."""

import numpy as np

from app.domain.refusals import ConstraintKind
from app.planning.slots.agenda import Agenda
from app.planning.slots.answer import Relaxation
from app.planning.slots.openings import Openings
from app.planning.slots.parts import PartsOutlook
from app.planning.slots.reasons import LASTING, PASSING
from app.planning.slots.request import SlotRequest
from app.planning.slots.survey import ALL, able, allowed_starts, bays_at, reach, spots, ways_for


def relaxations(agenda: Agenda, request: SlotRequest, parts: PartsOutlook, now_minute: int) -> tuple[Relaxation, ...]:
    """Return for each constraint the soonest start if it alone did not count, of whom with the most merit.

    Without SHIFT technicians work round the clock but for their time off; without OVERLAP, BUFFER or
    TRAVEL what is booked, the pause or the way does not count. It takes as long as some searches.
    """
    return tuple(_relaxation(agenda, request, parts, now_minute, kind) for kind in (*LASTING, *PASSING))


def _relaxation(
    agenda: Agenda, request: SlotRequest, parts: PartsOutlook, now_minute: int, kind: ConstraintKind
) -> Relaxation:
    heeded = ALL - {kind}
    allowed = allowed_starts(agenda, request, parts, now_minute, heeded)
    table = _table(agenda, kind)
    best: tuple[int, int] | None = None
    for spot in spots(agenda, request):
        bays = None if kind is ConstraintKind.BAY else bays_at(agenda, request, spot)
        possible = allowed if bays is None else allowed & bays.free.any(axis=0)
        who = able(agenda, request, spot, heeded)
        found = reach(agenda, request, who, ways_for(agenda, request, spot), table=table, heeded=heeded)
        if not len(found.low):
            continue
        # From each row's first start on, the next one that is allowed.
        later = np.where(possible, np.arange(len(possible)), len(possible))
        following = np.minimum.accumulate(later[::-1])[::-1][found.low]
        soonest = np.where(following <= found.high, following, len(possible))
        merit = agenda.roster.merit[found.openings.technician]
        row = int(np.lexsort((merit, soonest))[0])
        if soonest[row] < len(possible):
            candidate = (int(soonest[row]), int(merit[row]))
            best = candidate if best is None else min(best, candidate)
    if best is None:
        return Relaxation(constraint=kind, earliest=None, technician_id=None)
    start, rank = best
    return Relaxation(
        constraint=kind,
        earliest=agenda.axis.moment(start * agenda.axis.grid),
        technician_id=agenda.roster.technicians[int(agenda.roster.by_merit[rank])].id,
    )


def _table(agenda: Agenda, kind: ConstraintKind) -> Openings:
    if kind is ConstraintKind.SHIFT:
        return agenda.at_all_hours()
    if kind is ConstraintKind.TIME_OFF:
        return agenda.without_time_off()
    if kind is ConstraintKind.OVERLAP:
        return agenda.free.unbooked
    return agenda.free.real
