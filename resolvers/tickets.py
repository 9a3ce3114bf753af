"""Which tickets are asked for."""

from functools import partial
from uuid import UUID

from app.domain.refusals import Invalid
from app.reads import entities, relations
from app.reads.bounds import bounded
from app.reads.filters import TicketFilter
from app.reads.orders import Order
from app.reads.pages import Window, placed
from app.reads.questions import ByKey, ByValue, Listing
from app.reads.searching import load_snippets
from resolvers.context import Operation


def one(key: UUID | None, number: str | None) -> ByKey | ByValue:
    """Ask for a ticket by its key or its number. Raises Invalid unless exactly one is given."""
    if key is not None and number is None:
        return ByKey(entities.TICKET, key)
    if key is None and number is not None:
        # The database has no text with NUL, and an error there would end the whole look.
        return ByValue(relations.TICKET_BY_NUMBER, number.replace("\x00", "\ufffd"))
    raise Invalid(field=("id",), problem="Give either id or ticketNumber.")


def listed(wanted: TicketFilter | None, order: Order, asked: Window, search: str | None = None) -> Listing:
    """Ask for a page of tickets. Raises Invalid for filters and cursors that make no sense."""
    return Listing(entities.TICKET, order, placed(order, asked), bounded(wanted), search=search)


async def snippet_of(operation: Operation, search: str, key: UUID) -> str | None:
    """Return what to show of a ticket that was found."""
    found: str | None = await operation.loaders.by(
        ("snippet", search), partial(load_snippets, operation.reader, search), key
    )
    return found
