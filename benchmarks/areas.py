"""What it costs to find the territory that a place falls into, among a thousand of a hundred corners each.

A place alone, and 2,000 at once as of an imported file; beside both, the same without the sides of areas, which is what
an index of polygons comes to under row-level security: every polygon of the organisation is looked at.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from random import Random
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from app.db.areas import Place, territories_of
from app.db.engine import open_engine
from app.db.tables.base import Uuid
from app.db.tables.organizations import territories
from app.db.transaction import Mode, transaction
from benchmarks.explaining import explained
from benchmarks.place import workplace
from tests.areas import star
from tests.cli.command import Workplace
from tests.world import make_world

ORGANIZATIONS = 5
TERRITORIES = 1000
CORNERS = 100
IN_A_FILE = 2000
_COLUMNS = 40
_APART = 0.25
_BY_POLYGON = sa.text(
    """
    SELECT (
        SELECT t.id FROM territories AS t
        WHERE t.organization_id = :organization_id AND t.active AND t.area @> point(place.longitude, place.latitude)
        ORDER BY area(path(t.area)), t.id
        LIMIT 1
    )
    FROM unnest(CAST(:latitudes AS double precision[]), CAST(:longitudes AS double precision[]))
        WITH ORDINALITY AS place (latitude, longitude, at)
    ORDER BY place.at
    """
).bindparams(sa.bindparam("organization_id", type_=Uuid))
Ask = Callable[[Sequence[Place]], Awaitable[list[Any]]]


async def furnish(engine: AsyncEngine) -> UUID:
    """Make organisations with their territories, which overlap a little; return the id of one."""
    for number in range(ORGANIZATIONS):
        organization_id = (await make_world(engine, f"Company {number}")).organization_id
        rows = [
            {
                "organization_id": organization_id,
                "id": uuid7(),
                "name": f"Territory {at}",
                "time_zone": "UTC",
                "area": star(45 + at // _COLUMNS * _APART, at % _COLUMNS * _APART, 0.18, corners=CORNERS),
            }
            for at in range(TERRITORIES)
        ]
        async with transaction(engine, organization_id, timeout_seconds=60) as connection:
            await connection.execute(sa.insert(territories), rows)
    async with engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await alone.execute(sa.text("ANALYZE territories"))
        # What polygons alone would have: it is not asked.
        await alone.execute(sa.text("CREATE INDEX ON territories USING gist (area)"))
    return organization_id


def somewhere(chance: Random) -> Place:
    """Return a place among the territories."""
    return (
        chance.uniform(45, 45 + TERRITORIES / _COLUMNS * _APART),
        chance.uniform(0, _COLUMNS * _APART),
    )


async def with_sides(connection: AsyncConnection, organization_id: UUID, places: Sequence[Place]) -> list[Any]:
    """Find territories as the server does."""
    return list(await territories_of(connection, organization_id, places))


async def by_polygon(connection: AsyncConnection, organization_id: UUID, places: Sequence[Place]) -> list[Any]:
    """Find them by their polygons alone, one place after the other."""
    latitudes, longitudes = (list(degrees) for degrees in zip(*places, strict=True))
    values = {"organization_id": organization_id, "latitudes": latitudes, "longitudes": longitudes}
    return list(await connection.scalars(_BY_POLYGON, values))


async def timed(ask: Ask, chance: Random, *, places: int, times: int) -> tuple[float, int]:
    """Look for so many places so often; return the median in milliseconds, and how many fell into a territory."""
    taken, fallen = [], 0
    for _ in range(times):
        asked = [somewhere(chance) for _ in range(places)]
        began = time.perf_counter()
        found = await ask(asked)
        taken.append((time.perf_counter() - began) * 1000)
        fallen += sum(each is not None for each in found)
    return statistics.median(taken), fallen


async def measured(place: Workplace, rounds: int) -> None:
    """Measure, and print."""
    engine = open_engine(place.server.url(), size=2)
    organization_id, plans = await furnish(engine), []
    print("| | a place, ms | 2,000 places, ms | fell into one |\n|---|---:|---:|---:|")
    for name, find, times in (("sides, then polygon", with_sides, 1), ("polygon alone", by_polygon, 10)):
        chance = Random(1)  # noqa: S311  # the same places each time
        async with transaction(engine, organization_id, mode=Mode.READ, timeout_seconds=600) as connection:
            ask: Ask = partial(find, connection, organization_id)
            await timed(ask, chance, places=1, times=20)
            one, fallen = await timed(ask, chance, places=1, times=rounds)
            many, _ = await timed(ask, chance, places=IN_A_FILE // times, times=3)
            print(f"| {name} | {one:.2f} | {many * times:.0f} | {fallen} of {rounds} |")
            look = partial(find, organization_id=organization_id, places=[somewhere(chance)])
            plans.append((name, await explained(engine, connection, look)))
    for name, plan in plans:
        print(f"\n{name}:\n" + "\n".join(plan))
    await engine.dispose()


if __name__ == "__main__":
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--rounds", type=int, default=500)
    with workplace() as where:
        asyncio.run(measured(where, reading.parse_args().rounds))
