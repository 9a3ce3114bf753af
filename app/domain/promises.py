"""Keeping promises: what the events of a change mean for the clocks of their tickets.

Clocks follow from events alone, so whoever has the log can tell what every clock showed at any moment.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from app.domain.assignments import ACTIVE, AssignmentStatus
from app.domain.events import CLOCK, Event, EventType, NewEvent
from app.domain.sla import (
    ALARMING,
    SlaCause,
    SlaClock,
    SlaMetric,
    SlaPolicy,
    SlaState,
    acknowledged,
    begin,
    cancel,
    give_way,
    meet,
    pause,
    remark,
    restart,
    resume,
)
from app.domain.tickets import TicketPriority, TicketStatus

_TAKEN_ON = frozenset(each.value for each in ACTIVE) - {AssignmentStatus.ASSIGNED.value}
_RESPONSES = frozenset({EventType.JOB_ASSIGNED, EventType.JOB_ACCEPTED, EventType.JOB_STARTED, EventType.COMMENT_ADDED})
_STATUS, _PRIORITY, _DELETED, _STATE = "status", "priority", "deleted_at", "state"
_ALARMING = frozenset(each.value for each in ALARMING)
_SYSTEM_GENERATED = "system_generated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a change has done to a ticket, as far as promises go; None: nothing.

    `answered`: somebody has taken the job on, begun it, or said something that the customer can read.
    """

    ticket_id: UUID
    created: bool = False
    status: TicketStatus | None = None
    priority: TicketPriority | None = None
    answered: bool = False
    deleted: bool = False


