"""An offer that nobody has taken on in time goes to somebody else."""

from dataclasses import dataclass, replace
from uuid import UUID

from app.domain import assignments as job_rules
from app.domain import tickets as rules
from app.domain.assignments import Assignment, AssignmentReason, AssignmentStatus, AssignmentType
from app.domain.eligibility import counted, ranked
from app.domain.events import EventType
from app.domain.people import Actor
from app.domain.situations import Situation, ticket_event
from app.domain.tickets import TicketStatus
from app.domain.timers import TooEarly
from app.services.assignments.candidates import requirements, technician_facts
from app.services.assignments.dispatch import dispatch_failed
from app.services.assignments.job_step import end_job, save_ticket
from app.services.assignments.offering import choose, offer, tier_of
from app.services.change import Change
from app.services.organization import settings_of
from app.services.perform import Writer, Written, perform
from app.services.situations import find_job

NOTE = "The offer before was not taken on in time"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireOffer:
    """Which job."""

    assignment_id: UUID
    idempotency_key: str | None = None


async def expire_offer(writer: Writer, actor: Actor, command: ExpireOffer) -> Written | None:
    """Pass an offer on whose time is over: to the best candidate on shift, or back to the open tickets.

    With somebody left the row ends as REASSIGNED, with nobody as CANCELLED, and DISPATCH_FAILED tells what
    stood against each. Whoever lets an offer expire is not offered the ticket again. None: there is nothing
    to do, as it was answered, has no end, or is not there any more. Ids: ticket, assignment (the new one,
    if any), previous_assignment.

    Raises:
        TooEarly: the offer still stands.

    Guard: the ticket's row lock, the job's, then the advisory locks of both technicians. Whoever answers
    first under the ticket's lock wins, also after the time.
    """

    async def work(change: Change) -> dict[str, UUID]:
        found = await find_job(change, command.assignment_id)
        if found is None:
            raise _NothingToDo
        situation, job = found
        if job.status is not AssignmentStatus.ASSIGNED or job.accept_by is None:
            raise _NothingToDo
        if job.accept_by > change.now:
            raise TooEarly(job.accept_by - change.now)
        return await _pass_on(change, situation, job)

    try:
        return await perform(writer, actor, "expireOffer", command, work)
    except _NothingToDo:
        return None


class _NothingToDo(Exception):
    """The offer is not open any more."""


async def _pass_on(change: Change, situation: Situation, job: Assignment) -> dict[str, UUID]:
    ticket, connection = situation.ticket, change.connection
    tier = await tier_of(connection, ticket, job.tier_level)
    # On a higher tier only its own people stand in for each other.
    settings = await settings_of(connection, ticket.organization_id)
    needed = await requirements(
        connection, ticket, settings, tier_level=tier.level, exact_tier=ticket.escalation_tier_level is not None
    )
    successor = await choose(change, ticket, needed, holders=[job.technician_id])
    ids = {"ticket": ticket.id, "previous_assignment": job.id}
    if successor is None:
        ended = replace(job_rules.cancel(job, reason=NOTE, at=change.now), offer_expired_at=change.now)
        await end_job(change, situation, job, ended, told_as=EventType.JOB_OFFER_EXPIRED)
        opened = await save_ticket(change, ticket, rules.move(ticket, TicketStatus.OPEN, now=change.now))
        after = Situation(ticket=opened)
        change.tell(ticket_event(EventType.TICKET_STATUS_CHANGED, situation, after, occurred_at=change.now))
        facts = await technician_facts(connection, ticket, now=change.now)
        change.tell(dispatch_failed(change, after, counted(ranked(facts, needed))))
        return ids
    ended = replace(job_rules.hand_over(job, at=change.now), offer_expired_at=change.now)
    await end_job(change, situation, job, ended, told_as=EventType.JOB_OFFER_EXPIRED)
    successor_job = await offer(
        change,
        situation,
        ticket,
        successor,
        tier,
        settings,
        reason=AssignmentReason.REASSIGNMENT,
        note=NOTE,
        type_=AssignmentType.AUTO,
        told_as=EventType.TICKET_STATUS_CHANGED,
    )
    return {**ids, "assignment": successor_job.id}
