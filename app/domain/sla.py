"""Service levels: what was promised for a ticket, and the clocks that measure whether it is kept.

A ticket has a clock for its first response and one for its resolution. A clock is made of segments
in which it ran or stood; all the rest follows from them. Every function here is pure: it takes a clock and
returns the next one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from app.domain.calendars import BusinessCalendar, NeverOpen, after, worked
from app.domain.tickets import TicketPriority, TicketStatus

MOST_WARNINGS = 5


class SlaMetric(StrEnum):
    """What a clock measures."""

    FIRST_RESPONSE = "FIRST_RESPONSE"
    RESOLUTION = "RESOLUTION"


class SlaState(StrEnum):
    """How it stands with a clock, or with the worst of a ticket's."""

    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    AT_RISK = "AT_RISK"
    BREACHED = "BREACHED"
    MET = "MET"
    MET_LATE = "MET_LATE"
    CANCELLED = "CANCELLED"


class SlaCause(StrEnum):
    """Why a segment of a clock began; statuses stand for themselves."""

    CREATED = "CREATED"
    PRIORITY_CHANGED = "PRIORITY_CHANGED"
    REOPENED = "REOPENED"


ENDED = frozenset({SlaState.MET, SlaState.MET_LATE, SlaState.CANCELLED})
# What a dispatcher is told of.
ALARMING = frozenset({SlaState.AT_RISK, SlaState.BREACHED})


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaTarget:
    """Within how many working minutes a ticket is to be answered, and to be resolved."""

    response_minutes: int
    resolution_minutes: int

    def of(self, metric: SlaMetric) -> int:
        """Return the minutes of a metric."""
        return self.response_minutes if metric is SlaMetric.FIRST_RESPONSE else self.resolution_minutes


Targets = Mapping[TicketPriority, SlaTarget]

DEFAULT_TARGETS: Targets = MappingProxyType(
    {
        priority: SlaTarget(response_minutes=60 * response, resolution_minutes=60 * resolution)
        for priority, response, resolution in zip(TicketPriority, (1, 4, 8, 24), (4, 12, 48, 120), strict=True)
    }
)
DEFAULT_PAUSES = (TicketStatus.PENDING_INFO, TicketStatus.PENDING_PARTS)
DEFAULT_WARNINGS = (75, 90)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaPolicy:
    """A version of what an organisation promises; never changed, only followed by another one.

    `warn_at_percent` rises and lies below 100. A breach escalates a ticket that somebody has if
    `auto_escalate_on_breach`. Time runs by the calendar, always without one.
    """

    id: UUID
    organization_id: UUID
    name: str
    targets: Targets
    pause_on: tuple[TicketStatus, ...] = DEFAULT_PAUSES
    warn_at_percent: tuple[int, ...] = DEFAULT_WARNINGS
    auto_escalate_on_breach: bool = False
    calendar: BusinessCalendar | None = None


@dataclass(frozen=True, slots=True)
class SlaSegment:
    """A stretch in which a clock ran or stood, [start, end), and why it began; open while `end` is None."""

    running: bool
    start: datetime
    end: datetime | None
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaClock:
    """One generation of one clock of a ticket; every field is a column of the same name.

    `due_at` is None while it stands, unless it was breached before. `next_check_at` is when its next
    warning, or its breach, is to be told; of a breached one, since when it is to be escalated; None: never.
    """

    id: UUID
    organization_id: UUID
    ticket_id: UUID
    metric: SlaMetric
    generation: int
    policy_id: UUID
    target_minutes: int
    state: SlaState
    started_at: datetime
    due_at: datetime | None
    segments: tuple[SlaSegment, ...]
    warned_percent: int | None = None
    breached_at: datetime | None = None
    met_at: datetime | None = None
    current: bool = True
    next_check_at: datetime | None = None
    version: int = 1
    created_at: datetime = field(kw_only=True)
    updated_at: datetime = field(kw_only=True)

    @property
    def ended(self) -> bool:
        """Tell whether nothing can become of it any more."""
        return self.state in ENDED

    @property
    def awaits_answer(self) -> bool:
        """Tell whether an answer would stop it."""
        return self.metric is SlaMetric.FIRST_RESPONSE and not self.ended

    @property
    def target(self) -> timedelta:
        """The target."""
        return timedelta(minutes=self.target_minutes)