def alarming(event: Event) -> bool:
    """Tell whether an event begins or ends an alert: a clock warns or is breached from it on, or no longer."""
    if event.kind != CLOCK:
        return False
    if event.type in {EventType.SLA_WARNING, EventType.SLA_BREACHED}:
        return True
    return any(
        change.field == "state" and not _ALARMING.isdisjoint({change.old, change.new}) for change in event.changes
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One step of a clock, to be told as `type`, or not at all; `before` is None of a new one."""

    type: EventType | None
    before: SlaClock | None
    after: SlaClock


def turns_of(events: Iterable[NewEvent | Event], *, actor_id: UUID | None, by_staff: bool) -> list[Turn]:
    """Return what the events of a change, in the order of the log, mean for each ticket they are about.

    `actor_id` is who made the change, `by_staff` whether they work for the organisation.
    """
    turns: dict[UUID, Turn] = {}
    for event in events:
        if event.ticket_id is None:
            continue
        turn = turns.get(event.ticket_id) or Turn(ticket_id=event.ticket_id)
        if event.kind == "Ticket":
            turn = _of_ticket(turn, event)
        elif event.type in _RESPONSES and _answers(event, actor_id, by_staff=by_staff):
            turn = replace(turn, answered=True)
        turns[event.ticket_id] = turn
    return [turn for turn in turns.values() if turn != Turn(ticket_id=turn.ticket_id)]


def _of_ticket(turn: Turn, event: NewEvent | Event) -> Turn:
    told = {change.field: change.new for change in event.changes}
    # Only what was there before has changed; a new ticket's fields are where its clocks begin.
    return replace(
        turn,
        created=turn.created or event.type is EventType.TICKET_CREATED,
        status=TicketStatus(told[_STATUS]) if _STATUS in told else turn.status,
        priority=TicketPriority(told[_PRIORITY]) if _PRIORITY in told else turn.priority,
        deleted=turn.deleted or told.get(_DELETED) is not None,
    )


def _answers(event: NewEvent | Event, actor_id: UUID | None, *, by_staff: bool) -> bool:
    if event.type is EventType.JOB_ASSIGNED:
        # A job that came over from elsewhere may have been taken on there.
        return any(change.field == _STATUS and change.new in _TAKEN_ON for change in event.changes)
    if event.type is not EventType.COMMENT_ADDED or event.after is None:
        return event.type is not EventType.COMMENT_ADDED
    told = {change.field: change.new for change in event.changes}
    # Nobody answers themselves.
    own = actor_id == event.after.requester_id
    return by_staff and not own and not event.after.internal and not told.get(_SYSTEM_GENERATED)


class Keeper:
    """Takes the current clocks of one ticket through a turn; `ticks` are the steps they took.

    `priority` is the ticket's own after the turn.
    """

    def __init__(
        self,
        clocks: Sequence[SlaClock],
        policy: SlaPolicy,
        priority: TicketPriority,
        *,
        new_id: Callable[[], UUID],
        at: datetime,
    ) -> None:
        self._clocks = {clock.metric: clock for clock in clocks}
        self._policy = policy
        self._priority = priority
        self._new_id = new_id
        self._at = at
        self.ticks: list[Tick] = []

    @property
    def clocks(self) -> list[SlaClock]:
        """The current clocks."""
        return list(self._clocks.values())

    def follow(self, turn: Turn) -> None:
        """Do what the turn means: first what time has passed by itself, then the rest."""
        if turn.created:
            for metric in SlaMetric:
                clock = begin(self._new_id(), turn.ticket_id, metric, self._policy, self._priority, self._at)
                self._tell(EventType.SLA_STARTED, None, clock)
        self.pass_time()
        if turn.answered:
            self._each(EventType.SLA_MET, lambda clock: meet(clock, self._policy, self._at), SlaMetric.FIRST_RESPONSE)
        if turn.priority is not None and not turn.created:
            self._restart()
        if turn.deleted:
            self._cancel()
        elif turn.status is not None:
            self._enter(turn.status, turn)

    def pass_time(self) -> None:
        """Tell the warnings and breaches that are due."""
        for clock in self.clocks:
            marked = remark(clock, self._policy, self._at)
            if marked is not clock:
                breached = marked.state is SlaState.BREACHED
                self._tell(EventType.SLA_BREACHED if breached else EventType.SLA_WARNING, clock, marked)

    def acknowledge(self) -> None:
        """Take note that what was breached has been escalated, which nobody is told."""
        for clock in self.clocks:
            self._tell(None, clock, acknowledged(clock))

    def _enter(self, status: TicketStatus, turn: Turn) -> None:
        policy, at = self._policy, self._at
        if status is TicketStatus.CANCELLED:
            self._cancel()
        elif status is TicketStatus.RESOLVED:
            # What has been resolved has been answered, too.
            self._each(EventType.SLA_MET, lambda clock: meet(clock, policy, at), *SlaMetric)
        elif status is TicketStatus.REOPENED:
            self._reopen(turn)
        elif status in policy.pause_on:
            self._each(EventType.SLA_PAUSED, lambda clock: pause(clock, policy, at, status), SlaMetric.RESOLUTION)
        else:
            self._each(EventType.SLA_RESUMED, lambda clock: resume(clock, policy, at, status), SlaMetric.RESOLUTION)

    def _reopen(self, turn: Turn) -> None:
        ended = self._clocks.get(SlaMetric.RESOLUTION)
        if ended is None:
            return
        following = begin(
            self._new_id(),
            turn.ticket_id,
            SlaMetric.RESOLUTION,
            self._policy,
            self._priority,
            self._at,
            cause=SlaCause.REOPENED,
            generation=ended.generation + 1,
        )
        self._give_way(ended)
        self._tell(EventType.SLA_STARTED, None, following)

    def _restart(self) -> None:
        for clock in self.clocks:
            if not clock.ended:
                following = restart(clock, self._policy, self._priority, self._new_id(), self._at)
                self._give_way(clock)
                self._tell(EventType.DUE_DATE_CHANGED, None, following)
        self.pass_time()

    def _cancel(self) -> None:
        self._each(EventType.DUE_DATE_CHANGED, lambda clock: cancel(clock, self._policy, self._at), *SlaMetric)

    def _give_way(self, clock: SlaClock) -> None:
        self._tell(EventType.DUE_DATE_CHANGED, clock, give_way(clock, self._policy, self._at))

    def _each(self, type_: EventType, step: Callable[[SlaClock], SlaClock], *metrics: SlaMetric) -> None:
        for clock in self.clocks:
            if clock.metric in metrics and not clock.ended:
                self._tell(type_, clock, step(clock))

    def _tell(self, type_: EventType | None, before: SlaClock | None, after: SlaClock) -> None:
        if after == before:
            return
        if before is not None:
            after = replace(after, version=before.version + 1, updated_at=max(self._at, before.updated_at))
        if after.current:
            self._clocks[after.metric] = after
        self.ticks.append(Tick(type=type_, before=before, after=after))
