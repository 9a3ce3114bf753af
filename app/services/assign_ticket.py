"""Someone gives a ticket to a technician, or takes it."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from app.db import records
from app.db.locks import lock_technicians
from app.db.tables.assignments import assignments
from app.db.tables.people import technicians
from app.domain import tickets as rules
from app.domain import validation
from app.domain.assignments import Assignment, AssignmentReason, AssignmentStatus, AssignmentType
from app.domain.eligibility import TechnicianFacts, overridable, rejections
from app.domain.events import EventType
from app.domain.people import Actor
from app.domain.policy import Action, Standing, dispatches
from app.domain.refusals import AlreadyAssigned, Forbidden, Invalid, NotEligible, NotFound
from app.domain.situations import Situation, job_event, ticket_event
from app.domain.tickets import Ticket, TicketStatus
from app.services.change import Change, Writer, Written, perform
from app.services.job_step import save_ticket
from app.services.situations import (
    expect_version,
    last_turn,
    lock_ticket,
    require,
    requirements,
    technician_facts,
)
from app.services.tiers import first_tier, tier_levels

_GIVEN_BY_OTHERS = frozenset({AssignmentReason.ESCALATION, AssignmentReason.AUTO_DISPATCH, AssignmentReason.ALERT})


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignTicket:
    """Which ticket, to whom. Without a reason it is inferred from what came before."""

    ticket_id: UUID
    technician_id: UUID
    reason: AssignmentReason | None = None
    reason_note: str | None = None
    tier_level: int | None = None
    override_warnings: bool = False
    expected_version: int | None = None
    idempotency_key: str | None = None


async def assign_ticket(writer: Writer, actor: Actor, command: AssignTicket) -> Written:
    """Make a job of the ticket for the technician; the ticket becomes ASSIGNED. Ids: assignment, ticket.

    Guard: the ticket's row lock decides who is first, the technician's advisory lock holds their
    queue still; the unique index on active assignments would stop whoever forgot.
    """

    async def work(change: Change) -> dict[str, UUID]:
        note = validation.optional_text(command.reason_note, "reasonNote", longest=validation.LONGEST_REASON)
        situation = await lock_ticket(change, command.ticket_id)
        technician = await find_technician(change, situation.ticket, command.technician_id)
        require(
            change.actor,
            Action.ASSIGN_TICKET,
            Standing(target_technician_id=technician.id, target_team_id=technician.team_id),
            words="assign tickets to this technician",
        )
        expect_version(situation.ticket, command.expected_version)
        if situation.job is not None:
            raise AlreadyAssigned(field=("ticketId",), current_assignment_id=situation.job.id)
        moved = rules.move(situation.ticket, TicketStatus.ASSIGNED, now=change.now)
        level = await _tier(change, situation.ticket, command.tier_level)
        await _check(change, situation.ticket, technician, level, override=command.override_warnings)
        turn = await last_turn(change.connection, situation.ticket)
        job = new_job(
            change,
            situation.ticket,
            technician,
            sequence=1 if turn is None else turn.sequence + 1,
            tier_level=level,
            reason=_reason(command.reason, situation.ticket, turn),
            note=note,
            type_=AssignmentType.SELF if technician.id == change.actor.technician_id else AssignmentType.MANUAL,
        )
        await write_job(change, situation, moved, job, technician, told_as=EventType.TICKET_STATUS_CHANGED)
        return {"assignment": job.id, "ticket": situation.ticket.id}

    return await perform(writer, actor, "assignTicket", command, work)


async def find_technician(
    change: Change,
    ticket: Ticket,
    technician_id: UUID,
    *,
    field: str = "technicianId",
    along_with: Iterable[UUID] = (),
) -> TechnicianFacts:
    """Lock a technician, and the others involved, and read what eligibility asks of them. Raises NotFound."""
    await lock_technicians(change.connection, ticket.organization_id, [technician_id, *along_with])
    found = await technician_facts(change.connection, ticket, technicians.c.id == technician_id)
    if not found:
        raise NotFound(field=(field,), kind="technician")
    return found[0]


def new_job(
    change: Change,
    ticket: Ticket,
    technician: TechnicianFacts,
    *,
    sequence: int,
    tier_level: int,
    reason: AssignmentReason,
    note: str | None,
    type_: AssignmentType,
) -> Assignment:
    """Return the next turn at a ticket, offered to the technician now."""
    return Assignment(
        id=change.new_id(),
        organization_id=ticket.organization_id,
        ticket_id=ticket.id,
        technician_id=technician.id,
        sequence=sequence,
        tier_level=tier_level,
        reason=reason,
        reason_note=note,
        type=type_,
        status=AssignmentStatus.ASSIGNED,
        assigned_by=change.actor.user_id,
        assigned_at=change.now,
        created_at=change.now,
        updated_at=change.now,
    )


async def write_job(
    change: Change,
    before: Situation,
    ticket: Ticket,
    job: Assignment,
    technician: TechnicianFacts,
    *,
    told_as: EventType,
) -> None:
    """Insert the new job, write the ticket as it now stands, and tell both."""
    await records.insert(change.connection, assignments, job)
    saved = await save_ticket(change, before.ticket, ticket)
    after = Situation(ticket=saved, job=job, team_id=technician.team_id)
    change.tell(
        job_event(
            EventType.JOB_ASSIGNED,
            None,
            job,
            ticket=saved,
            team_id=technician.team_id,
            occurred_at=change.now,
        )
    )
    change.tell(ticket_event(told_as, before, after, occurred_at=change.now))


async def _tier(change: Change, ticket: Ticket, asked: int | None) -> int:
    levels = await tier_levels(change.connection, ticket.organization_id)
    if asked is not None and asked not in levels:
        known = ", ".join(map(str, levels))
        raise Invalid(field=("tierLevel",), problem=f"There is no tier {asked}; the tiers are {known}.")
    return asked or ticket.escalation_tier_level or first_tier(levels)


async def _check(change: Change, ticket: Ticket, technician: TechnicianFacts, level: int, *, override: bool) -> None:
    if override and not dispatches(change.actor):
        raise Forbidden(field=("overrideWarnings",), action="override warnings")
    needed = await requirements(change.connection, ticket, tier_level=level, exact_tier=False)
    reasons = rejections(technician, needed)
    if reasons and not (override and overridable(reasons)):
        raise NotEligible(field=("technicianId",), reasons=reasons, overridable=overridable(reasons))


def _reason(asked: AssignmentReason | None, ticket: Ticket, turn: Assignment | None) -> AssignmentReason:
    if asked in _GIVEN_BY_OTHERS:
        raise Invalid(field=("reason",), problem=f"{asked} is given by the server, not by hand.")
    if asked is not None:
        return asked
    if turn is None:
        return AssignmentReason.INITIAL
    if ticket.status is TicketStatus.REOPENED:
        return AssignmentReason.REOPEN
    if turn.status is AssignmentStatus.REJECTED:
        return AssignmentReason.REJECTION_FOLLOW_UP
    return AssignmentReason.REASSIGNMENT
