"""Someone gives a ticket to a technician, or takes it."""

from dataclasses import dataclass
from uuid import UUID

from app.domain import tickets as rules
from app.domain import validation
from app.domain.assignments import Assignment, AssignmentReason, AssignmentType
from app.domain.events import EventType
from app.domain.people import Actor
from app.domain.policy import Action, Standing
from app.domain.refusals import AlreadyAssigned, Invalid
from app.domain.situations import Situation
from app.domain.tickets import Ticket, TicketStatus
from app.services.assignments.candidates import requirements
from app.services.assignments.offering import expect_eligible, find_technician, inferred_reason, offer, tier_of
from app.services.change import Change
from app.services.organization import settings_of
from app.services.perform import Writer, Written, perform
from app.services.situations import expect_version, lock_ticket, require

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
    dry_run: bool = False
    expected_version: int | None = None
    idempotency_key: str | None = None


async def assign_ticket(writer: Writer, actor: Actor, command: AssignTicket) -> Written:
    """Make a job of the ticket for the technician; the ticket becomes ASSIGNED. Ids: assignment, ticket.

    Guard: the ticket's row lock decides who is first, the technician's advisory lock holds their
    queue still; the unique index on active assignments would stop whoever forgot.
    """

    async def work(change: Change) -> dict[str, UUID]:
        situation = await lock_ticket(change, command.ticket_id)
        job = await give(change, situation, command)
        return {"assignment": job.id, "ticket": situation.ticket.id}

    return await perform(writer, actor, "assignTicket", command, work, rehearsal=command.dry_run)


async def give(
    change: Change, situation: Situation, command: AssignTicket, *, field: str = "technicianId"
) -> Assignment:  # fmt: skip
    """Give a locked ticket to the technician; `field` is where the input names them."""
    note = validation.optional_text(command.reason_note, "reasonNote", longest=validation.LONGEST_REASON)
    ticket = situation.ticket
    technician = await find_technician(change, ticket, command.technician_id, field=field)
    require(
        change.actor,
        Action.ASSIGN_TICKET,
        Standing(target_technician_id=technician.id, target_team_id=technician.team_id),
        words="assign tickets to this technician",
    )
    expect_version(ticket, command.expected_version)
    if situation.job is not None:
        raise AlreadyAssigned(field=("ticketId",), current_assignment_id=situation.job.id)
    moved = rules.move(ticket, TicketStatus.ASSIGNED, now=change.now)
    tier = await tier_of(change.connection, ticket, command.tier_level)
    settings = await settings_of(change.connection, ticket.organization_id)
    needed = await requirements(change.connection, ticket, settings, tier_level=tier.level, exact_tier=False)
    warnings = expect_eligible(change, technician, needed, override=command.override_warnings, field=field)
    return await offer(
        change,
        situation,
        moved,
        technician,
        tier,
        settings,
        reason=_reason(command.reason, ticket, situation.last),
        note=note,
        type_=AssignmentType.SELF if technician.id == change.actor.technician_id else AssignmentType.MANUAL,
        told_as=EventType.TICKET_STATUS_CHANGED,
        warnings=warnings,
    )


def _reason(asked: AssignmentReason | None, ticket: Ticket, turn: Assignment | None) -> AssignmentReason:
    if asked in _GIVEN_BY_OTHERS:
        raise Invalid(field=("reason",), problem=f"{asked} is given by the server, not by hand.")
    if asked is not None:
        return asked
    return inferred_reason(ticket, turn)
