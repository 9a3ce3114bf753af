"""A ticket and its jobs under any order of steps, against the rules' own tables."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.domain import assignments, tickets
from app.domain.assignments import Assignment, AssignmentOutcome, AssignmentStatus, Report
from app.domain.clock import settle
from app.domain.refusals import InvalidTransition, Refusal
from app.domain.tickets import TicketStatus
from tests.domain.life_cycles import (
    ACTIVE_JOBS,
    JOB_STEPS,
    JOBS_OF_TICKET,
    NOW,
    OUTCOMES_OF_JOB,
    TICKET_STEPS,
    job,
    ticket,
)

_BY_HAND = [each for each in TicketStatus if each not in {TicketStatus.ASSIGNED, TicketStatus.ESCALATED}]
_REPORTED = [each for each in AssignmentOutcome if each is not AssignmentOutcome.ESCALATED]
_any_job = st.integers(min_value=0, max_value=50)


class Turns(RuleBasedStateMachine):
    """What dispatchers and technicians may try, in any order and on any job, ended ones included."""

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = NOW
        self.ticket = ticket()
        self.jobs: list[Assignment] = []

    @property
    def active(self) -> Assignment | None:
        """The job that occupies the ticket."""
        found = [each for each in self.jobs if each.status in ACTIVE_JOBS]
        assert len(found) <= 1
        return found[0] if found else None

    @rule(minutes=st.integers(min_value=0, max_value=60))
    def time_goes_by(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.active is None)
    @rule()
    def assign(self) -> None:
        allowed = "ASSIGNED" in TICKET_STEPS[self.ticket.status]
        try:
            self.ticket = tickets.move(self.ticket, TicketStatus.ASSIGNED, now=self.now)
        except InvalidTransition:
            assert not allowed
        else:
            assert allowed
            self._new_job(tier_level=self.ticket.escalation_tier_level or 1)

    @precondition(lambda self: self.active is None)
    @rule(to=st.sampled_from(_BY_HAND))
    def move_by_hand(self, to: TicketStatus) -> None:
        allowed = to in TICKET_STEPS[self.ticket.status] or to is self.ticket.status
        try:
            self.ticket = tickets.move(self.ticket, to, now=self.now)
        except InvalidTransition:
            assert not allowed
        else:
            assert allowed

    @precondition(lambda self: self.jobs)
    @rule(at=_any_job)
    def accept(self, at: int) -> None:
        self._step(at, "ACCEPTED", None)

    @precondition(lambda self: self.jobs)
    @rule(at=_any_job)
    def reject(self, at: int) -> None:
        self._step(at, "REJECTED", TicketStatus.OPEN)

    @precondition(lambda self: self.jobs)
    @rule(at=_any_job)
    def start(self, at: int) -> None:
        self._step(at, "IN_PROGRESS", TicketStatus.IN_PROGRESS)

    @precondition(lambda self: self.active is not None and "EN_ROUTE" in JOB_STEPS[self.active.status])
    @rule()
    def set_out(self) -> None:
        on_the_way = AssignmentStatus.EN_ROUTE
        self.jobs[-1] = replace(self.jobs[-1], status=on_the_way, en_route_at=self._stamp(self.jobs[-1]))

    @precondition(lambda self: self.active is not None and self.active.status == "IN_PROGRESS")
    @rule()
    def pause(self) -> None:
        paused = AssignmentStatus.PAUSED
        self.jobs[-1] = replace(self.jobs[-1], status=paused, paused_at=self._stamp(self.jobs[-1]))

    @precondition(lambda self: self.jobs)
    @rule(at=_any_job, outcome=st.sampled_from(_REPORTED))
    def complete(self, at: int, outcome: AssignmentOutcome) -> None:
        self._step(at, "COMPLETED" if outcome == "SUCCESS" else "FAILED", None, outcome)

    @precondition(lambda self: self.jobs)
    @rule(at=_any_job, somebody=st.booleans())
    def escalate(self, at: int, somebody: bool) -> None:
        before = self.ticket
        after = TicketStatus.ASSIGNED if somebody else TicketStatus.ESCALATED
        if self._step(at, "ESCALATED", after):
            level = min(3, (before.escalation_tier_level or 1) + 1)
            count = before.escalation_count + 1
            self.ticket = replace(self.ticket, escalation_tier_level=level, escalation_count=count)
            if somebody:
                self._new_job(tier_level=level)

    @invariant()
    def the_ticket_agrees_with_its_job(self) -> None:
        status = None if self.active is None else self.active.status
        assert status in JOBS_OF_TICKET.get(self.ticket.status, {None})

    @invariant()
    def outcomes_tie_to_statuses(self) -> None:
        for each in self.jobs:
            assert each.outcome in OUTCOMES_OF_JOB.get(each.status, {None})
            assert (each.completed_at is not None) is (each.outcome is not None)

    @invariant()
    def turns_are_numbered_without_gaps_and_only_the_last_can_be_active(self) -> None:
        assert [each.sequence for each in self.jobs] == list(range(1, len(self.jobs) + 1))
        assert all(each.status not in ACTIVE_JOBS for each in self.jobs[:-1])

    @invariant()
    def stamps_never_go_back(self) -> None:
        for each in self.jobs:
            passed = (each.assigned_at, each.accepted_at, each.en_route_at, each.started_at, each.completed_at)
            stamps = [stamp for stamp in passed if stamp is not None]
            assert stamps == sorted(stamps)

    @invariant()
    def a_ticket_says_when_it_was_resolved_exactly_while_it_is(self) -> None:
        assert (self.ticket.resolved_at is not None) is (self.ticket.status in {"RESOLVED", "CLOSED"})
        assert (self.ticket.closed_at is not None) is (self.ticket.status == "CLOSED")

    def _step(
        self, at: int, to: str, ticket_status: TicketStatus | None, outcome: AssignmentOutcome | None = None
    ) -> bool:
        at %= len(self.jobs)
        before, legal = self.jobs[at], to in JOB_STEPS[self.jobs[at].status]
        if before.status == "EN_ROUTE" and outcome is not None and outcome != "CUSTOMER_UNAVAILABLE":
            legal = False
        try:
            after = self._taken(before, to, outcome)
        except Refusal:
            assert not legal
            return False
        assert legal
        assert after.status == to
        self.jobs[at] = after
        if outcome is not None:
            ticket_status = assignments.TICKET_STATUS_AFTER[outcome]
        if ticket_status is not None:
            # What a legal step means for the ticket must itself be legal: this never raises.
            self.ticket = tickets.move(self.ticket, ticket_status, now=self.now)
        return True

    def _taken(self, before: Assignment, to: str, outcome: AssignmentOutcome | None) -> Assignment:
        at = self._stamp(before)
        if outcome is not None:
            return assignments.complete(before, Report(outcome=outcome, time_spent_hours=Decimal(1)), at=at)
        match to:
            case "ACCEPTED":
                return assignments.accept(before, at=at)
            case "REJECTED":
                return assignments.reject(before, reason="No.", at=at)
            case "IN_PROGRESS":
                return assignments.start(before, at=at)
            case _:
                return assignments.escalate(before, reason="Too hard.", at=at)

    def _stamp(self, before: Assignment) -> datetime:
        return settle(None, now=self.now, not_before=assignments.latest_stamp(before))

    def _new_job(self, *, tier_level: int) -> None:
        number = len(self.jobs) + 1
        self.jobs.append(job(id=UUID(int=100 + number), sequence=number, tier_level=tier_level, assigned_at=self.now))


TestTurns = Turns.TestCase
TestTurns.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def test_a_step_on_an_ended_job_leaves_it_as_it_was() -> None:
    ended = assignments.reject(job(), reason="No.", at=NOW)
    with pytest.raises(InvalidTransition):
        assignments.accept(ended, at=NOW)
    assert ended.status is AssignmentStatus.REJECTED
