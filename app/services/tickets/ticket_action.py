"""The steps of a ticket's life that have a name of their own: what they have in common."""

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
class TicketAction:
    """Which ticket, and what there is to say."""

    ticket_id: UUID
    notes: str | None = None
    expected_version: int | None = None
    idempotency_key: str | None = None


async def act(writer: Writer, actor: Actor, mutation: str, command: TicketAction, to: TicketStatus) -> Written:
    """Move a ticket to where a mutation's name says. Guard: the ticket's row lock, then its job's."""

    async def work(change: Change) -> dict[str, UUID]:
        resolving = to is TicketStatus.RESOLVED
        longest = validation.LONGEST_TEXT if resolving else validation.LONGEST_REASON
        notes = validation.optional_text(command.notes, "notes", longest=longest)
        before = await lock_ticket(change, command.ticket_id, field="id")
        expect_version(before.ticket, command.expected_version)
        if resolving:
            await move_ticket(change, before, to, resolution_notes=notes)
        else:
            await move_ticket(change, before, to, note=notes)
        return {"ticket": before.ticket.id}

    return await perform(writer, actor, mutation, command, work)