def begin(id_: UUID, ticket_id: UUID, metric: SlaMetric, policy: SlaPolicy, priority: TicketPriority, at: datetime, *,
          cause: str = SlaCause.CREATED, generation: int = 1) -> SlaClock:  # fmt: skip
    """Return a clock that starts to run."""
    clock = SlaClock(
        id=id_,
        organization_id=policy.organization_id,
        ticket_id=ticket_id,
        metric=metric,
        generation=generation,
        policy_id=policy.id,
        target_minutes=policy.targets[priority].of(metric),
        state=SlaState.RUNNING,
        started_at=at,
        due_at=None,
        segments=(SlaSegment(running=True, start=at, end=None, cause=cause),),
        created_at=at,
        updated_at=at,
    )
    return _settled(clock, policy)


def used(clock: SlaClock, calendar: BusinessCalendar | None, at: datetime) -> timedelta:
    """Return how much promised time has run by `at`."""
    return _spent(clock, calendar, at, running=True)


def paused(clock: SlaClock, calendar: BusinessCalendar | None, at: datetime) -> timedelta:
    """Return how much promised time has been spared by pauses by `at`."""
    return _spent(clock, calendar, at, running=False)


def remark(clock: SlaClock, policy: SlaPolicy, at: datetime) -> SlaClock:
    """Return the clock with what it has passed by `at`: the highest warning, or the breach."""
    if clock.ended or clock.breached_at is not None:
        return clock
    ran = used(clock, policy.calendar, at)
    if ran >= clock.target:
        due = clock.due_at or at
        escalated_from = at if policy.auto_escalate_on_breach else None
        return replace(clock, state=SlaState.BREACHED, breached_at=due, next_check_at=escalated_from)
    passed = [percent for percent in policy.warn_at_percent if ran * 100 >= clock.target * percent]
    if not passed or passed[-1] <= (clock.warned_percent or 0):
        return clock
    state = SlaState.AT_RISK if clock.segments[-1].running else clock.state
    return _settled(replace(clock, state=state, warned_percent=passed[-1]), policy)


def to_escalate(clock: SlaClock) -> bool:
    """Tell whether a breach is still to be escalated."""
    return clock.state is SlaState.BREACHED and clock.next_check_at is not None


def acknowledged(clock: SlaClock) -> SlaClock:
    """Return the clock with nothing left to escalate."""
    return replace(clock, next_check_at=None) if to_escalate(clock) else clock


def pause(clock: SlaClock, policy: SlaPolicy, at: datetime, cause: str) -> SlaClock:
    """Return the clock standing; the same where it stands or has ended."""
    return _switched(clock, policy, at, cause, running=False)


def resume(clock: SlaClock, policy: SlaPolicy, at: datetime, cause: str) -> SlaClock:
    """Return the clock running again; the same where it runs or has ended."""
    return _switched(clock, policy, at, cause, running=True)


def meet(clock: SlaClock, policy: SlaPolicy, at: datetime) -> SlaClock:
    """Return the clock stopped because what was promised has been done, in time or late."""
    at = _not_before(clock, at)
    state = SlaState.MET if clock.breached_at is None else SlaState.MET_LATE
    return _settled(replace(clock, state=state, met_at=at, segments=_closed(clock.segments, at)), policy)


def cancel(clock: SlaClock, policy: SlaPolicy, at: datetime) -> SlaClock:
    """Return the clock stopped because nothing is owed any more."""
    at = _not_before(clock, at)
    return _settled(replace(clock, state=SlaState.CANCELLED, segments=_closed(clock.segments, at)), policy)


def restart(clock: SlaClock, policy: SlaPolicy, priority: TicketPriority, id_: UUID, at: datetime) -> SlaClock:
    """Return the next generation of an open clock under another priority: from the same start, with its pauses."""
    at = _not_before(clock, at)
    *earlier, last = clock.segments
    cut = (replace(last, end=at), SlaSegment(last.running, at, None, SlaCause.PRIORITY_CHANGED))
    following = replace(
        clock,
        id=id_,
        generation=clock.generation + 1,
        target_minutes=policy.targets[priority].of(clock.metric),
        state=SlaState.RUNNING if last.running else SlaState.PAUSED,
        segments=(*earlier, *cut),
        due_at=None,
        warned_percent=None,
        breached_at=None,
        version=1,
        created_at=at,
        updated_at=at,
    )
    return _settled(following, policy)


