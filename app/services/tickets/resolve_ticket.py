"""A ticket's work is done."""

from app.domain.people import Actor
from app.domain.tickets import TicketStatus
from app.services.perform import Writer, Written
from app.services.tickets.ticket_action import TicketAction, act


async def resolve_ticket(writer: Writer, actor: Actor, command: TicketAction) -> Written:
    """Say that the work is done; the notes are the ticket's resolution notes. Ids: ticket.

    Guard: the ticket's row lock, then its job's.
    """
    return await act(writer, actor, "resolveTicket", command, TicketStatus.RESOLVED)
