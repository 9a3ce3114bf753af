"""What a returning client costs the database when its organisation's log is long.

A log of ten million events over a hundred days is filled beside three small ones; then pages of it are read
at random places as the application reads them, under row-level security. Printed are medians, the same over
a log of a hundred thousand, and the plans.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from hashlib import md5
from random import Random
from statistics import median, quantiles
from time import perf_counter
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.clock import now
from app.db import log
from app.db.engine import open_engine
from app.db.transaction import Mode, transaction
from benchmarks.explaining import explained
from benchmarks.place import workplace
from tests.world import World, make_world

_DAYS, _WINDOW_DAYS = 100, 30
_PAGE, _TICKETS = 200, 500_000
_FILL = """
INSERT INTO events (organization_id, position, change_id, type, payload_version, kind, subject_id, version, ticket_id,
    existed, exists_after, territory_before, territory_after, internal_before, internal_after, changes, actor_id,
    source, occurred_at, recorded_at)
SELECT $1, n, uuidv7(), 'TICKET_STATUS_CHANGED', 1, 'Ticket', t.id, 2 + n / $2, t.id, true, true, $3, $3, false, false,
    '[{"field": "status", "old": "OPEN", "new": "ASSIGNED"}, {"field": "version", "old": 1, "new": 2}]', $4,
    'WEB', at.moment, at.moment
FROM generate_series($5::bigint, $6::bigint) n,
    LATERAL (SELECT md5((n % $2)::text)::uuid AS id) t,
    LATERAL (SELECT $7::timestamptz - make_interval(secs => $8 * (1 - n::float8 / $9)) AS moment) at
"""
_PIECE = 250_000

Ask = Callable[[AsyncConnection], Awaitable[Any]]


async def fill(url: str, world: World, count: int) -> None:
    """Write so many events into an organisation's log, evenly over the days."""
    connection = await asyncpg.connect(url)
    end, seconds = now(), _DAYS * 86_400
    await connection.execute("SET ROLE NONE")
    for start in range(1, count + 1, _PIECE):
        last = min(count, start + _PIECE - 1)
        await connection.execute(
            _FILL, world.organization_id, _TICKETS, world.territory_id, world.users["dispatcher"], start, last, end,
            float(seconds), float(count), timeout=600,
        )  # fmt: skip
    await connection.execute(
        "UPDATE event_heads SET position = $2, recorded_at = $3 WHERE organization_id = $1",
        world.organization_id,
        count,
        end,
    )
    await connection.close()


async def settled(url: str) -> None:
    """Let the database find out what it has."""
    connection = await asyncpg.connect(url)
    await connection.execute("VACUUM (ANALYZE) events", timeout=1800)
    await connection.close()


def questions(world: World, count: int, chance: Random) -> dict[str, Callable[[], Ask]]:
    """Return what a returning client makes the application ask, by name, each time somewhere else."""
    organization_id, window = world.organization_id, count * _WINDOW_DAYS // _DAYS

    def page() -> Ask:
        after = chance.randint(count - window, max(count - window, count - _PAGE))
        return lambda c: log.read(c, organization_id, after=after, until=count, limit=_PAGE)

    def newest() -> Ask:
        return lambda c: log.read(c, organization_id, after=count - 1, limit=_PAGE)

    def boundary() -> Ask:
        since = now() - timedelta(days=_WINDOW_DAYS, seconds=chance.random())
        return lambda c: log.first_replayable(c, organization_id, since=since)

    def row() -> Ask:
        return lambda c: log.read_subject(c, organization_id, "Ticket", _ticket(chance), after_version=2, limit=50)

    return {
        f"a page of {_PAGE} within the replay window": page,
        "what was appended last": newest,
        "where the replay window begins": boundary,
        "what happened to one ticket since a version": row,
    }


def _ticket(chance: Random) -> UUID:
    return UUID(md5(str(chance.randrange(_TICKETS)).encode(), usedforsecurity=False).hexdigest())


async def timed(engine: AsyncEngine, organization_id: UUID, ask: Callable[[], Ask], times: int) -> list[float]:
    """Return how many milliseconds each of so many questions took, without the transaction around it."""
    found = []
    async with transaction(engine, organization_id, mode=Mode.READ) as connection:
        for _ in range(times):
            asked = ask()
            began = perf_counter()
            await asked(connection)
            found.append((perf_counter() - began) * 1000)
    return found


async def measured(url: str, count: int, times: int) -> None:
    """Fill, measure and print."""
    engine = open_engine(url, size=2)
    large, small, *others = [await make_world(engine, f"Organisation {n}") for n in range(4)]
    for world, size in ((large, count), (small, count // 100), *((other, count // 100) for other in others)):
        await fill(url, world, size)
    await settled(url)
    tell, chance = sys.stdout.write, Random(1)  # noqa: S311  # the same places each time
    tell(f"\n{now():%Y-%m-%d}: medians and 99th percentiles in ms of {times} each, Python's part included\n\n")
    tell(f"| asked of a log of | {count:,} | p99 | {count // 100:,} | p99 |\n|---|---:|---:|---:|---:|\n")
    of_large, of_small = questions(large, count, chance), questions(small, count // 100, chance)
    for name, ask in of_large.items():
        cells = [
            await timed(engine, world.organization_id, each, times)
            for world, each in ((large, ask), (small, of_small[name]))
        ]
        told = "".join(f" {median(cell):.2f} | {quantiles(cell, n=100)[-1]:.2f} |" for cell in cells)
        tell(f"| {name} |{told}\n")
    for name, ask in of_large.items():
        async with transaction(engine, large.organization_id, mode=Mode.READ) as connection:
            plan = await explained(engine, connection, ask())
        tell(f"\n{name}:\n" + "".join(f"    {line}\n" for line in plan))
    await engine.dispose()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--times", type=int, default=1000)
    chosen = parser.parse_args()
    with workplace() as place:
        asyncio.run(measured(place.server.url(), chosen.events, chosen.times))


if __name__ == "__main__":
    main()
