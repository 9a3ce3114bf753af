"""Someone calls a job off."""

from dataclasses import dataclass
from uuid import UUID

from app.domain import assignments as job_rules
from app.domain import tickets as rules
from app.domain import validation
from app.domain.events import EventType
from app.domain.people import Actor
from app.domain.policy import Action, Standing
from app.domain.situations import Situation, ticket_event
from app.domain.tickets import TicketStatus
from app.services.assignments.job_step import end_job, save_ticket, stepped
from app.services.change import Change
from app.services.perform import Writer, Written, perform
from app.services.situations import expect_version, lock_job, require, team_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAssignment:
    """Which job, and why; 1 to 2,000 characters."""

    assignment_id: UUID
    reason: str
    expected_version: int | None = None
    idempotency_key: str | None = None


async def cancel_assignment(writer: Writer, actor: Actor, command: CancelAssignment) -> Written:
    """End an active job as CANCELLED; its ticket is OPEN again. For whoever may assign to its technician.

    Ids: assignment, ticket.

    Guard: the ticket's row lock, then the job's.
    """

    async def work(change: Change) -> dict[str, UUID]:
        reason = validation.text(command.reason, "reason", longest=validation.LONGEST_REASON)
        situation, job = await lock_job(change, command.assignment_id)
        holder = Standing(target_technician_id=job.technician_id, target_team_id=await team_of(change, situation, job))
        require(change.actor, Action.ASSIGN_TICKET, holder, words="cancel this technician's jobs")
        expect_version(job, command.expected_version)
        at = max(change.now, job_rules.latest_stamp(job))
        ended = stepped(situation, job, lambda job: job_rules.cancel(job, reason=reason, at=at))
        await end_job(change, situation, job, ended, told_as=EventType.JOB_CANCELLED)
        opened = rules.move(situation.ticket, TicketStatus.OPEN, now=change.now)
        after = Situation(ticket=await save_ticket(change, situation.ticket, opened))
        change.tell(ticket_event(EventType.TICKET_STATUS_CHANGED, situation, after, occurred_at=change.now))
        return {"assignment": job.id, "ticket": situation.ticket.id}

    return await perform(writer, actor, "cancelAssignment", command, work)
