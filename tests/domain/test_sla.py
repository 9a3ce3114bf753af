"""Clocks of tickets, against a reference that goes through a ticket's story minute by minute."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from app.domain.calendars import BusinessCalendar
from app.domain.events import EventType
from app.domain.promises import Keeper, Tick, Turn
from app.domain.sla import (
    DEFAULT_TARGETS,
    SlaClock,
    SlaMetric,
    SlaPolicy,
    SlaState,
    SlaTarget,
    paused,
    segments_of,
    summary,
    used,
    written,
)
from app.domain.tickets import TicketPriority, TicketStatus
from tests.domain.test_calendars import calendars, is_open

MINUTE = timedelta(minutes=1)
BASE = datetime(2026, 3, 27, 20, tzinfo=UTC)
# Small, so that stories of a few days breach; multiples of twenty, so that percentages are whole minutes.
TARGETS = {
    priority: SlaTarget(response_minutes=response, resolution_minutes=resolution)
    for priority, response, resolution in zip(TicketPriority, (20, 60, 200, 600), (100, 400, 1000, 2000), strict=True)
}
_RUN, _PENDING = TicketStatus.IN_PROGRESS, (TicketStatus.PENDING_INFO, TicketStatus.PENDING_PARTS)
TICKET = uuid7()


def policy(calendar: BusinessCalendar | None = None, **values: Any) -> SlaPolicy:
    told = {"id": uuid7(), "organization_id": uuid7(), "name": "Ours", "targets": TARGETS, "calendar": calendar}
    return SlaPolicy(**{**told, **values})


class Story:
    """A ticket's clocks, taken through turn after turn."""

    def __init__(self, policy: SlaPolicy, priority: TicketPriority = TicketPriority.P1) -> None:
        self.policy = policy
        self.priority = priority
        self.clocks: list[SlaClock] = []
        self.every: dict[UUID, SlaClock] = {}
        self.ticks: list[tuple[datetime, Tick]] = []
        self.tell(0, created=True)

    def tell(self, minute: int, **turn: Any) -> list[EventType]:
        at = BASE + minute * MINUTE
        self.priority = turn.get("priority") or self.priority
        if turn.get("created"):
            turn["priority"] = self.priority
        keeper = Keeper(self.clocks, self.policy, self.priority, new_id=uuid7, at=at)
        keeper.follow(Turn(ticket_id=TICKET, **turn))
        return self._keep(keeper, at)

    def wait(self, minute: int) -> list[EventType]:
        at = BASE + minute * MINUTE
        keeper = Keeper(self.clocks, self.policy, self.priority, new_id=uuid7, at=at)
        keeper.pass_time()
        return self._keep(keeper, at)

    def clock(self, metric: SlaMetric = SlaMetric.RESOLUTION) -> SlaClock:
        return next(clock for clock in self.clocks if clock.metric is metric)

    def _keep(self, keeper: Keeper, at: datetime) -> list[EventType]:
        self.clocks = keeper.clocks
        self.every |= {tick.after.id: tick.after for tick in keeper.ticks}
        self.ticks += [(at, tick) for tick in keeper.ticks]
        return [tick.type for tick in keeper.ticks if tick.type is not None]


@dataclass(slots=True)
class Truth:
    """What the rules say of one clock: it is asked minute by minute."""

    target: int
    spent: int = 0
    breached: int | None = None
    over: int | None = None

    def look(self, minute: int) -> None:
        if self.over is None and self.breached is None and self.spent >= self.target:
            self.breached = minute

    def end(self, minute: int) -> None:
        self.over = minute if self.over is None else self.over

    def aim(self, target: int, minute: int) -> None:
        if self.over is None:
            self.target, self.breached = target, None
            self.look(minute)


class Reference:
    """Both clocks of a ticket."""

    def __init__(self, priority: TicketPriority) -> None:
        self.priority = priority
        self.pausing = False
        self.response = Truth(TARGETS[priority].response_minutes)
        self.resolution = Truth(TARGETS[priority].resolution_minutes)

    def go_on(self, minute: int, *, counts: bool) -> None:
        self.response.spent += counts
        self.resolution.spent += counts and not self.pausing
        self.response.look(minute)
        self.resolution.look(minute)

    def hear(self, minute: int, kind: str, value: Any) -> None:
        match kind:
            case "answer":
                self.response.end(minute)
            case "priority":
                self.priority = value
                self.response.aim(TARGETS[value].response_minutes, minute)
                self.resolution.aim(TARGETS[value].resolution_minutes, minute)
            case "pause" | "run":
                self.pausing = kind == "pause"
            case "resolve":
                self.pausing = False
                self.response.end(minute)
                self.resolution.end(minute)
            case "reopen":
                self.resolution = Truth(TARGETS[self.priority].resolution_minutes)


def reference(story: list[tuple[int, str, Any]], of: SlaPolicy, priority: TicketPriority, end: int) -> Reference:
    """Go through each minute of a story that ends at `end`."""
    truth = Reference(priority)
    for minute in range(end + 1):
        if minute > 0:
            before = BASE + (minute - 1) * MINUTE
            truth.go_on(minute, counts=of.calendar is None or is_open(of.calendar, before))
        for at, kind, value in story:
            if at == minute:
                truth.hear(minute, kind, value)
    return truth


