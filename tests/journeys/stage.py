"""Where a story plays: a served organisation, its people with their clients, and its rows in SQL."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.transaction import transaction
from app.domain.people import Role
from schema.ids import global_id, split_id
from tests.journeys.people import Person
from tests.serving import Served, token
from tests.world import World

TITLE = "The pump leaks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A served organisation; people leave when the story is over."""

    served: Served
    engine: AsyncEngine
    world: World
    leaving: AsyncExitStack

    async def enter(self, name: str, *, roles: list[Role] | None = None, world: World | None = None) -> Person:
        """Return the client of the world's user of this name."""
        bearer = token(world or self.world, name, roles=roles, lifetime=timedelta(minutes=10))
        person = Person(self.served.http, self.served.websocket, bearer)
        await person.arrive(self.leaving)
        return person

    def technician(self, name: str) -> str:
        """Return the global id of the world's technician of this name."""
        return global_id("Technician", self.world.technicians[name])

    async def sql(self, statement: str, world: World | None = None, **values: Any) -> list[dict[str, Any]]:
        """Return the rows of a statement, as the organisation's tables hold them."""
        organization_id = (world or self.world).organization_id
        async with transaction(self.engine, organization_id) as connection:
            found = await connection.execute(sa.text(statement), {**values, "organization": organization_id})
            return [dict(row) for row in found.mappings()]


async def dispatcher_at(served: Served, engine: AsyncEngine, world: World, leaving: AsyncExitStack) -> Person:
    """Return the world's dispatcher as a client of one of several servers."""
    return await Stage(served=served, engine=engine, world=world, leaving=leaving).enter("dispatcher")


async def ticket_for(person: Person, **values: Any) -> str:
    """Return the id of a new ticket."""
    asked = {"title": TITLE, "description": "Since Monday.", "category": "INCIDENT", "priority": "P2", **values}
    created = await person.do("createTicket", **asked)
    ticket_id: str = created["ticket"]["id"]
    return ticket_id


async def job_for(dispatcher: Person, stage: Stage, name: str, ticket_id: str | None = None) -> str:
    """Return the id of a job for the technician of this name, at a new ticket unless one is named."""
    wanted = ticket_id or await ticket_for(dispatcher)
    payload = await dispatcher.do("assignTicket", ticketId=wanted, technicianId=stage.technician(name))
    job_id: str = payload["assignment"]["id"]
    return job_id


def key(id_: str) -> UUID:
    """Return the row's key in a global id."""
    parts = split_id(id_)
    assert parts is not None
    return parts[1]
