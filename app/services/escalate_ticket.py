"""A ticket climbs to the next tier, with a named technician, the best candidate, or into the queue."""

from dataclasses import dataclass, replace
from uuid import UUID

from app.db.locks import lock_technicians
from app.db.tables.people import technicians
from app.domain import assignments as job_rules
from app.domain import tickets as rules
from app.domain import validation
from app.domain.assignments import AssignmentReason, AssignmentType
from app.domain.eligibility import Requirements, TechnicianFacts, best, rejections
from app.domain.events import EventType
from app.domain.people import Actor
from app.domain.policy import Action, Standing
from app.domain.refusals import Invalid, NoActiveAssignment, NotEligible
from app.domain.situations import Situation, job_event, ticket_event
from app.domain.tickets import TicketStatus
from app.services.assign_ticket import find_technician, new_job, write_job
from app.services.change import Change, Writer, Written, perform
from app.services.job_step import save_job, save_ticket
from app.services.situations import (
    expect_version,
    last_turn,
    lock_ticket,
    require,
    requirements,
    technician_facts,
)
from app.services.tiers import first_tier, tier_above, tier_levels

NOTE = "Escalation from previous tier"


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalateTicket:
    """Which ticket and why, 1 to 2,000 characters; whom or which tier to, if it is not to be chosen."""

    ticket_id: UUID
    reason: str
    next_technician_id: UUID | None = None
    next_tier_level: int | None = None
    expected_version: int | None = None
    idempotency_key: str | None = None


async def escalate_ticket(writer: Writer, actor: Actor, command: EscalateTicket) -> Written:
    """End the present turn as ESCALATED and offer the next one at a higher tier.

    Nobody eligible there: the ticket waits, ESCALATED and unassigned, in that tier's queue. A ticket
    that waits so may be escalated once more. Ids: ticket, assignment (the new one, if any),
    previous_assignment.

    Guard: the ticket's row lock, the active job's, then the advisory locks of both technicians.
    """

    async def work(change: Change) -> dict[str, UUID]:
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
        needed = await requirements(change.connection, before.ticket, tier_level=level, exact_tier=True)
        successor = await _successor(change, before, needed, command.next_technician_id)
        return await _write(change, before, reason, level, successor)

    return await perform(writer, actor, "escalateTicket", command, work)


async def _next_level(change: Change, before: Situation, asked: int | None) -> int:
    levels = await tier_levels(change.connection, before.ticket.organization_id)
    level = before.ticket.escalation_tier_level or first_tier(levels)
    if before.job is not None:
        level = before.job.tier_level
    following = tier_above(levels, level)
    if asked is None:
        return following
    if asked not in levels or asked <= level:
        above = ", ".join(str(each) for each in levels if each > level)
        raise Invalid(field=("nextTierLevel",), problem=f"nextTierLevel must be one of {above}.")
    return asked


async def _successor(
    change: Change, before: Situation, needed: Requirements, named: UUID | None
) -> TechnicianFacts | None:
    connection, ticket = change.connection, before.ticket
    holders = [] if before.job is None else [before.job.technician_id]
    if named is not None:
        technician = await find_technician(change, ticket, named, field="nextTechnicianId", along_with=holders)
        reasons = rejections(technician, needed)
        if reasons:
            raise NotEligible(field=("nextTechnicianId",), reasons=reasons, overridable=False)
        return technician
    of_tier = technicians.c.tier_level == needed.tier_level
    # Whoever passes the ticket on does not get it back.
    candidates = await technician_facts(connection, ticket, of_tier, technicians.c.id.not_in(holders))
    while (choice := best(candidates, needed)) is not None:
        # The choice was made without locks and must still hold under them. If it does not, they are
        # given back: the next choice's would come after them out of order.
        attempt = await connection.begin_nested()
        await lock_technicians(connection, ticket.organization_id, [choice.id, *holders])
        again = await technician_facts(connection, ticket, technicians.c.id == choice.id)
        if again and not rejections(again[0], needed):
            await attempt.commit()
            return again[0]
        await attempt.rollback()
        candidates = [each for each in candidates if each.id != choice.id]
    await lock_technicians(connection, ticket.organization_id, holders)
    return None


async def _write(
    change: Change, before: Situation, reason: str, level: int, successor: TechnicianFacts | None
) -> dict[str, UUID]:
    ids = {"ticket": before.ticket.id}
    if before.job is not None:
        # A phone's clock may run ahead: its last step must not come after the end.
        at = max(change.now, job_rules.latest_stamp(before.job))
        ended = job_rules.escalate(before.job, reason=reason, at=at)
        saved = await save_job(change, before.job, ended)
        ids["previous_assignment"] = saved.id
        change.tell(
            job_event(
                EventType.JOB_ESCALATED,
                before.job,
                saved,
                ticket=before.ticket,
                team_id=before.team_id,
                occurred_at=at,
            )
        )
    status = TicketStatus.ESCALATED if successor is None else TicketStatus.ASSIGNED
    ticket = replace(
        rules.move(before.ticket, status, now=change.now),
        escalation_count=before.ticket.escalation_count + 1,
        escalation_tier_level=level,
    )
    if successor is None:
        waiting = Situation(ticket=await save_ticket(change, before.ticket, ticket))
        change.tell(ticket_event(EventType.TICKET_ESCALATED, before, waiting, occurred_at=change.now))
        return ids
    turn = await last_turn(change.connection, before.ticket)
    job = new_job(
        change,
        before.ticket,
        successor,
        sequence=1 if turn is None else turn.sequence + 1,
        tier_level=level,
        reason=AssignmentReason.ESCALATION,
        note=NOTE,
        type_=AssignmentType.AUTO,
    )
    await write_job(change, before, ticket, job, successor, told_as=EventType.TICKET_ESCALATED)
    return {**ids, "assignment": job.id}
