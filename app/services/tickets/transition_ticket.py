"""Somebody moves a ticket in its life cycle, to wherever it may go."""

from dataclasses import dataclass
from uuid import UUID

from app.domain import validation
from app.domain.people import Actor
from app.domain.tickets import TicketStatus
from app.services.change import Change
from app.services.perform import Writer, Written, perform
from app.services.situations import expect_version, lock_ticket
from app.services.tickets.move_ticket import move_ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionTicket:
    """Which ticket, to which status; `note` is said on the ticket, among colleagues if staff says it."""

    ticket_id: UUID
    to: TicketStatus
    note: str | None = None
    expected_version: int | None = None
    idempotency_key: str | None = None


async def transition_ticket(writer: Writer, actor: Actor, command: TransitionTicket) -> Written:
    """Move a ticket; its active job follows as `move_ticket` says. Ids: ticket.

    Guard: the ticket's row lock, then its job's, then the technician's advisory lock where work begins.
    """

    async def work(change: Change) -> dict[str, UUID]:
        note = validation.optional_text(command.note, "note", longest=validation.LONGEST_REASON)
        before = await lock_ticket(change, command.ticket_id, field="id")
        expect_version(before.ticket, command.expected_version)
        await move_ticket(change, before, command.to, note=note)
        return {"ticket": before.ticket.id}

    return await perform(writer, actor, "transitionTicket", command, work)
