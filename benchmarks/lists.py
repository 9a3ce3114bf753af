"""How long the database takes for 20 of a million tickets, narrowed as dispatchers do, under row-level security."""

import argparse
import asyncio
import re
import statistics
import sys
from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from app.db.engine import open_engine
from app.db.transaction import Mode, transaction
from app.domain.tickets import TicketPriority, TicketStatus
from app.reads.entities import TICKET
from app.reads.filters import IdFilter, TicketFilter, conditions_of
from app.reads.lists import load_list
from app.reads.orders import Kind, Order, Term, ending_in_id
from app.reads.pages import Page, Placed
from app.reads.reader import Reader
from benchmarks.explaining import explained
from benchmarks.place import workplace
from tests.world import World, make_world

NEWEST_FIRST = ending_in_id([Term("created_at", Kind.MOMENT, descending=True)])
MOST_URGENT_FIRST = ending_in_id([Term("priority", Kind.TEXT)])

_TOOK = re.compile(r"Execution Time: ([\d.]+) ms")
# One in twenty tickets is worked on, as many wait, and the rest is history; large customers have most.
_TICKETS = """
    INSERT INTO tickets (organization_id, ticket_number, title, description, status, priority, category, tags,
        customer_id, requester_id, territory_id, created_at, updated_at)
    SELECT :organization, 'TKT-' || n, 'Ticket ' || n, repeat('It does not work. ', 12),
        CASE WHEN n % 20 = 0 THEN 'IN_PROGRESS' WHEN n % 20 = 1 THEN (ARRAY['NEW', 'OPEN'])[1 + n / 20 % 2]
            ELSE (ARRAY['CLOSED', 'RESOLVED'])[1 + (n % 9 = 0)::integer] END,
        'P' || 1 + floor(4 * sqrt(random()))::integer, 'INCIDENT', ARRAY['t' || n % 50, 't' || n % 7],
        (CAST(:customers AS uuid[]))[1 + floor(:customer_count * power(random(), 3))::integer], :requester, :territory,
        timestamptz '2020-01-01' + n * interval '3 minutes', now()
    FROM generate_series(1, CAST(:count AS integer)) AS n
"""
_JOBS = """
    INSERT INTO assignments (organization_id, ticket_id, technician_id, sequence, tier_level, reason, type, status,
        assigned_at, created_at, updated_at)
    SELECT organization_id, id, (CAST(:technicians AS uuid[]))[1 + floor(random() * :technician_count)::integer], 1, 1,
        'INITIAL', 'MANUAL', 'IN_PROGRESS', created_at, created_at, created_at
    FROM tickets WHERE organization_id = :organization AND status = 'IN_PROGRESS'
"""


def cases(world: World, customers: list[UUID], technicians: list[UUID]) -> Mapping[str, tuple[Order, TicketFilter]]:
    """Return what is asked for, by what it is called."""
    status, priority = (TicketStatus.NEW, TicketStatus.OPEN), (TicketPriority.P1, TicketPriority.P2)
    large, small = IdFilter(eq=customers[0]), IdFilter(eq=customers[-1])
    wanted = {
        "everything": TicketFilter(),
        "status, priority": TicketFilter(status=status, priority=priority),
        "one status": TicketFilter(status=(TicketStatus.OPEN,)),
        "priority": TicketFilter(priority=priority),
        "a large customer": TicketFilter(customer=large),
        "a small customer": TicketFilter(customer=small),
        "a large customer, status": TicketFilter(customer=large, status=status),
        "a small customer, status": TicketFilter(customer=small, status=status),
        "a technician": TicketFilter(assignee=IdFilter(eq=technicians[1])),
        "a team": TicketFilter(team=IdFilter(eq=world.teams["north"])),
        "nobody has it, status": TicketFilter(unassigned=True, status=status),
        "territory, status": TicketFilter(territory=IdFilter(eq=world.territory_id), status=status),
        "two tags": TicketFilter(tags=("t3", "t49")),
    }
    asked = {f"{name}, newest first": (NEWEST_FIRST, each) for name, each in wanted.items()}
    return {**asked, "status, most urgent first": (MOST_URGENT_FIRST, TicketFilter(status=status))}


async def fill(engine: AsyncEngine, world: World, count: int) -> tuple[list[UUID], list[UUID]]:
    """Insert tickets and their active jobs as fast as can be; return the customers and the technicians."""
    customers, technicians = await _people(engine, world)
    values = {
        "organization": world.organization_id,
        "requester": world.users["dispatcher"],
        "territory": world.territory_id,
        "customers": customers,
        "customer_count": len(customers),
        "technicians": technicians,
        "technician_count": len(technicians),
        "count": count,
    }
    async with engine.connect() as connection:
        await connection.execute(sa.text("ALTER TABLE tickets DISABLE TRIGGER USER"))
        await _insert(connection, _TICKETS, values)
        await connection.execute(sa.text("ALTER TABLE tickets ENABLE TRIGGER USER"))
        await _insert(connection, _JOBS, values)
        await connection.execute(sa.text("VACUUM ANALYZE tickets, assignments, technicians"))
    return customers, technicians


