"""A ticket climbs to the next tier, with a named technician, the best candidate, or into the queue."""

from dataclasses import dataclass, replace
from uuid import UUID

from app.domain import assignments as job_rules
from app.domain import tickets as rules
from app.domain import validation
from app.domain.assignments import AssignmentReason, AssignmentType
from app.domain.eligibility import Requirements, TechnicianFacts
from app.domain.events import EventType
from app.domain.impact import Impact
from app.domain.organizations import OrganizationSettings, first_tier, tier_above
from app.domain.people import Actor
from app.domain.policy import Action, Standing
from app.domain.refusals import Invalid, NoActiveAssignment
from app.domain.situations import Situation, ticket_event
from app.domain.tickets import TicketStatus
from app.services.assignments.candidates import requirements
from app.services.assignments.job_step import end_job, save_ticket
from app.services.assignments.offering import choose, expect_eligible, find_technician, offer, tier_of
from app.services.change import Change
from app.services.organization import settings_of, tiers_of
from app.services.perform import Writer, Written, perform
from app.services.situations import expect_version, lock_ticket, require

NOTE = "Escalation from previous tier"


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalateTicket:
    """Which ticket and why, 1 to 2,000 characters; whom or which tier to, if it is not to be chosen."""

    ticket_id: UUID
    reason: str
    next_technician_id: UUID | None = None
    next_tier_level: int | None = None
    override_warnings: bool = False
    dry_run: bool = False
    expected_version: int | None = None
    idempotency_key: str | None = None


async def escalate_ticket(writer: Writer, actor: Actor, command: EscalateTicket) -> Written:
    """End the present turn as ESCALATED and offer the next one at a higher tier.

    Nobody eligible there: the ticket waits, ESCALATED and unassigned, in that tier's queue. A ticket
    that waits so may be escalated once more. Ids: ticket, assignment (the new one, if any),
    previous_assignment.

    Guard: the ticket's row lock, the active job's, then the advisory locks of both technicians.
    """
    return await perform(
        writer,
        actor,
        "escalateTicket",
        command,
        lambda change: escalate(change, command),
        rehearsal=command.dry_run,
    )


async def escalate(change: Change, command: EscalateTicket) -> dict[str, UUID]:
    """Escalate a ticket as part of a change; see `escalate_ticket`."""
    reason = validation.text(command.reason, "reason", longest=validation.LONGEST_REASON)
    before = await lock_ticket(change, command.ticket_id)
    holder = None if before.job is None else before.job.technician_id
    require(
        change.actor,
        Action.ESCALATE_TICKET,
        Standing(technician_id=holder),
        words="escalate this ticket",
    )
    expect_version(before.ticket, command.expected_version)
    if before.job is None and before.ticket.status is not TicketStatus.ESCALATED:
        raise NoActiveAssignment(field=("ticketId",))
    level = await _next_level(change, before, command.next_tier_level)
    settings = await settings_of(change.connection, before.ticket.organization_id)
    needed = await requirements(change.connection, before.ticket, settings, tier_level=level, exact_tier=True)
    successor, warnings = await _successor(change, before, needed, command)
    return await _write(change, before, settings, reason, level, successor, warnings)


async def _next_level(change: Change, before: Situation, asked: int | None) -> int:
    tiers = await tiers_of(change.connection, before.ticket.organization_id)
    level = before.ticket.escalation_tier_level or first_tier(tiers)
    if before.job is not None:
        level = before.job.tier_level
    following = tier_above(tiers, level)
    if asked is None:
        return following
    above = [each.level for each in tiers if each.level > level]
    if asked not in above:
        problem = f"nextTierLevel must be one of {', '.join(map(str, above))}."
        raise Invalid(field=("nextTierLevel",), problem=problem)
    return asked


async def _successor(
    change: Change, before: Situation, needed: Requirements, command: EscalateTicket
) -> tuple[TechnicianFacts | None, tuple[str, ...]]:
    holders = [] if before.job is None else [before.job.technician_id]
    named = command.next_technician_id
    if named is None:
        return await choose(change, before.ticket, needed, holders=holders), ()
    field = "nextTechnicianId"
    technician = await find_technician(change, before.ticket, named, field=field, along_with=holders)
    override = command.override_warnings
    return technician, expect_eligible(change, technician, needed, override=override, field=field)


async def _write(
    change: Change,
    before: Situation,
    settings: OrganizationSettings,
    reason: str,
    level: int,
    successor: TechnicianFacts | None,
    warnings: tuple[str, ...],
) -> dict[str, UUID]:
    ids = {"ticket": before.ticket.id}
    if before.job is not None:
        # A phone's clock may run ahead: its last step must not come after the end.
        at = max(change.now, job_rules.latest_stamp(before.job))
        ended = job_rules.escalate(before.job, reason=reason, at=at)
        await end_job(change, before, before.job, ended, told_as=EventType.JOB_ESCALATED)
        ids["previous_assignment"] = before.job.id
    status = TicketStatus.ESCALATED if successor is None else TicketStatus.ASSIGNED
    ticket = replace(
        rules.move(before.ticket, status, now=change.now),
        escalation_count=before.ticket.escalation_count + 1,
        escalation_tier_level=level,
    )
    if successor is None:
        waiting = Situation(ticket=await save_ticket(change, before.ticket, ticket))
        change.tell(ticket_event(EventType.TICKET_ESCALATED, before, waiting, occurred_at=change.now))
        nobody = f"Nobody is eligible at tier {level}: the ticket waits in its queue."
        change.impact = Impact(tier_level=level, warnings=(nobody,))
        return ids
    job = await offer(
        change,
        before,
        ticket,
        successor,
        await tier_of(change.connection, ticket),
        settings,
        reason=AssignmentReason.ESCALATION,
        note=NOTE,
        type_=AssignmentType.AUTO,
        told_as=EventType.TICKET_ESCALATED,
        warnings=warnings,
    )
    return {**ids, "assignment": job.id}
