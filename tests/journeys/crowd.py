"""Fifty of everything, by plain inserts: what a page of a busy organisation is made of."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.transaction import transaction
from tests.world import BEFORE, World

SIZE = 50

# Row n has a customer with two assets, a technician with a user, and two tickets: one is Ann's after
# the technician rejected it, with comments and parts used; the other is the technician's own,
# who is at work on it.
_CROWD = """
WITH n AS (
    SELECT number, uuidv7() AS customer, uuidv7() AS asset, uuidv7() AS spare, uuidv7() AS person,
        uuidv7() AS technician, uuidv7() AS anns, uuidv7() AS own, uuidv7() AS job, uuidv7() AS before,
        CASE number % 2 WHEN 0 THEN CAST(:north AS uuid) ELSE CAST(:south AS uuid) END AS team
    FROM generate_series(1, :size) AS number
), c AS (
    INSERT INTO customers (organization_id, id, name, tier, address, latitude, longitude, created_at, updated_at)
    SELECT :organization, customer, 'Customer ' || number, 'STANDARD', 'Road ' || number, 52, 5, :at, :at FROM n
), a AS (
    INSERT INTO assets (organization_id, id, kind, name, customer_id, created_at, updated_at)
    SELECT :organization, asset, 'EQUIPMENT', 'Press ' || number, customer, :at, :at FROM n
    UNION ALL SELECT :organization, spare, 'VEHICLE', 'Truck ' || number, customer, :at, :at FROM n
), u AS (
    INSERT INTO users (organization_id, id, name, email, roles, created_at, updated_at)
    SELECT :organization, person, 'Person ' || number, 'p' || number || '@test.example', '{TECHNICIAN}', :at, :at
    FROM n
), t AS (
    INSERT INTO technicians (organization_id, id, user_id, team_id, tier_level, main_skill_id, created_at, updated_at)
    SELECT :organization, technician, person, team, 1, :skill, :at, :at FROM n
), s AS (
    INSERT INTO technician_skills (organization_id, technician_id, skill_id, level)
    SELECT :organization, technician, :skill, 3 FROM n
), w AS (
    INSERT INTO technician_territories (organization_id, technician_id, territory_id)
    SELECT :organization, technician, :territory FROM n
), k AS (
    INSERT INTO tickets (organization_id, id, ticket_number, title, description, status, priority, category,
        customer_id, asset_id, requester_id, territory_id, escalation_count, escalation_tier_level,
        created_at, updated_at)
    SELECT :organization, anns, 'TKT-2026-' || lpad(CAST(number AS text), 6, '0'), 'Ticket ' || number, 'Broken.',
        'ASSIGNED', 'P2', 'INCIDENT', customer, asset, person, :territory, 1, 1, :at, :at FROM n
    UNION ALL
    SELECT :organization, own, 'TKT-2026-' || lpad(CAST(number + :size AS text), 6, '0'), 'Own ' || number, 'Broken.',
        'IN_PROGRESS', 'P3', 'INCIDENT', customer, spare, person, :territory, 0, NULL, :at, :at FROM n
), r AS (
    INSERT INTO ticket_required_skills (organization_id, ticket_id, skill_id, level)
    SELECT :organization, anns, :skill, 2 FROM n
), p AS (
    INSERT INTO ticket_required_parts (organization_id, ticket_id, part_id, quantity, critical)
    SELECT :organization, anns, :part, number, FALSE FROM n
), m AS (
    INSERT INTO comments (organization_id, id, ticket_id, author_id, body, internal, system_generated,
        created_at, updated_at)
    SELECT :organization, uuidv7(), anns, person, 'Said by ' || number, FALSE, FALSE, :at, :at FROM n
    UNION ALL SELECT :organization, uuidv7(), anns, :ann_user, 'On it.', FALSE, FALSE, :at, :at FROM n
), j AS (
    INSERT INTO assignments (organization_id, id, ticket_id, technician_id, sequence, previous_id, tier_level,
        reason, type, status, assigned_at, ended_at, rejected_at, rejection_reason, accepted_at, started_at,
        created_at, updated_at)
    SELECT :organization, before, anns, technician, 1, CAST(NULL AS uuid), 1, 'INITIAL', 'MANUAL',
        'REJECTED', :at, :at, :at, 'Ill.', CAST(NULL AS timestamptz), CAST(NULL AS timestamptz), :at, :at FROM n
    UNION ALL
    SELECT :organization, job, anns, :ann, 2, before, 1, 'REJECTION_FOLLOW_UP', 'MANUAL',
        'ASSIGNED', :at, NULL, NULL, NULL, NULL, NULL, :at, :at FROM n
    UNION ALL
    SELECT :organization, uuidv7(), own, technician, 1, NULL, 1, 'INITIAL', 'MANUAL',
        'IN_PROGRESS', :at, NULL, NULL, NULL, :at, :at, :at, :at FROM n
)
INSERT INTO assignment_parts (organization_id, assignment_id, line, part_id, part_number, part_name, quantity)
SELECT :organization, job, 1, :part, 'SEAL-1', 'Seal', 1 FROM n
"""


async def gather_crowd(engine: AsyncEngine, world: World) -> None:
    """Add fifty of everything to the world."""
    async with transaction(engine, world.organization_id) as connection:
        await connection.execute(
            sa.text(_CROWD),
            {
                "organization": world.organization_id,
                "size": SIZE,
                "at": BEFORE,
                "north": world.teams["north"],
                "south": world.teams["south"],
                "skill": world.skill_id,
                "territory": world.territory_id,
                "part": world.part_id,
                "ann": world.technicians["ann"],
                "ann_user": world.users["ann"],
            },
        )
