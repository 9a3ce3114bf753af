"""Databases of older platforms: their tables as they were there, small by hand or large by a formula."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

TICKETS = """
    CREATE TABLE service_tickets (
        id varchar PRIMARY KEY, ticket_number text, title text, description text, status text, priority text,
        category text, customer_name text, assigned_engineer_id varchar, assigned_engineer_name varchar,
        assignment_tier int, assignment_tier_name text, assigned_at timestamp, started_at timestamp,
        resolved_at timestamp, closed_at timestamp, created_at timestamp, updated_at timestamp
    )
"""
TURNS = """
    CREATE TABLE engineer_assignments (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(), ticket_id text NOT NULL, engineer_id text, equipment_id text,
        assignment_sequence int, assignment_tier int, assignment_tier_name text, assignment_reason text,
        assignment_type text, status text, assigned_by text, assigned_at timestamp, accepted_at timestamp,
        rejected_at timestamp, rejection_reason text, started_at timestamp, completed_at timestamp,
        completion_status text, escalation_reason text, time_spent_hours numeric(5, 2), diagnosis text,
        actions_taken text, parts_used jsonb, notes text, customer_rating int, customer_feedback text,
        created_at timestamp, updated_at timestamp
    )
"""
ASSIGNMENTS = """
    CREATE SCHEMA assignment;
    CREATE TABLE assignment.ticket_assignments (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(), ticket_id uuid NOT NULL, technician_id uuid NOT NULL,
        assigned_by uuid NOT NULL, status text NOT NULL, assigned_at timestamptz NOT NULL, accepted_at timestamptz,
        rejected_at timestamptz, rejection_reason text, completed_at timestamptz, created_at timestamptz,
        updated_at timestamptz
    )
"""
DISPATCH = """
    CREATE TABLE customers (customerid int PRIMARY KEY, latitude float8, longitude float8);
    CREATE TABLE technicians (technicianid int PRIMARY KEY, latitude float8, longitude float8, is_active boolean);
    CREATE TABLE assignments (
        id serial PRIMARY KEY, cust_id int, tech_id int, distance_km float8, assigned_at timestamptz
    )
"""

# Every tenth ticket is without an engineer, every fourth of the others has rows of its own: two turns, the first
# of which was escalated.
_MANY_TICKETS = """
    INSERT INTO service_tickets (id, ticket_number, title, status, priority, assigned_engineer_id,
        assigned_engineer_name, assignment_tier, assignment_tier_name, assigned_at, started_at, resolved_at,
        created_at, updated_at)
    SELECT lpad(n::text, 8, '0'), 'TKT-' || (2023 + n % 3) || '-' || lpad(n::text, 6, '0'), 'Pump ' || n,
        (ARRAY['new', 'open', 'assigned', 'in_progress', 'pending', 'resolved', 'closed', 'closed', 'resolved'])
            [1 + n % 9],
        (ARRAY['low', 'medium', 'high', 'critical'])[1 + n % 4],
        CASE WHEN n % 10 > 0 THEN 'E' || n % 500 END, CASE WHEN n % 10 > 0 THEN 'Engineer ' || n % 500 END,
        CASE WHEN n % 10 > 0 THEN 1 + n % 3 END,
        CASE WHEN n % 10 > 0 THEN (ARRAY['OEM', 'Dealer', 'Partner'])[1 + n % 3] END,
        CASE WHEN n % 10 > 0 THEN at + interval '1 hour' END,
        CASE WHEN n % 9 IN (3, 5, 6, 7, 8) THEN at + interval '2 hours' END,
        CASE WHEN n % 9 IN (5, 6, 7, 8) THEN at + interval '5 hours' END, at, at + interval '6 hours'
    FROM generate_series(1, $1::int) n, LATERAL (SELECT timestamp '2023-01-01' + n * interval '12 minutes' AS at) t
"""
_MANY_TURNS = """
    INSERT INTO engineer_assignments (id, ticket_id, engineer_id, assignment_sequence, assignment_tier,
        assignment_type, status, assigned_at, accepted_at, completed_at, completion_status, escalation_reason,
        time_spent_hours, parts_used, created_at, updated_at)
    SELECT md5(t.id || s)::uuid, t.id,
        CASE WHEN s = 2 THEN t.assigned_engineer_id ELSE 'E' || (right(t.id, 6)::int + 7) % 500 END, s,
        CASE WHEN s = 2 THEN t.assignment_tier ELSE 1 END, 'manual',
        CASE WHEN s = 1 THEN 'escalated' WHEN t.status IN ('resolved', 'closed') THEN 'completed'
            WHEN t.status = 'in_progress' THEN 'in_progress' ELSE 'assigned' END,
        t.assigned_at + s * interval '10 minutes', t.assigned_at + s * interval '12 minutes',
        CASE WHEN s = 1 THEN t.assigned_at + interval '20 minutes' ELSE t.resolved_at END,
        CASE WHEN s = 1 THEN 'escalated' WHEN t.status IN ('resolved', 'closed') THEN 'success' END,
        CASE WHEN s = 1 THEN 'too hard' END, CASE WHEN s = 2 THEN 1.5 END,
        CASE WHEN s = 2 THEN '[{"part_number": "P-1", "part_name": "Seal", "quantity": 2, "cost": 3.5}]'::jsonb END,
        t.created_at, t.updated_at
    FROM service_tickets t, generate_series(1, 2) s
    WHERE right(t.id, 6)::int % 4 = 1 AND t.assigned_engineer_id IS NOT NULL
"""


class OldDatabase:
    """An older platform's database, open for whatever a test does to it."""

    def __init__(self, url: str, connection: "asyncpg.Connection[Any]") -> None:
        self.url = url
        self._connection = connection

    async def execute(self, statement: str, *arguments: object) -> None:
        """Carry out a statement."""
        await self._connection.execute(statement, *arguments, timeout=120)

    async def fetch(self, query: str, *arguments: object) -> list[Any]:
        """Return rows as tuples."""
        return [tuple(row) for row in await self._connection.fetch(query, *arguments)]

    async def insert(self, table: str, **values: object) -> None:
        """Insert a row."""
        places = ", ".join(f"${at}" for at in range(1, len(values) + 1))
        query = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})"  # noqa: S608  # names from tests
        await self._connection.execute(query, *values.values())

    async def ticket_platform(self, tickets: int = 0) -> None:
        """Make the tables of tickets and their assignments, with so many tickets."""
        await self.execute(TICKETS)
        await self.execute(TURNS)
        if tickets:
            await self.execute(_MANY_TICKETS, tickets)
            await self.execute(_MANY_TURNS)

    async def inline(self) -> list[Any]:
        """Return the columns in which tickets carry their engineer."""
        return await self.fetch(
            "SELECT id, assigned_engineer_id, assigned_engineer_name, assignment_tier, assignment_tier_name,"
            " assigned_at FROM service_tickets ORDER BY id"
        )


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[OldDatabase]:
    """Open an older platform's database."""
    connection = await asyncpg.connect(url)
    try:
        yield OldDatabase(url, connection)
    finally:
        await connection.close()
