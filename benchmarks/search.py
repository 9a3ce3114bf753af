"""How long the database takes to find tickets by two words and filters, and to list them, under row-level security."""

import argparse
import asyncio
import random
import statistics
import sys
from time import perf_counter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.db.engine import open_engine
from app.db.tables.tickets import tickets
from app.db.transaction import Mode, transaction
from app.domain.policy import Visibility
from app.reads.searching import found_by
from benchmarks.explaining import explained
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
_RANKED_EARLY = """
    SELECT id, hits.relevance FROM tickets
    JOIN search_tickets(search_query(CAST(:words AS text)), true) AS hits(ticket_id, relevance) ON hits.ticket_id = id
    WHERE organization_id = :organization AND deleted_at IS NULL AND status IN ('NEW', 'OPEN')
        AND priority IN ('P1', 'P2')
    ORDER BY hits.relevance DESC, id DESC LIMIT 21
"""
_COMMON, _USUAL = "w0001 w0002", "w0010 w0300"


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
    """Return the times in milliseconds and a plan for each question; both ways of ranking must answer alike."""
    chance = random.Random(_SEED)  # noqa: S311  # words, no secret
    ranked_late: list[float] = []
    ranked_early: list[float] = []
    listed: list[float] = []
    async with transaction(engine, world.organization_id, mode=Mode.READ, timeout_seconds=60) as connection:
        for turn in range(queries):
            words = " ".join(f"w{int(_WORDS * chance.random() ** 2):04}" for _ in range(2))
            asked = {"words": words, "organization": world.organization_id}
            ways: list[tuple[sa.Executable, dict[str, Any], list[float]]] = [
                (_query(world, words), {}, ranked_late),
                (sa.text(_RANKED_EARLY), asked, ranked_early),
            ]
            # Whoever comes first reads what is not in memory yet for the other: they take turns.
            if turn % 2:
                ways.reverse()
            first, second = [await _timed(connection, *way) for way in ways]
            if first != second:
                raise ValueError(f"{words!r} finds something else when every match is ranked")
            await _timed(connection, sa.text(_LIST), {"organization": world.organization_id}, listed)
        plans = [
            "\n".join(await explained(engine, connection, lambda c, words=words: c.execute(_query(world, words))))  # type: ignore[misc]  # a default binds the loop's word
            for words in (_COMMON, _USUAL)
        ]
        plan = await connection.scalars(
            sa.text(f"EXPLAIN (ANALYZE, BUFFERS) {_LIST}"), {"organization": world.organization_id}
        )
    ratio = sum(ranked_early) / sum(ranked_late)
    return [
        (f"two words, two filters (RATIO of ranking every match to it: {ratio:.2f})", ranked_late, "\n\n".join(plans)),
        ("the same with every match ranked", ranked_early, ""),
        ("20 of a list, two filters", listed, "\n".join(plan.all())),
    ]


def _query(world: World, words: str) -> "sa.Select[Any]":
    source, relevance = found_by(words, Visibility.DISPATCH)
    return (
        sa.select(tickets.c.id, relevance)
        .select_from(source)
        .where(tickets.c.organization_id == world.organization_id, tickets.c.deleted_at.is_(None))
        .where(tickets.c.status.in_(["NEW", "OPEN"]), tickets.c.priority.in_(["P1", "P2"]))
        .order_by(relevance.desc(), tickets.c.id.desc())
        .limit(21)
    )


async def _timed(
    connection: AsyncConnection, statement: "sa.Executable", values: dict[str, Any], times: list[float]
) -> list[tuple[Any, ...]]:
    began = perf_counter()
    rows = (await connection.execute(statement, values)).all()
    times.append((perf_counter() - began) * 1000)
    return [tuple(row) for row in rows]


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
