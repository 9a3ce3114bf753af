"""Tickets."""

from typing import Annotated, Any

import strawberry

from app.reads.pages import window
from resolvers import tickets
from schema.fields import After, Before, First, Info, Last
from schema.ids import optional_key
from schema.inputs.filters import TicketFilter, TicketOrder, ticket_order
from schema.types.tickets import Ticket, TicketConnection


@strawberry.type
class TicketQueries:
    """Tickets."""

    @strawberry.field(description="One ticket by its id or number; null: there is none that the viewer may see.")
    async def ticket(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="The ticket's id.")] = None,  # noqa: A002  # the argument's name in the schema
        ticket_number: Annotated[
            str | None, strawberry.argument(description="The ticket's number, instead of its id.")
        ] = None,
    ) -> Ticket | None:
        """Return the ticket."""
        found: Any = await tickets.one(info.context, optional_key("Ticket", id, "id"), ticket_number)
        return found

    @strawberry.field(description="Tickets, newest first unless ordered otherwise.")
    async def tickets(
        self,
        info: Info,
        filter: Annotated[TicketFilter | None, strawberry.argument(description="Which.")] = None,  # noqa: A002  # the argument's name in the schema
        order_by: Annotated[
            list[TicketOrder] | None, strawberry.argument(description="In which order; the id decides ties.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> TicketConnection:
        """Return a page of tickets."""
        page: Any = await tickets.listed(
            info.context,
            None if filter is None else filter.wanted(),
            ticket_order(order_by),
            window(first, after, last, before),
        )
        return page
