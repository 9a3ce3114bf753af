"""Why technicians fell out: each is counted once, at the first constraint that left them no start."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from uuid import UUID

import numpy as np

from app.domain.refusals import ConstraintKind, Rejection
from app.planning.slots.agenda import Agenda
from app.planning.slots.bays import Mask
from app.planning.slots.openings import Openings
from app.planning.slots.parts import PartsOutlook
from app.planning.slots.request import SlotRequest
from app.planning.slots.survey import Survey, allowed_starts, counted, reach

# So many of those who fell out are named.
_EXAMPLES = 5

# In this order constraints are added, until nothing is left.
LASTING = (
    ConstraintKind.INACTIVE,
    ConstraintKind.TIER,
    ConstraintKind.SKILL,
    ConstraintKind.TERRITORY,
    ConstraintKind.PREVIOUSLY_REJECTED,
)
PASSING = (
    ConstraintKind.SHIFT,
    ConstraintKind.TIME_OFF,
    ConstraintKind.CERTIFICATE_EXPIRED,
    ConstraintKind.PARTS,
    ConstraintKind.CUSTOMER_WINDOW,
    ConstraintKind.MAX_PER_DAY,
    ConstraintKind.OVERLAP,
    ConstraintKind.BUFFER,
    ConstraintKind.TRAVEL,
    ConstraintKind.BAY,
)

_SAID: Mapping[ConstraintKind, tuple[str, str]] = MappingProxyType(
    {
        ConstraintKind.INACTIVE: ("is not active", "are not active"),
        ConstraintKind.TIER: ("works at another tier", "work at another tier"),
        ConstraintKind.SKILL: ("lacks a skill", "lack a skill"),
        ConstraintKind.TERRITORY: ("works elsewhere", "work elsewhere"),
        ConstraintKind.PREVIOUSLY_REJECTED: (
            "has rejected this ticket or let its offer expire",
            "have rejected this ticket or let its offer expire",
        ),
        ConstraintKind.SHIFT: ("has no shift that is long enough", "have no shift that is long enough"),
        ConstraintKind.TIME_OFF: ("has time off", "have time off"),
        ConstraintKind.CERTIFICATE_EXPIRED: (
            "has a certificate that ends before",
            "have a certificate that ends before",
        ),
        ConstraintKind.PARTS: ("does not work after the parts are there", "do not work after the parts are there"),
        ConstraintKind.CUSTOMER_WINDOW: (
            "does not work when it suits the customer",
            "do not work when it suits the customer",
        ),
        ConstraintKind.MAX_PER_DAY: (
            "has as many bookings as they may on each day left",
            "have as many bookings as they may on each day left",
        ),
        ConstraintKind.OVERLAP: ("is booked", "are booked"),
        ConstraintKind.BUFFER: ("has no buffer left between bookings", "have no buffer left between bookings"),
        ConstraintKind.TRAVEL: ("cannot be there in time", "cannot be there in time"),
        ConstraintKind.BAY: ("is free only when no suitable bay is", "are free only when no suitable bay is"),
    }
)


def complaint(kind: ConstraintKind) -> str:
    """Say of one technician what they failed, to follow a subject."""
    return _SAID[kind][0]


def rejection(kind: ConstraintKind, technician_ids: Sequence[UUID]) -> Rejection:
    """Return what is said of technicians who all failed one constraint; the first of them are named."""
    one, many = _SAID[kind]
    count = len(technician_ids)
    return Rejection(
        constraint=kind,
        count=count,
        message=f"1 technician {one}." if count == 1 else f"{count} technicians {many}.",
        technician_ids=tuple(technician_ids[:_EXAMPLES]),
    )


def rejections(
    agenda: Agenda,
    request: SlotRequest,
    parts: PartsOutlook,
    now_minute: int,
    *,
    surveys: Sequence[Survey],
    fitting: Mask,
) -> tuple[Rejection, ...]:
    """Return for each constraint how many technicians it left without a start, with some of them by number.

    `fitting` are those who have one; the counts add up to all the others. Where a request can be served
    at several sites, whoever lasts longest at one of them counts there.
    """
    fell = ~fitting
    survived = np.zeros(len(fitting), dtype=np.int64)
    if not surveys:
        survived += len(LASTING) + PASSING.index(ConstraintKind.BAY)
    for each in surveys:
        steps = _steps(agenda, request, each, parts, now_minute, fell)
        survived = np.maximum(survived, np.sum([*steps, np.zeros(len(fitting))], axis=0).astype(np.int64))
    order = (*LASTING, *PASSING)
    return tuple(
        rejection(order[step], _ids(agenda, fell & (survived == step)))
        for step in range(len(order))
        if (fell & (survived == step)).any()
    )


def _ids(agenda: Agenda, who: Mask) -> list[UUID]:
    return [agenda.roster.technicians[number].id for number in np.flatnonzero(who).tolist()]


def _steps(
    agenda: Agenda, request: SlotRequest, found: Survey, parts: PartsOutlook, now_minute: int, fell: Mask
) -> Iterator[Mask]:
    """Yield whom each further constraint leaves at a spot."""
    left = fell
    for _, refused in agenda.roster.refusals(request, found.spot.territory_id):
        left = left & ~refused
        yield left
    heeded = set(LASTING)
    for kind in PASSING:
        heeded.add(kind)
        if left.any():
            allowed = allowed_starts(agenda, request, parts, now_minute, heeded)
            if kind is ConstraintKind.BAY and found.bays is not None:
                allowed &= found.bays.free.any(axis=0)
            within = reach(agenda, request, left, found.ways, table=_table(agenda, kind), heeded=heeded)
            left = np.zeros_like(left)
            left[within.openings.technician[counted(within, allowed) > 0]] = True
        yield left


def _table(agenda: Agenda, kind: ConstraintKind) -> Openings:
    """Return the free time when only the constraints up to this one are heeded."""
    if kind is ConstraintKind.SHIFT:
        return agenda.free.despite_time_off
    if PASSING.index(kind) < PASSING.index(ConstraintKind.OVERLAP):
        return agenda.free.unbooked
    return agenda.free.real
