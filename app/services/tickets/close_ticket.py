"""A resolved ticket is closed."""

from app.domain.people import Actor
from app.domain.tickets import TicketStatus
from app.services.perform import Writer, Written
from app.services.tickets.ticket_action import TicketAction, act


async def close_ticket(writer: Writer, actor: Actor, command: TicketAction) -> Written:
    """Close a resolved ticket; the notes are said among colleagues. Ids: ticket.

    Guard: the ticket's row lock, then its job's.
    """
    return await act(writer, actor, "closeTicket", command, TicketStatus.CLOSED)
