"""The tables of both life cycles against the rules, and what each single step stamps and refuses."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from app.domain import assignments, tickets
from app.domain.assignments import Assignment, AssignmentOutcome, AssignmentStatus, Report
from app.domain.refusals import Invalid, InvalidTransition
from app.domain.tickets import TicketStatus
from tests.domain.life_cycles import ACTIVE_JOBS, JOB_STEPS, NOW, OUTCOMES_OF_JOB, TICKET_STEPS, job, ticket

LATER = NOW + timedelta(hours=1)


def report(outcome: AssignmentOutcome) -> Report:
    return Report(outcome=outcome, time_spent_hours=Decimal("1.50"), diagnosis="d", actions_taken="a", notes="n")


Step = Callable[[Assignment], Assignment]
STEPS: dict[str, tuple[str, Step]] = {
    "accept": ("ACCEPTED", lambda each: assignments.accept(each, at=LATER)),
    "reject": ("REJECTED", lambda each: assignments.reject(each, reason="r", at=LATER)),
    "start": ("IN_PROGRESS", lambda each: assignments.start(each, at=LATER)),
    "travel": ("EN_ROUTE", lambda each: assignments.travel(each, at=LATER)),
    "pause": ("PAUSED", lambda each: assignments.pause(each, at=LATER)),
    "escalate": ("ESCALATED", lambda each: assignments.escalate(each, reason="r", at=LATER)),
    "hand over": ("REASSIGNED", lambda each: assignments.hand_over(each, at=LATER)),
    "cancel": ("CANCELLED", lambda each: assignments.cancel(each, reason="r", at=LATER)),
}


def test_the_ticket_s_table_is_the_rules() -> None:
    assert {status: set(after) for status, after in tickets.TRANSITIONS.items()} == TICKET_STEPS


def test_the_job_s_table_is_the_rules() -> None:
    assert {status: set(after) for status, after in assignments.TRANSITIONS.items()} == JOB_STEPS


def test_the_active_statuses_are_those_that_can_still_end() -> None:
    assert set(assignments.ACTIVE) == ACTIVE_JOBS
    assert {status for status, after in JOB_STEPS.items() if after} == ACTIVE_JOBS
    assert {status for status in AssignmentStatus if status.is_active} == ACTIVE_JOBS


@pytest.mark.parametrize("status", TicketStatus)
def test_what_may_follow_a_ticket_is_told_in_life_cycle_order(status: TicketStatus) -> None:
    allowed = tickets.allowed_after(status)
    assert list(allowed) == [each for each in TicketStatus if each in TICKET_STEPS[status]]


@pytest.mark.parametrize("status", AssignmentStatus)
def test_what_may_follow_a_job_is_told_in_life_cycle_order(status: AssignmentStatus) -> None:
    allowed = assignments.allowed_after(status)
    assert list(allowed) == [each for each in AssignmentStatus if each in JOB_STEPS[status]]


@pytest.mark.parametrize("to", TicketStatus)
@pytest.mark.parametrize("status", TicketStatus)
def test_a_ticket_moves_as_the_rules_say_and_no_other_way(status: TicketStatus, to: TicketStatus) -> None:
    before = ticket(status)
    if to is status:
        assert tickets.move(before, to, now=LATER) is before
    elif to in TICKET_STEPS[status]:
        assert tickets.move(before, to, now=LATER).status is to
    else:
        with pytest.raises(InvalidTransition) as refused:
            tickets.move(before, to, now=LATER)
        assert (refused.value.current, refused.value.to) == (status, to)
        assert set(refused.value.allowed) == TICKET_STEPS[status]
        assert status in refused.value.message


def test_resolving_closing_and_reopening_keep_the_stamps_true() -> None:
    resolved = tickets.move(ticket(TicketStatus.OPEN), TicketStatus.RESOLVED, now=NOW)
    closed = tickets.move(resolved, TicketStatus.CLOSED, now=LATER)
    reopened = tickets.move(closed, TicketStatus.REOPENED, now=LATER)
    assert (resolved.resolved_at, resolved.closed_at) == (NOW, None)
    assert (closed.resolved_at, closed.closed_at) == (NOW, LATER)
    assert (reopened.resolved_at, reopened.closed_at) == (None, None)


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("status", AssignmentStatus)
def test_a_step_is_taken_where_the_life_cycle_has_it_and_refused_elsewhere(status: AssignmentStatus, name: str) -> None:
    to, step = STEPS[name]
    before = job(status)
    if to in JOB_STEPS[status]:
        assert step(before).status == to
    else:
        with pytest.raises(InvalidTransition) as refused:
            step(before)
        assert set(refused.value.allowed) == JOB_STEPS[status]


@pytest.mark.parametrize("outcome", AssignmentOutcome)
@pytest.mark.parametrize("status", AssignmentStatus)
def test_a_job_completes_with_the_outcomes_that_its_status_allows(
    status: AssignmentStatus, outcome: AssignmentOutcome
) -> None:
    if outcome is AssignmentOutcome.ESCALATED:
        legal = set[str]()
    elif outcome is AssignmentOutcome.CUSTOMER_UNAVAILABLE:
        legal = {"EN_ROUTE", "IN_PROGRESS", "PAUSED"}
    else:
        legal = {"IN_PROGRESS", "PAUSED"}
    if status in legal:
        ended = assignments.complete(job(status), report(outcome), at=LATER)
        assert outcome in OUTCOMES_OF_JOB[ended.status]
        assert (ended.outcome, ended.completed_at, ended.time_spent_hours) == (outcome, LATER, Decimal("1.50"))
        assert (ended.diagnosis, ended.actions_taken, ended.notes) == ("d", "a", "n")
    else:
        with pytest.raises((Invalid, InvalidTransition)):
            assignments.complete(job(status), report(outcome), at=LATER)


def test_escalated_is_no_outcome_to_report_and_says_so_by_its_field() -> None:
    with pytest.raises(Invalid) as refused:
        assignments.complete(job(AssignmentStatus.IN_PROGRESS), report(AssignmentOutcome.ESCALATED), at=NOW)
    assert refused.value.field == ("outcome",)
    assert refused.value.code == "VALIDATION_FAILED"


def test_every_outcome_ties_to_the_status_and_the_ticket_status_of_the_rules() -> None:
    ties = {outcome.value: status.value for outcome, status in assignments.STATUS_OF_OUTCOME.items()}
    assert ties == {
        "SUCCESS": "COMPLETED",
        "FAILED": "FAILED",
        "PARTS_REQUIRED": "FAILED",
        "CUSTOMER_UNAVAILABLE": "FAILED",
        "ESCALATED": "ESCALATED",
    }
    effects = {outcome.value: status.value for outcome, status in assignments.TICKET_STATUS_AFTER.items()}
    assert effects == {
        "SUCCESS": "RESOLVED",
        "FAILED": "OPEN",
        "PARTS_REQUIRED": "PENDING_PARTS",
        "CUSTOMER_UNAVAILABLE": "PENDING_INFO",
    }


def test_each_step_stamps_its_own_moment() -> None:
    accepted = assignments.accept(job(), at=LATER)
    rejected = assignments.reject(job(), reason="Too far.", at=LATER)
    escalated = assignments.escalate(job(), reason="Too hard.", at=LATER)
    assert accepted.accepted_at == LATER
    assert (rejected.rejected_at, rejected.rejection_reason) == (LATER, "Too far.")
    assert (escalated.completed_at, escalated.escalation_reason) == (LATER, "Too hard.")
    assert escalated.outcome is AssignmentOutcome.ESCALATED


def test_going_on_after_a_pause_keeps_when_work_first_began() -> None:
    paused = job(AssignmentStatus.PAUSED, started_at=NOW, paused_at=NOW)
    resumed = assignments.start(paused, at=LATER)
    assert (resumed.started_at, resumed.paused_at) == (NOW, None)


def test_the_latest_stamp_is_the_last_thing_known_of_a_job() -> None:
    assert assignments.latest_stamp(job()) == NOW
    assert assignments.latest_stamp(job(accepted_at=LATER)) == LATER
    assert assignments.latest_stamp(job(accepted_at=LATER, started_at=NOW)) == LATER
    assert assignments.latest_stamp(job(started_at=NOW, resumed_at=LATER)) == LATER


@pytest.mark.parametrize("status", AssignmentStatus)
def test_only_a_paused_job_is_resumed(status: AssignmentStatus) -> None:
    before = job(status, started_at=NOW)
    if status is AssignmentStatus.PAUSED:
        assert assignments.resume(before, at=LATER).status is AssignmentStatus.IN_PROGRESS
    else:
        with pytest.raises(InvalidTransition):
            assignments.resume(before, at=LATER)


def test_arriving_is_a_stamp_on_the_way_and_happens_once() -> None:
    on_the_way = job(AssignmentStatus.EN_ROUTE)
    there = assignments.arrive(on_the_way, at=LATER)
    assert (there.status, there.arrived_at) == (AssignmentStatus.EN_ROUTE, LATER)
    for wrong in (there, job(AssignmentStatus.ACCEPTED), job(AssignmentStatus.IN_PROGRESS)):
        with pytest.raises(InvalidTransition):
            assignments.arrive(wrong, at=LATER)


def test_pauses_are_counted_and_are_no_work() -> None:
    at = NOW
    worked = assignments.start(job(AssignmentStatus.ACCEPTED), at=at)
    for _ in range(2):
        worked = assignments.pause(worked, at=at + timedelta(minutes=30))
        at += timedelta(minutes=50)
        worked = assignments.resume(worked, at=at)
    assert (worked.paused_seconds, worked.resumed_at, worked.paused_at) == (2 * 20 * 60, at, None)
    resting = assignments.pause(worked, at=at + timedelta(minutes=10))

    ended = assignments.complete(resting, report(AssignmentOutcome.SUCCESS), at=at + timedelta(minutes=15))

    assert (ended.paused_seconds, ended.worked_seconds) == (45 * 60, 70 * 60)
    assert assignments.cancel(job(), reason="Not needed.", at=LATER).worked_seconds is None


def test_a_rating_is_given_once_and_to_what_was_completed() -> None:
    done = job(AssignmentStatus.COMPLETED, ended_at=NOW)
    rated = assignments.rate(done, rating=5, feedback="Quick.", at=LATER)
    assert (rated.customer_rating, rated.customer_feedback, rated.rated_at) == (5, "Quick.", LATER)
    for wrong in (rated, *(job(status) for status in AssignmentStatus if status is not AssignmentStatus.COMPLETED)):
        with pytest.raises(InvalidTransition):
            assignments.rate(wrong, rating=5, feedback=None, at=LATER)
