"""How long the database takes to find tickets by two words and filters, and to list them, under row-level security."""

import argparse
import asyncio
import random
import statistics
import sys
from time import perf_counter

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.engine import open_engine
from app.db.transaction import Mode, transaction
from app.domain.policy import Visibility
from app.reads.searching import found_by
from benchmarks.place import workplace
from tests.world import World, make_world

_WORDS = 4000
_SEED = 20261127
_TICKETS = """
    INSERT INTO tickets (organization_id, ticket_number, title, description, status, priority, category,
        requester_id, created_at, updated_at)
    SELECT :organization, 'TKT-' || n, {title}, {description},
        (ARRAY['NEW', 'OPEN', 'IN_PROGRESS', 'RESOLVED', 'CLOSED'])[1 + n % 5], 'P' || 1 + n % 4, 'INCIDENT',
        :requester, timestamptz '2026-01-01' + n * interval '1 minute', now()
    FROM generate_series(CAST(:start AS integer), CAST(:end AS integer)) AS n
"""
_COMMENTS = """
    INSERT INTO comments (organization_id, ticket_id, author_id, body, internal, system_generated, created_at,
        updated_at)
    SELECT organization_id, id, :requester, {body}, which = 2, false, created_at, created_at
    FROM tickets CROSS JOIN generate_series(1, 2) AS which
    WHERE substr(ticket_number, 5)::integer BETWEEN CAST(:start AS integer) AND CAST(:end AS integer)
"""
_LIST = """
    SELECT id FROM tickets WHERE organization_id = :organization AND status = 'OPEN' AND priority = 'P2'
        AND deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 21
"""


def _text(count: int) -> str:
    # A few words are in many texts and most are in few, as in any language.
    word = f"'w' || lpad(floor({_WORDS} * power(random(), 3))::int::text, 4, '0')"
    return f"(SELECT string_agg({word}, ' ') FROM generate_series(1, {count}) WHERE n > 0)"  # noqa: S608  # made of numbers alone


async def fill(engine: AsyncEngine, world: World, count: int, *, commented: bool) -> None:
    """Insert tickets, each with two comments, the second internal."""
    values = {"organization": world.organization_id, "requester": world.users["dispatcher"]}
    step = 5000
    for start in range(1, count + 1, step):
        bounds = {"start": start, "end": min(count, start + step - 1)}
        async with transaction(engine, world.organization_id, timeout_seconds=600) as connection:
            insert = _TICKETS.format(title=_text(5), description=_text(40))
            await connection.execute(sa.text(insert), {**values, **bounds})
        if commented:
            async with transaction(engine, world.organization_id, timeout_seconds=600) as connection:
                insert = _COMMENTS.format(body=_text(20).replace("n > 0", "which > 0"))
                await connection.execute(sa.text(insert), {"requester": values["requester"], **bounds})


async def measure(engine: AsyncEngine, world: World, queries: int) -> list[tuple[str, list[float], str]]:
    """Return the times in milliseconds and a plan for each question."""
    chance = random.Random(_SEED)  # noqa: S311  # words, no secret
    source, relevance = found_by("w0001 w0002", Visibility.DISPATCH)
    tickets = source.left  # type: ignore[attr-defined]  # a join
    results = []
    async with transaction(engine, world.organization_id, mode=Mode.READ, timeout_seconds=60) as connection:
        times = []
        for _ in range(queries):
            words = " ".join(f"w{int(_WORDS * chance.random() ** 2):04}" for _ in range(2))
            source, relevance = found_by(words, Visibility.DISPATCH)
            query = (
                sa.select(tickets.c.id, relevance)
                .select_from(source)
                .where(tickets.c.organization_id == world.organization_id, tickets.c.deleted_at.is_(None))
                .where(tickets.c.status.in_(["NEW", "OPEN"]), tickets.c.priority.in_(["P1", "P2"]))
                .order_by(relevance.desc(), tickets.c.id.desc())
                .limit(21)
            )
            began = perf_counter()
            await connection.execute(query)
            times.append((perf_counter() - began) * 1000)
        plan = (
            (
                await connection.execute(
                    sa.text(
                        "EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM search_tickets(search_query('w0001 w0002'), true)"
                    )
                )
            )
            .scalars()
            .all()
        )
        results.append(("two words, two filters", times, "\n".join(plan)))
        times = []
        for _ in range(queries):
            began = perf_counter()
            await connection.execute(sa.text(_LIST), {"organization": world.organization_id})
            times.append((perf_counter() - began) * 1000)
        plan = (
            (
                await connection.execute(
                    sa.text(f"EXPLAIN (ANALYZE, BUFFERS) {_LIST}"), {"organization": world.organization_id}
                )
            )
            .scalars()
            .all()
        )
        results.append(("20 of a list, two filters", times, "\n".join(plan)))
    return results


async def run(url: str, *, tickets: int, queries: int) -> list[tuple[str, list[float], str]]:
    """Fill two organisations and measure the larger one."""
    engine = open_engine(url, size=2)
    world, other = await make_world(engine), await make_world(engine, "Elsewhere")
    await fill(engine, world, tickets, commented=True)
    await fill(engine, other, tickets // 10, commented=False)
    async with engine.connect() as connection:
        await connection.execute(sa.text("ANALYZE tickets, comments, ticket_search"))
    found = await measure(engine, world, queries)
    await engine.dispose()
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=300)
    chosen = parser.parse_args()
    with workplace() as place:
        found = asyncio.run(run(place.server.url(), tickets=chosen.tickets, queries=chosen.queries))
    for name, times, plan in found:
        p95 = statistics.quantiles(times, n=20)[-1]
        sys.stdout.write(
            f"{name}: median {statistics.median(times):.2f} ms, p95 {p95:.2f} ms, worst {max(times):.2f} ms\n{plan}\n\n"
        )


if __name__ == "__main__":
    main()
