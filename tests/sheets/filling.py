"""Very many tickets at once, by plain SQL."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.transaction import transaction
from tests.world import World

_TICKETS = """
    INSERT INTO tickets (organization_id, ticket_number, title, description, status, priority, category, tags,
        resolution_notes, customer_id, requester_id, territory_id, created_at, updated_at)
    SELECT :organization, 'TKT-2025-' || lpad(n::text, 6, '0'), 'Ticket ' || n, 'It leaks.',
        (ARRAY['NEW', 'OPEN', 'RESOLVED', 'CLOSED'])[1 + n % 4], 'P' || 1 + n % 4, 'INCIDENT', ARRAY['pump'],
        repeat(CAST(:words AS text), 20), :customer, :requester, :territory,
        timestamptz '2025-01-01' + n * interval '1 minute', now()
    FROM generate_series(CAST(:start AS integer), CAST(:end AS integer)) AS n
"""


async def fill(engine: AsyncEngine, world: World, count: int, *, words: str = "It leaked. ") -> None:
    """Insert so many tickets, the notes of each saying the words twenty times."""
    step = 5000
    for start in range(1, count + 1, step):
        values = {
            "organization": world.organization_id,
            "customer": world.customer_id,
            "requester": world.users["customer"],
            "territory": world.territory_id,
            "words": words,
            "start": start,
            "end": min(count, start + step - 1),
        }
        async with transaction(engine, world.organization_id, timeout_seconds=600) as connection:
            await connection.execute(sa.text(_TICKETS), values)
