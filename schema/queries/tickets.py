"""Tickets."""

from typing import Annotated, Any

import strawberry

from app.reads.pages import window
from app.reads.searching import searched
from resolvers import tickets
from schema.fields import After, Before, First, Last, asked
from schema.ids import optional_key
from schema.inputs.filters import TicketFilter, TicketOrder, ticket_order
from schema.types.tickets import Ticket, TicketConnection


@strawberry.type
class TicketQueries:
    """Tickets."""

    @asked("One ticket by its id or number; null: there is none that the viewer may see.")
    def ticket(
        self,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="The ticket's id.")] = None,  # noqa: A002  # the argument's name in the schema
        ticket_number: Annotated[
            str | None, strawberry.argument(description="The ticket's number, instead of its id.")
        ] = None,
    ) -> Ticket | None:
        """Ask for the ticket. Raises Invalid."""
        question: Any = tickets.one(optional_key("Ticket", id, "id"), ticket_number)
        return question

    @asked("Tickets, newest first, or what fits a search best, unless ordered otherwise.")
    def tickets(
        self,
        filter: Annotated[TicketFilter | None, strawberry.argument(description="Which.")] = None,  # noqa: A002  # the argument's name in the schema
        search: Annotated[
            str | None,
            strawberry.argument(
                description="Words that must be in the title, the description or what the viewer may read of the"
                " comments; the last one may be the beginning of a word. At most 200 characters."
            ),
        ] = None,
        order_by: Annotated[
            list[TicketOrder] | None, strawberry.argument(description="In which order; the id decides ties.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> TicketConnection:
        """Ask for a page of tickets. Raises Invalid."""
        words = searched(search)
        question: Any = tickets.listed(
            None if filter is None else filter.wanted(),
            ticket_order(order_by, search=words),
            window(first, after, last, before),
            words,
        )
        return question
