"""Tickets, one or many."""

from dataclasses import dataclass
from uuid import UUID

from app.domain.refusals import Invalid
from app.reads import entities, filters, relations
from app.reads.bounds import bounded
from app.reads.filters import TicketFilter
from app.reads.lists import load_list
from app.reads.orders import Order
from app.reads.pages import Page, Window
from app.reads.record import Record
from resolvers.context import Operation


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody's words for a ticket."""

    ticket_number: str | None


async def one(operation: Operation, key: UUID | None, number: str | None) -> Record | None:
    """Return a ticket by its key or its number. Raises Invalid unless exactly one is given."""
    if (key is None) == (number is None):
        raise Invalid(field=("id",), problem="Give either id or ticketNumber.")
    if key is not None:
        return await operation.loaders.row(entities.TICKET, key)
    if number is not None and "\x00" in number:
        # The database has no such text, and an error there would end the whole look.
        return None
    found: Record | None = await operation.loaders.one(relations.TICKET_BY_NUMBER, Named(number))
    return found


async def listed(operation: Operation, wanted: TicketFilter | None, order: Order, asked: Window) -> Page:
    """Return a page of tickets. Raises Invalid for filters and cursors that make no sense."""
    conditions = () if wanted is None else tuple(filters.of_tickets(bounded(wanted)))
    return await load_list(operation.reader, entities.TICKET, order, asked, *conditions)
