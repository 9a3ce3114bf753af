"""A technician hands a job back before travelling."""

from dataclasses import dataclass
from uuid import UUID

from app.domain import assignments as rules
from app.domain import validation
from app.domain.events import EventType
from app.domain.people import Actor
from app.domain.tickets import TicketStatus
from app.services.assignments.job_step import StepCommand, take_step, write_step
from app.services.change import Change
from app.services.perform import Writer, Written, perform


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectAssignment(StepCommand):
    """Which job, and why; 1 to 2,000 characters."""

    rejection_reason: str


async def reject_assignment(writer: Writer, actor: Actor, command: RejectAssignment) -> Written:
    """Move the actor's job to REJECTED and its ticket back to OPEN. Ids: assignment, ticket.

    The ticket keeps its escalation tier, and no earlier turn becomes active again.

    Guard: the ticket's row lock, then the job's.
    """

    async def work(change: Change) -> dict[str, UUID]:
        reason = validation.text(command.rejection_reason, "rejectionReason", longest=validation.LONGEST_REASON)
        step = await take_step(change, command, lambda job, at: rules.reject(job, reason=reason, at=at))
        return await write_step(change, step, told_as=EventType.JOB_REJECTED, ticket_status=TicketStatus.OPEN)

    return await perform(writer, actor, "rejectAssignment", command, work)
