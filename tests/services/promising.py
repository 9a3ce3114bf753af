"""What tests of promises ask: the clocks of a ticket, what the log tells of them, and short ways to move them."""

from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa

from app.db import sla
from app.db.tables.sla import sla_policies
from app.db.tables.tickets import tickets
from app.db.transaction import transaction
from app.domain.events import CLOCK, Event, EventType
from app.domain.people import Actor, EventSource, Role
from app.domain.sla import SlaClock, SlaMetric
from app.domain.tickets import TicketStatus
from app.services.service_levels.settle_sla import SettleSla, settle_sla
from app.services.tickets.transition_ticket import TransitionTicket, transition_ticket
from tests.services.scene import Scene, a_policy

RESPONSE, RESOLUTION = SlaMetric.FIRST_RESPONSE, SlaMetric.RESOLUTION


async def clocks(scene: Scene, ticket_id: UUID) -> dict[SlaMetric, SlaClock]:
    async with transaction(scene.engine, scene.world.organization_id) as connection:
        found = await sla.promised(connection, scene.world.organization_id, [ticket_id])
    return {clock.metric: clock for clock in found[ticket_id].clocks} if ticket_id in found else {}


async def shown(scene: Scene, ticket_id: UUID) -> tuple[Any, Any]:
    async with transaction(scene.engine, scene.world.organization_id) as connection:
        of = tickets.c
        row = (await connection.execute(sa.select(of.sla_state, of.sla_due_at).where(of.id == ticket_id))).one()
    return row.sla_state, row.sla_due_at


async def told(scene: Scene, *types: EventType) -> list[Event]:
    return [event for event in await scene.events() if event.kind == CLOCK and (not types or event.type in types)]


async def move(scene: Scene, ticket_id: UUID, status: TicketStatus) -> None:
    await transition_ticket(scene.writer, scene.actor("dispatcher"), TransitionTicket(ticket_id=ticket_id, to=status))


async def settle(scene: Scene, ticket_id: UUID) -> object:
    return await settle_sla(scene.writer, server(scene), SettleSla(ticket_id=ticket_id))


def server(scene: Scene) -> Actor:
    return Actor(
        organization_id=scene.world.organization_id,
        user_id=None,
        roles=frozenset({Role.DISPATCHER}),
        source=EventSource.SYSTEM,
    )


async def promise(scene: Scene, **values: Any) -> UUID:
    """Add a policy of the organisation's own; return its id."""
    row = a_policy(**values)
    async with transaction(scene.engine, scene.world.organization_id) as connection:
        await connection.execute(sa.insert(sla_policies).values(organization_id=scene.world.organization_id, **row))
    return cast("UUID", row["id"])


def metric_of(event: Event) -> Any:
    return next(change.new for change in event.changes if change.field == "metric")