STEPS = st.lists(
    st.tuples(
        st.integers(1, 240),
        st.one_of(
            st.tuples(st.just("answer"), st.none()),
            st.tuples(st.just("priority"), st.sampled_from(TicketPriority)),
            st.tuples(st.just("pause"), st.sampled_from(_PENDING)),
            st.tuples(st.just("run"), st.none()),
            st.tuples(st.just("resolve"), st.none()),
            st.tuples(st.just("reopen"), st.none()),
            st.tuples(st.just("look"), st.none()),
        ),
    ),
    max_size=14,
)


@given(STEPS, st.one_of(st.none(), calendars()), st.sampled_from(TicketPriority), st.integers(1, 1500))
def test_any_story_is_due_when_the_reference_says(
    steps: list[tuple[int, tuple[str, Any]]], calendar: BusinessCalendar | None, priority: TicketPriority, rest: int
) -> None:
    if calendar is not None and not any(calendar.weekly):
        return
    of = policy(calendar)
    told, minute, resolved = [], 0, False
    for wait, (kind, value) in steps:
        minute += wait
        # As the life cycle lets them follow: what is resolved is only reopened, and only that.
        if resolved is (kind in {"reopen", "look", "answer"}):
            told.append((minute, kind, value))
            resolved = (resolved or kind == "resolve") and kind != "reopen"
    end = minute + rest
    story = Story(of, priority)
    turns: dict[str, Any] = {
        "answer": lambda _: {"answered": True},
        "priority": lambda value: {"priority": value},
        "pause": lambda value: {"status": value},
        "run": lambda _: {"status": _RUN},
        "resolve": lambda _: {"status": TicketStatus.RESOLVED},
        "reopen": lambda _: {"status": TicketStatus.REOPENED},
    }
    for at, kind, value in told:
        if kind == "look":
            story.wait(at)
        else:
            story.tell(at, **turns[kind](value))
    story.wait(end)

    expected = reference(told, of, priority, end)
    for metric, truth in ((SlaMetric.FIRST_RESPONSE, expected.response), (SlaMetric.RESOLUTION, expected.resolution)):
        clock = story.clock(metric)
        assert clock.target_minutes == truth.target
        assert (clock.breached_at is not None) is (truth.breached is not None)
        assert clock.met_at == (None if truth.over is None else BASE + truth.over * MINUTE)
        if truth.over is not None:
            assert clock.state is (SlaState.MET if truth.breached is None else SlaState.MET_LATE)
        elif truth.breached is None and clock.due_at is not None:
            # Nothing more happening, it is due in the minute in which the reference says so.
            assert used(clock, calendar, clock.due_at) == truth.target * MINUTE
        if truth.breached is not None and truth.breached > 0 and clock.generation == 1:
            assert clock.breached_at == BASE + truth.breached * MINUTE


@given(STEPS, st.one_of(st.none(), calendars()))
def test_each_threshold_is_told_once_and_only_the_highest_of_those_passed(
    steps: list[tuple[int, tuple[str, Any]]], calendar: BusinessCalendar | None
) -> None:
    if calendar is not None and not any(calendar.weekly):
        return
    story, minute = Story(policy(calendar)), 0
    for wait, (kind, value) in steps:
        minute += wait
        if kind == "priority":
            story.tell(minute, priority=value)
        elif kind in {"pause", "run"}:
            story.tell(minute, status=value or _RUN)
        else:
            story.wait(minute)
            assert story.wait(minute) == []
    told = [tick for _, tick in story.ticks if tick.type in {EventType.SLA_WARNING, EventType.SLA_BREACHED}]
    warned = EventType.SLA_WARNING
    marks = [(tick.after.id, (tick.after.warned_percent or 0) if tick.type is warned else 100) for tick in told]

    assert len(marks) == len(set(marks))
    for id_ in {id_ for id_, _ in marks}:
        of_one = [percent for each, percent in marks if each == id_]
        assert of_one == sorted(of_one)


