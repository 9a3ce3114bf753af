"""Someone gives a job to another technician."""

from dataclasses import dataclass
from uuid import UUID

from app.domain import assignments as job_rules
from app.domain import tickets as rules
from app.domain import validation
from app.domain.assignments import AssignmentReason, AssignmentType
from app.domain.events import EventType
from app.domain.people import Actor
from app.domain.policy import Action, Standing
from app.domain.refusals import Invalid
from app.domain.tickets import TicketStatus
from app.services.appointments.following import expect_job_goes_along
from app.services.assignments.candidates import requirements
from app.services.assignments.job_step import end_job, stepped
from app.services.assignments.offering import expect_eligible, find_technician, offer, tier_of
from app.services.change import Change
from app.services.organization import settings_of
from app.services.perform import Writer, Written, perform
from app.services.situations import expect_version, lock_job, require, team_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ReassignTicket:
    """Which job, to whom, and why; 1 to 2,000 characters."""

    assignment_id: UUID
    technician_id: UUID
    reason_note: str
    override_warnings: bool = False
    dry_run: bool = False
    expected_version: int | None = None
    idempotency_key: str | None = None


async def reassign_ticket(writer: Writer, actor: Actor, command: ReassignTicket) -> Written:
    """End the active job as REASSIGNED and offer the ticket to another technician, at the same tier.

    Whoever moves a job must be allowed to assign to both technicians. The job's appointment goes along: whoever has no
    time for it is refused. Ids: assignment (the new one),
    previous_assignment, ticket.

    Guard: the ticket's row lock, the job's, then the advisory locks of both technicians.
    """

    async def work(change: Change) -> dict[str, UUID]:
        note = validation.text(command.reason_note, "reasonNote", longest=validation.LONGEST_REASON)
        situation, job = await lock_job(change, command.assignment_id)
        ticket = situation.ticket
        technician = await find_technician(change, ticket, command.technician_id, along_with=[job.technician_id])
        holding = Standing(target_technician_id=job.technician_id, target_team_id=await team_of(change, situation, job))
        getting = Standing(target_technician_id=technician.id, target_team_id=technician.team_id)
        for standing in (holding, getting):
            require(change.actor, Action.ASSIGN_TICKET, standing, words="move jobs between these technicians")
        expect_version(job, command.expected_version)
        if technician.id == job.technician_id:
            raise Invalid(field=("technicianId",), problem="The job is this technician's already; name another.")
        at = max(change.now, job_rules.latest_stamp(job))
        ended = stepped(situation, job, lambda job: job_rules.hand_over(job, at=at))
        tier = await tier_of(change.connection, ticket, job.tier_level)
        settings = await settings_of(change.connection, ticket.organization_id)
        needed = await requirements(change.connection, ticket, settings, tier_level=tier.level, exact_tier=False)
        warnings = expect_eligible(change, technician, needed, override=command.override_warnings)
        await expect_job_goes_along(change, job.id, technician.id, writer.booking_rules)
        await end_job(change, situation, job, ended, told_as=EventType.JOB_REASSIGNED)
        successor = await offer(
            change,
            situation,
            rules.move(ticket, TicketStatus.ASSIGNED, now=change.now),
            technician,
            tier,
            settings,
            reason=AssignmentReason.REASSIGNMENT,
            note=note,
            type_=AssignmentType.MANUAL,
            told_as=EventType.TICKET_STATUS_CHANGED,
            warnings=warnings,
        )
        return {"assignment": successor.id, "previous_assignment": job.id, "ticket": ticket.id}

    return await perform(writer, actor, "reassignTicket", command, work, rehearsal=command.dry_run)
