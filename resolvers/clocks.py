"""What a ticket's clock shows at this moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from app.db.sla import calendar_of, targets_of
from app.domain.calendars import BusinessCalendar, worked
from app.domain.sla import SlaSegment, segments_of
from app.reads import relations
from resolvers.context import Operation

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a clock shows: whole minutes that count, and the share of its target in percent."""

    elapsed_minutes: int
    remaining_minutes: int
    paused_minutes: int
    percent_used: float


async def reading(operation: Operation, clock: Any) -> Reading:
    """Read a clock."""
    policy = await operation.loaders.one(relations.CLOCK_POLICY, clock)
    kept = None if policy is None else await operation.loaders.one(relations.POLICY_CALENDAR, policy)
    calendar = None if kept is None else calendar_from(kept)
    now, stretches = operation.process.clock(), segments(clock)
    elapsed = _spent(stretches, calendar, now, running=True)
    target = timedelta(minutes=clock.target_minutes)
    return Reading(
        elapsed_minutes=elapsed // _MINUTE,
        remaining_minutes=(target - elapsed) // _MINUTE,
        paused_minutes=_spent(stretches, calendar, now, running=False) // _MINUTE,
        percent_used=round(100 * (elapsed / target), 1),
    )


def calendar_from(kept: Any) -> BusinessCalendar:
    """Return the calendar that a row keeps."""
    return calendar_of(kept.id, kept.name, kept.time_zone, _document(kept.weekly), kept.holidays)


def segments(clock: Any) -> tuple[SlaSegment, ...]:
    """Return the stretches in which a clock ran or stood."""
    return segments_of(_document(clock.segments))


def targets(policy: Any) -> Iterator[dict[str, Any]]:
    """Yield what a policy promises, by priority."""
    for priority, target in targets_of(_document(policy.targets)).items():
        yield {
            "priority": priority,
            "response_minutes": target.response_minutes,
            "resolution_minutes": target.resolution_minutes,
        }


def _spent(
    stretches: tuple[SlaSegment, ...], calendar: BusinessCalendar | None, now: datetime, *, running: bool
) -> timedelta:
    return sum(
        (worked(calendar, each.start, each.end or now) for each in stretches if each.running is running), timedelta()
    )


def _document(kept: str) -> Any:
    # A row's documents come as the text that answers show, in a class of its own.
    return orjson.loads(str(kept))
