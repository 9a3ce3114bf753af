"""What `viewerCan` tells people they may do with a ticket that nobody has."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.tickets import TicketCategory, TicketPriority
from app.services.tickets.create_ticket import CreateTicket, create_ticket
from tests.serving import serving, token
from tests.world import World, writer_for

QUERY = "{ tickets { nodes { viewerCan { assign assignSelf } } } }"


@pytest.mark.parametrize(
    ("name", "assign", "assign_self"),
    [("dispatcher", True, False), ("cleo", True, True), ("ann", False, True), ("customer", False, False)],
)
async def test_whoever_may_only_take_a_ticket_is_not_told_to_give_it(
    database_url: str, engine: AsyncEngine, world: World, name: str, assign: bool, assign_self: bool
) -> None:
    command = CreateTicket(
        title="Pump",
        description="Leaks.",
        category=TicketCategory.INCIDENT,
        priority=TicketPriority.P2,
        customer_id=world.customer_id,
    )
    await create_ticket(writer_for(engine), world.actor("customer"), command)

    async with serving(database_url) as served:
        answer = await served.ask(token(world, name), QUERY)

    (ticket,) = answer["data"]["tickets"]["nodes"]
    assert ticket == {"viewerCan": {"assign": assign, "assignSelf": assign_self}}