def test_the_sources_targets_are_promised_unless_others_are() -> None:
    hours = {
        priority: (target.response_minutes // 60, target.resolution_minutes // 60)
        for priority, target in DEFAULT_TARGETS.items()
    }

    assert hours == {"P1": (1, 4), "P2": (4, 12), "P3": (8, 48), "P4": (24, 120)}


def test_a_new_ticket_has_two_clocks_that_run() -> None:
    story = Story(policy())

    assert [(clock.metric, clock.state, clock.due_at) for clock in story.clocks] == [
        (SlaMetric.FIRST_RESPONSE, SlaState.RUNNING, BASE + 20 * MINUTE),
        (SlaMetric.RESOLUTION, SlaState.RUNNING, BASE + 100 * MINUTE),
    ]


def test_waiting_for_parts_stops_the_resolution_and_not_the_response() -> None:
    story = Story(policy())
    told = story.tell(10, status=TicketStatus.PENDING_PARTS)
    standing = story.clock()
    story.tell(40, status=_RUN)

    assert told == [EventType.SLA_PAUSED]
    assert (standing.state, standing.due_at, standing.next_check_at) == (SlaState.PAUSED, None, None)
    assert story.clock().due_at == BASE + 130 * MINUTE
    assert paused(story.clock(), None, BASE + 60 * MINUTE) == 30 * MINUTE
    assert used(story.clock(), None, BASE + 60 * MINUTE) == 30 * MINUTE
    # Meanwhile nobody has answered.
    assert story.clock(SlaMetric.FIRST_RESPONSE).state is SlaState.BREACHED


def test_of_thresholds_passed_at_once_only_the_highest_is_told() -> None:
    story = Story(policy())

    assert story.wait(19) == [EventType.SLA_WARNING]
    assert story.clock(SlaMetric.FIRST_RESPONSE).warned_percent == 90
    assert story.wait(101) == [EventType.SLA_BREACHED, EventType.SLA_BREACHED]


def test_the_next_look_is_at_the_next_threshold() -> None:
    story = Story(policy())
    looks = [story.clock().next_check_at]
    for minute in (75, 90, 100):
        story.wait(minute)
        looks.append(story.clock().next_check_at)

    assert looks == [BASE + 75 * MINUTE, BASE + 90 * MINUTE, BASE + 100 * MINUTE, None]


def test_a_breach_is_told_before_what_comes_late() -> None:
    story = Story(policy())
    told = story.tell(150, status=TicketStatus.RESOLVED)

    assert told == [*[EventType.SLA_BREACHED] * 2, *[EventType.SLA_MET] * 2]
    assert {clock.state for clock in story.clocks} == {SlaState.MET_LATE}
    assert story.clock().breached_at == BASE + 100 * MINUTE


def test_pausing_after_a_breach_heals_nothing() -> None:
    story = Story(policy())
    story.tell(120, status=TicketStatus.PENDING_INFO)
    story.tell(130, status=_RUN)

    assert story.clock().state is SlaState.BREACHED
    assert [segment.running for segment in story.clock().segments] == [True, False, True]


def test_another_priority_counts_from_the_start_with_what_was_paused() -> None:
    story = Story(policy(), TicketPriority.P2)
    story.tell(10, status=TicketStatus.PENDING_INFO)
    story.tell(70, status=_RUN)
    told = story.tell(120, priority=TicketPriority.P1)
    earlier = [clock for clock in story.every.values() if not clock.current]

    # Two generations give way to two; the response, late before, is late at once by its new target, too.
    assert told.count(EventType.DUE_DATE_CHANGED) == 4
    assert told.count(EventType.SLA_BREACHED) == 1
    assert story.clock().due_at == BASE + 160 * MINUTE
    assert story.clock().generation == 2
    assert {clock.state for clock in earlier} == {SlaState.CANCELLED, SlaState.BREACHED}


def test_a_reopening_starts_the_resolution_anew_and_not_the_response() -> None:
    story = Story(policy())
    story.tell(10, answered=True)
    story.tell(20, status=TicketStatus.RESOLVED)
    told = story.tell(500, status=TicketStatus.REOPENED)
    story.tell(510, status=_RUN)

    assert EventType.SLA_STARTED in told
    assert story.clock().due_at == BASE + 600 * MINUTE
    assert story.clock(SlaMetric.FIRST_RESPONSE).met_at == BASE + 10 * MINUTE
    assert story.every[story.clock().id].generation == 2


def test_what_is_given_up_is_owed_no_more() -> None:
    cancelled, deleted = Story(policy()), Story(policy())
    told = cancelled.tell(5, status=TicketStatus.CANCELLED), deleted.tell(5, deleted=True)

    assert told == ([EventType.DUE_DATE_CHANGED] * 2,) * 2
    assert cancelled.wait(5000) == []
    assert summary(cancelled.clocks) == (SlaState.CANCELLED, None)


def test_a_ticket_shows_the_worst_of_what_is_open() -> None:
    story = Story(policy())
    shown = [summary(story.clocks)]
    story.wait(80)
    shown.append(summary(story.clocks))
    story.tell(85, status=TicketStatus.RESOLVED)
    shown.append(summary(story.clocks))

    due = BASE + 20 * MINUTE
    assert shown == [(SlaState.RUNNING, due), (SlaState.BREACHED, due), (SlaState.MET_LATE, None)]
    assert summary([]) == (None, None)


def test_a_server_whose_clock_is_behind_takes_no_time_back() -> None:
    story = Story(policy())
    story.tell(30, status=TicketStatus.PENDING_INFO)
    story.tell(20, status=_RUN)

    assert story.clock().due_at == BASE + 100 * MINUTE


def test_segments_are_read_as_they_are_written() -> None:
    story = Story(policy())
    story.tell(30, status=TicketStatus.PENDING_INFO)
    clock = story.clock()

    assert segments_of(written(clock.segments)) == clock.segments
    assert replace(clock, segments=segments_of(written(clock.segments))) == clock
