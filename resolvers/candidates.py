"""The technicians beside a ticket, for whoever may give it to somebody."""

from uuid import UUID

from app.db import records
from app.db.tables.tickets import tickets
from app.domain.eligibility import Candidate
from app.domain.policy import Action, may
from app.domain.refusals import Forbidden, Invalid, NotFound
from app.domain.tickets import Ticket
from app.reads import entities
from app.services.assignments.candidates import candidates_for
from resolvers.context import Operation

MOST = 100


async def beside(operation: Operation, ticket_id: UUID, limit: int) -> list[Candidate]:
    """Return the first technicians beside a ticket, the eligible before the others, best first.

    Raises:
        NotFound: there is no such ticket, or the viewer may not see it.
        Forbidden: the viewer may give tickets to nobody.
        Invalid: `limit` is not within 1 to 100.
    """
    if not 1 <= limit <= MOST:
        raise Invalid(field=("limit",), problem=f"limit must lie between 1 and {MOST}.")
    if await operation.loaders.row(entities.TICKET, ticket_id) is None:
        raise NotFound(field=("ticketId",), kind="ticket")
    if not may(operation.actor, Action.ASSIGN_TICKET):
        raise Forbidden(action="assign tickets")
    actor, run = operation.actor, operation.reader.run
    ticket = await run(records.fetch_one, tickets, Ticket, actor.organization_id, ticket_id)
    found: list[Candidate] = await run(candidates_for, ticket, now=operation.process.clock())
    return found[:limit]
