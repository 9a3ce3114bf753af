"""A ticket moves in its life cycle, and its active job with it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from app.domain import assignments as job_rules
from app.domain import tickets as rules
from app.domain.assignments import Assignment, AssignmentOutcome, AssignmentStatus, Report
from app.domain.events import EventType
from app.domain.policy import Action, is_staff
from app.domain.refusals import InvalidTransition
from app.domain.situations import Situation, job_event, ticket_event
from app.domain.tickets import Ticket, TicketStatus
from app.services.assignments.job_step import end_job, save_job, save_ticket
from app.services.assignments.start_work import expect_free
from app.services.change import Change
from app.services.comments.add_comment import write_comment
from app.services.organization import settings_of
from app.services.situations import require, standing_of

_S = TicketStatus
_J = AssignmentStatus
_TOLD_AS: Mapping[TicketStatus, EventType] = MappingProxyType(
    {
        _S.RESOLVED: EventType.TICKET_RESOLVED,
        _S.CLOSED: EventType.TICKET_CLOSED,
        _S.REOPENED: EventType.TICKET_REOPENED,
    }
)
_NEEDED: Mapping[TicketStatus, tuple[Action, str]] = MappingProxyType(
    {
        _S.RESOLVED: (Action.CLOSE_TICKET, "resolve this ticket"),
        _S.CLOSED: (Action.CLOSE_TICKET, "close this ticket"),
        _S.REOPENED: (Action.REOPEN_TICKET, "reopen this ticket"),
        _S.CANCELLED: (Action.UPDATE_TICKET, "cancel this ticket"),
    }
)


async def move_ticket(
    change: Change,
    before: Situation,
    to: TicketStatus,
    *,
    note: str | None = None,
    resolution_notes: str | None = None,
) -> Situation:
    """Move a locked ticket, its job with it, and tell of both; `note` is said on the ticket besides.

    To OPEN or CANCELLED calls the job off, to PENDING_* lets one in progress rest, to IN_PROGRESS begins
    or goes on with one that was taken on, to RESOLVED completes one that is worked on and calls off an
    earlier one.

    Raises:
        Forbidden, InvalidTransition, ReopenWindowClosed.
    """
    action, words = _NEEDED.get(to, (Action.MOVE_TICKET, "move this ticket"))
    require(change.actor, action, standing_of(before), words=words)
    moved = await _moved(change, before, to)
    if resolution_notes is not None:
        moved = replace(moved, resolution_notes=resolution_notes)
    job = None if before.job is None else await _follow(change, before, before.job, to, note)
    saved = await save_ticket(change, before.ticket, moved)
    after = Situation(
        ticket=saved, job=job, team_id=None if job is None else before.team_id, last=job or before.last
    )  # fmt: skip
    told_as = _TOLD_AS.get(to, EventType.TICKET_STATUS_CHANGED)
    change.tell(ticket_event(told_as, before, after, occurred_at=change.now))
    await write_comment(change, after, f"Status: {before.ticket.status} → {to}", internal=False, by_server=True)
    if note is not None:
        await write_comment(change, after, note, internal=is_staff(change.actor) and to is not _S.REOPENED)
    return after


async def _moved(change: Change, before: Situation, to: TicketStatus) -> Ticket:
    ticket = before.ticket
    if to in rules.REACHED_BY_ASSIGNING or to is ticket.status:
        allowed = [each for each in rules.allowed_after(ticket.status) if each not in rules.REACHED_BY_ASSIGNING]
        why = None if to is ticket.status else f"{to} is reached by assigning and escalating, not by moving the ticket."
        raise InvalidTransition(subject="ticket", current=ticket.status, to=to, allowed=allowed, why=why)
    if to is not _S.REOPENED:
        return rules.move(ticket, to, now=change.now)
    settings = await settings_of(change.connection, ticket.organization_id)
    return rules.reopen(ticket, now=change.now, window=timedelta(days=settings.reopen_window_days))


async def _follow(
    change: Change, before: Situation, job: Assignment, to: TicketStatus, note: str | None
) -> Assignment | None:
    """Let the job follow its ticket; return it if it still is active."""
    at = max(change.now, job_rules.latest_stamp(job))
    worked_on = job.status in {_J.IN_PROGRESS, _J.PAUSED}
    match to:
        case _S.PENDING_INFO | _S.PENDING_PARTS:
            if job.status is not _J.IN_PROGRESS:
                return job
            return await _kept(change, before, job, job_rules.pause(job, at=at), EventType.JOB_PAUSED)
        case _S.IN_PROGRESS:
            if job.status is _J.ASSIGNED:
                why = "The technician has not taken the job on yet: it must be accepted first."
                raise InvalidTransition(
                    subject="ticket",
                    current=before.ticket.status,
                    to=to,
                    allowed=rules.allowed_after(before.ticket.status),
                    current_assignment_id=job.id,
                    why=why,
                )
            await expect_free(change, job)
            told_as = EventType.JOB_RESUMED if job.status is _J.PAUSED else EventType.JOB_STARTED
            return await _kept(change, before, job, job_rules.start(job, at=at), told_as)
        case _S.RESOLVED if worked_on:
            done = job_rules.complete(job, Report(outcome=AssignmentOutcome.SUCCESS), at=at)
            await end_job(change, before, job, done, told_as=EventType.JOB_COMPLETED)
        case _:
            reason = note or f"The ticket became {to}"
            ended = job_rules.cancel(job, reason=reason, at=at)
            await end_job(change, before, job, ended, told_as=EventType.JOB_CANCELLED)
    return None


async def _kept(
    change: Change, before: Situation, job: Assignment, after: Assignment, told_as: EventType
) -> Assignment:  # fmt: skip
    saved = await save_job(change, job, after)
    told = job_event(
        told_as, job, saved, ticket=before.ticket, team_id=before.team_id, occurred_at=change.now
    )  # fmt: skip
    change.tell(told)
    return saved