async def _people(engine: AsyncEngine, world: World) -> tuple[list[UUID], list[UUID]]:
    customers, technicians = [uuid7() for _ in range(500)], [uuid7() for _ in range(200)]
    teams = list(world.teams.values())
    async with engine.connect() as connection:
        for key in customers:
            await connection.execute(
                sa.text(
                    "INSERT INTO customers (organization_id, id, name, tier, created_at, updated_at)"
                    " VALUES (:organization, :id, 'Customer', 'STANDARD', now(), now())"
                ),
                {"organization": world.organization_id, "id": key},
            )
        for at, key in enumerate(technicians):
            values = {"organization": world.organization_id, "id": key, "team": teams[at % len(teams)]}
            await connection.execute(
                sa.text(
                    "INSERT INTO users (organization_id, id, name, roles, created_at, updated_at)"
                    " VALUES (:organization, :id, 'Technician', ARRAY['TECHNICIAN'], now(), now())"
                ),
                {"organization": world.organization_id, "id": key},
            )
            await connection.execute(
                sa.text(
                    "INSERT INTO technicians (organization_id, id, user_id, team_id, tier_level, created_at,"
                    " updated_at) VALUES (:organization, :id, :id, :team, 1, now(), now())"
                ),
                values,
            )
    return customers, technicians


async def _insert(connection: AsyncConnection, statement: str, values: Mapping[str, object]) -> None:
    text = sa.text(statement)
    uuids = [sa.bindparam(name, type_=sa.ARRAY(sa.Uuid())) for name in ("customers", "technicians")]
    named = text.bindparams(*(each for each in uuids if f":{each.key} " in statement))
    await connection.execute(named, {name: each for name, each in values.items() if f":{name}" in statement})


async def measure(
    engine: AsyncEngine, world: World, asked: Mapping[str, tuple[Order, TicketFilter]], rounds: int
) -> list[tuple[str, list[float], list[float], str]]:
    """Return for each case the times of its page and of its count in milliseconds, and the page's plan."""
    found = []
    for name, (order, wanted) in asked.items():
        reader = Reader(engine, world.actor("dispatcher"), timeout_seconds=60)
        pages, counts = await _page_and_count(engine, world, reader, order, wanted, rounds)
        await reader.close()
        found.append((name, [_took(each) for each in pages], [_took(each) for each in counts], pages[-1]))
    return found


async def _page_and_count(
    engine: AsyncEngine, world: World, reader: Reader, order: Order, wanted: TicketFilter, rounds: int
) -> tuple[list[str], list[str]]:
    async def page(_connection: AsyncConnection | None = None) -> Page:
        return await load_list(reader, TICKET, order, Placed(20), *conditions_of(wanted))

    whole = await page()

    async def count(_connection: AsyncConnection) -> int:
        return await whole.count()

    pages = [await _plan(engine, world, page) for _ in range(rounds)]
    return pages, [await _plan(engine, world, count) for _ in range(min(rounds, 5))]


async def _plan(engine: AsyncEngine, world: World, read: Callable[[AsyncConnection], Awaitable[object]]) -> str:
    async with transaction(engine, world.organization_id, mode=Mode.READ, timeout_seconds=60) as connection:
        return "\n".join(await explained(engine, connection, read))


def _took(plan: str) -> float:
    found = _TOOK.search(plan)
    if found is None:
        raise LookupError("a plan without its time")
    return float(found[1])


async def run(url: str, *, tickets: int, rounds: int) -> list[tuple[str, list[float], list[float], str]]:
    """Fill an organisation and measure it."""
    engine = open_engine(url, size=3)
    try:
        world = await make_world(engine)
        customers, technicians = await fill(engine, world, tickets)
        return await measure(engine, world, cases(world, customers, technicians), rounds)
    finally:
        await engine.dispose()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--plans", action="store_true", help="print the plans too")
    chosen = parser.parse_args()
    with workplace() as place:
        found = asyncio.run(run(place.server.url(), tickets=chosen.tickets, rounds=chosen.rounds))
    for name, pages, counts, plan in found:
        sys.stdout.write(
            f"{name}: median {statistics.median(pages):.2f} ms, worst {max(pages):.2f} ms;"
            f" totalCount {statistics.median(counts):.1f} ms\n"
        )
        if chosen.plans:
            sys.stdout.write(f"{plan}\n\n")


if __name__ == "__main__":
    main()
