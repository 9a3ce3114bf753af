"""What speaks for a slot and against it, in thousandths of a point.

    total = urgency + preference - waiting + balance - travel

Whole numbers, so that equal input has equal answers on every machine, to the last digit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from app.domain.appointments import Urgency
from app.domain.places import CustomerTier
from app.planning.slots.answer import ScoreBreakdown
from app.planning.slots.axis import Axis, Minutes
from app.planning.slots.request import SlotRequest

URGENCY_WEIGHT = 100_000
URGENCY_SCORE: Mapping[Urgency, int] = MappingProxyType(
    {Urgency.LOW: 1, Urgency.MEDIUM: 2, Urgency.HIGH: 4, Urgency.CRITICAL: 8}
)
# Fleet and premium customers come before others of the same urgency.
TIER_POINTS: Mapping[CustomerTier, int] = MappingProxyType(
    {CustomerTier.STANDARD: 0, CustomerTier.PREMIUM: 50_000, CustomerTier.FLEET: 50_000}
)
# For each minute from now to the start.
WAITING: Mapping[Urgency, int] = MappingProxyType(
    {Urgency.LOW: 2, Urgency.MEDIUM: 4, Urgency.HIGH: 7, Urgency.CRITICAL: 40}
)
PREFERRED_DAY = 120_000
EACH_DAY_OFF = 15_000
PREFERRED_TECHNICIAN = 30_000
# For each minute that the way becomes longer.
TRAVEL = 100
# For each thousandth of the day's working time that is booked less than the aim, or more.
BALANCE = 10
LOAD_AIM = 750


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPoints:
    """What depends on the start alone, an entry for each start of the axis."""

    preference: Minutes
    waiting: Minutes


def urgency_points(request: SlotRequest) -> int:
    """Return what the request is worth being served at all: the same for all its slots."""
    return URGENCY_WEIGHT * URGENCY_SCORE[request.settled_urgency] + TIER_POINTS[request.customer_tier]


def start_points(request: SlotRequest, axis: Axis, now_minute: int) -> StartPoints:
    """Return preference and waiting for each start; a start before now waits for nothing."""
    minutes = np.arange(axis.starts, dtype=np.int64) * axis.grid
    waiting = -WAITING[request.settled_urgency] * np.maximum(0, minutes - now_minute)
    if request.preferred_date is None:
        return StartPoints(preference=np.zeros(axis.starts, dtype=np.int64), waiting=waiting)
    days = axis.local_days(request.zone)
    away = np.abs(days.of(minutes) - days.number(request.preferred_date))
    return StartPoints(preference=np.maximum(0, PREFERRED_DAY - EACH_DAY_OFF * away), waiting=waiting)


def balance_points(load: Minutes) -> Minutes:
    """Return what evens the work out, for each load of a day."""
    return BALANCE * (LOAD_AIM - load)


def breakdown(
    request: SlotRequest, points: StartPoints, start: int, *, preferred: bool, detour: int, load: int
) -> ScoreBreakdown:
    """Return the score of one slot in its parts; `preferred`: by the technician who was asked for."""
    return ScoreBreakdown(
        urgency=urgency_points(request),
        customer_preference=int(points.preference[start]) + (PREFERRED_TECHNICIAN if preferred else 0),
        waiting_penalty=int(points.waiting[start]),
        workload_balance=BALANCE * (LOAD_AIM - load),
        travel_penalty=-TRAVEL * detour,
    )
