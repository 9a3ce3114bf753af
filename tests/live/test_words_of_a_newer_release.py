"""A log that a newer release writes into, read by this one."""

import asyncio
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db import log
from app.db.transaction import system_transaction
from app.domain.events import EventType
from app.domain.tickets import TicketCategory, TicketPriority
from app.services.comments.add_comment import AddComment, add_comment
from app.services.tickets.create_ticket import CreateTicket, create_ticket
from tests.live.following import running
from tests.world import World, writer_for

NEWER = text(
    """
    WITH head AS (
        UPDATE event_heads SET position = position + 1 WHERE organization_id = :organization_id RETURNING position
    )
    INSERT INTO events (organization_id, position, change_id, type, payload_version, kind, subject_id, version,
        existed, exists_after, internal_before, internal_after, changes, source, occurred_at, recorded_at)
    SELECT :organization_id, position, :id, 'MOON_LANDED', 9, 'Moon', :id, 1, false, true, false, false, '[]', 'API',
        now(), now()
    FROM head
    """
)


async def test_an_unknown_kind_of_event_is_told_as_a_change_and_stops_nothing(
    database_url: str, engine: AsyncEngine, world: World
) -> None:
    async with running(database_url) as process:
        position = await process.hub.start_following(world.organization_id)
        with process.hub.joined(world.organization_id, position) as follower:
            assert follower is not None
            async with engine.begin() as connection:
                await connection.execute(NEWER, {"organization_id": world.organization_id, "id": uuid4()})
            writer = writer_for(engine, wake=process.hub.wake)
            command = CreateTicket(
                title="Pump", description="Leaks.", category=TicketCategory.INCIDENT, priority=TicketPriority.P2
            )
            created = await create_ticket(writer, world.actor("dispatcher"), command)
            await add_comment(
                writer, world.actor("dispatcher"), AddComment(ticket_id=created.ids["ticket"], body="On it.")
            )
            async with asyncio.timeout(10):
                told = [(await follower.next()).type for _ in range(3)]

    async with system_transaction(engine) as connection:
        replayed = [event.type for event in await log.read(connection, world.organization_id, after=0, limit=10)]
    assert told == [EventType.RECORD_CHANGED, EventType.TICKET_CREATED, EventType.COMMENT_ADDED]
    assert replayed == told
