"""A resolved or closed ticket comes back."""

from app.domain.people import Actor
from app.domain.tickets import TicketStatus
from app.services.perform import Writer, Written
from app.services.tickets.ticket_action import TicketAction, act


async def reopen_ticket(writer: Writer, actor: Actor, command: TicketAction) -> Written:
    """Bring a ticket back; the notes are said to everybody. Ids: ticket.

    Guard: the ticket's row lock, then its job's.
    """
    return await act(writer, actor, "reopenTicket", command, TicketStatus.REOPENED)