def give_way(clock: SlaClock, policy: SlaPolicy, at: datetime) -> SlaClock:
    """Return a clock whose place another generation takes: what was breached stays so, the rest is cancelled."""
    if not clock.ended:
        if clock.breached_at is None:
            clock = cancel(clock, policy, at)
        else:
            clock = replace(clock, segments=_closed(clock.segments, _not_before(clock, at)))
    return replace(clock, current=False, next_check_at=None)


def summary(clocks: Sequence[SlaClock]) -> tuple[SlaState | None, datetime | None]:
    """Return the state of a ticket's current clocks together, and when the first open one is due.

    While one is open, the worst of the open; then whether all was done in time. Without clocks, None.
    """
    open_ = [clock for clock in clocks if not clock.ended]
    due = min((clock.due_at for clock in open_ if clock.due_at is not None), default=None)
    ranked = _WORST_FIRST if open_ else (SlaState.MET_LATE, SlaState.MET, SlaState.CANCELLED)
    states = {clock.state for clock in open_ or clocks}
    return next((state for state in ranked if state in states), None), due


_WORST_FIRST = (SlaState.BREACHED, SlaState.AT_RISK, SlaState.RUNNING, SlaState.PAUSED)


def _spent(clock: SlaClock, calendar: BusinessCalendar | None, at: datetime, *, running: bool) -> timedelta:
    return sum(
        (
            worked(calendar, each.start, at if each.end is None else min(each.end, at))
            for each in clock.segments
            if each.running is running
        ),
        timedelta(),
    )


def _switched(clock: SlaClock, policy: SlaPolicy, at: datetime, cause: str, *, running: bool) -> SlaClock:
    if clock.ended or clock.segments[-1].running is running:
        return clock
    at = _not_before(clock, at)
    segments = (*_closed(clock.segments, at), SlaSegment(running=running, start=at, end=None, cause=cause))
    state = clock.state
    if clock.breached_at is None:
        warned = SlaState.RUNNING if clock.warned_percent is None else SlaState.AT_RISK
        state = warned if running else SlaState.PAUSED
    return _settled(replace(clock, state=state, segments=segments), policy)


def _settled(clock: SlaClock, policy: SlaPolicy) -> SlaClock:
    """Return the clock with when it is due and when to look at it next."""
    if clock.ended:
        return replace(clock, next_check_at=None)
    if clock.breached_at is not None:
        return clock
    last = clock.segments[-1]
    if not last.running:
        return replace(clock, due_at=None, next_check_at=None)
    left = used(clock, policy.calendar, last.start)

    def when(share: timedelta) -> datetime:
        return after(policy.calendar, last.start, share - left)

    warned = clock.warned_percent or 0
    ahead = next((percent for percent in policy.warn_at_percent if percent > warned), 100)
    try:
        return replace(clock, due_at=when(clock.target), next_check_at=when(clock.target * ahead / 100))
    except NeverOpen:
        # Where nobody works for years, nothing is ever due.
        return replace(clock, due_at=None, next_check_at=None)


def _closed(segments: tuple[SlaSegment, ...], at: datetime) -> tuple[SlaSegment, ...]:
    *earlier, last = segments
    return (*earlier, last if last.end is not None else replace(last, end=at))


def _not_before(clock: SlaClock, at: datetime) -> datetime:
    # The clocks of two servers differ.
    return max(at, clock.segments[-1].start)


def segments_of(written: Sequence[Mapping[str, Any]]) -> tuple[SlaSegment, ...]:
    """Read segments as they are kept in JSON."""
    return tuple(
        SlaSegment(
            running=each["running"],
            start=datetime.fromisoformat(each["start"]),
            end=None if each["end"] is None else datetime.fromisoformat(each["end"]),
            cause=each["cause"],
        )
        for each in written
    )


def written(segments: Sequence[SlaSegment]) -> list[dict[str, Any]]:
    """Spell segments in JSON's types."""
    return [
        {
            "running": each.running,
            "start": each.start.isoformat(),
            "end": None if each.end is None else each.end.isoformat(),
            "cause": each.cause,
        }
        for each in segments
    ]
