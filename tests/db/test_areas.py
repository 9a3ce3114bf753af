"""Which territory a place falls into, as the database says, held against a judge that shares nothing with it."""

from fractions import Fraction
from functools import partial
from random import Random
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from app.db.areas import Place, territories_of, territory_of
from app.db.engine import open_engine
from app.db.tables.organizations import territories
from app.db.transaction import Mode, transaction
from app.domain.areas import Area, Corner, area
from benchmarks.explaining import explained
from tests.areas import box, star
from tests.world import World, make_world

EVERYWHERE = box(-90.0, -90.0, 90.0, 90.0)
# To a millionth of a degree the database takes what lies beside a border to be on it.
ON_THE_BORDER = 1e-5


async def draw(connection: AsyncConnection, world: World, *areas: Area | None, **values: Any) -> list[UUID]:
    """Insert territories of these areas; return their ids, rising."""
    ids = sorted(uuid7() for _ in areas)
    rows = [
        {
            "organization_id": world.organization_id,
            "id": id_,
            "name": str(id_),
            "time_zone": "UTC",
            "area": drawn,
            **values,
        }
        for id_, drawn in zip(ids, areas, strict=True)
    ]
    await connection.execute(sa.insert(territories), rows)
    return ids


async def found(engine: AsyncEngine, world: World, *places: Place) -> list[UUID | None]:
    async with transaction(engine, world.organization_id, mode=Mode.READ) as connection:
        return await territories_of(connection, world.organization_id, places)


def holds(polygon: Area, place: Place) -> bool:
    """Tell whether a polygon holds a place, by counting the edges east of it, in exact numbers."""
    latitude, longitude = map(Fraction, place)
    within = False
    for start, end in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
        low, high = sorted((start, end), key=lambda corner: corner["lat"])
        if low["lat"] <= latitude < high["lat"]:
            share = (latitude - Fraction(low["lat"])) / (Fraction(high["lat"]) - Fraction(low["lat"]))
            crossed_at = Fraction(low["lon"]) + share * (Fraction(high["lon"]) - Fraction(low["lon"]))
            within ^= crossed_at > longitude
    return within


def is_near_border(polygon: Area, place: Place) -> bool:
    latitude, longitude = place
    for start, end in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
        along = (end["lat"] - start["lat"], end["lon"] - start["lon"])
        length = along[0] ** 2 + along[1] ** 2
        share = ((latitude - start["lat"]) * along[0] + (longitude - start["lon"]) * along[1]) / length
        share = max(0.0, min(1.0, share))
        nearest = (start["lat"] + share * along[0], start["lon"] + share * along[1])
        if abs(latitude - nearest[0]) < ON_THE_BORDER and abs(longitude - nearest[1]) < ON_THE_BORDER:
            return True
    return False


def jagged(chance: Random) -> Area:
    """Return an area of corners that lie anyhow: a chain to the east, and one back north of it."""
    east = sorted(chance.sample(range(200), chance.randint(3, 12)))
    there = [Corner(lat=chance.uniform(50.0, 52.0), lon=each / 20) for each in east]
    back = [Corner(lat=chance.uniform(52.1, 54.0), lon=each / 20) for each in reversed(east)]
    return area([*there, *back])


def extent(polygon: Area) -> Fraction:
    """Return how large an area is in square degrees."""
    doubled = Fraction(0)
    for start, end in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
        doubled += Fraction(start["lon"]) * Fraction(end["lat"]) - Fraction(end["lon"]) * Fraction(start["lat"])
    return abs(doubled) / 2


@pytest.mark.parametrize("seed", range(4))
async def test_every_place_falls_into_the_smallest_area_that_holds_it(
    engine: AsyncEngine, world: World, seed: int
) -> None:
    chance = Random(seed)
    drawn = [jagged(chance) for _ in range(6)]
    async with transaction(engine, world.organization_id) as connection:
        ids = await draw(connection, world, *drawn)
    anywhere = [(chance.uniform(49.5, 54.5), chance.uniform(-0.5, 10.5)) for _ in range(150)]
    # On the latitudes and longitudes of corners, too, where counting edges goes wrong first.
    anywhere += [(corner["lat"], chance.uniform(-0.5, 10.5)) for each in drawn for corner in each]
    anywhere += [(chance.uniform(49.5, 54.5), corner["lon"]) for each in drawn for corner in each]
    places = [place for place in anywhere if not any(is_near_border(each, place) for each in drawn)]

    answers = await found(engine, world, *places)

    expected = []
    for place in places:
        holding = [(extent(each), id_) for id_, each in zip(ids, drawn, strict=True) if holds(each, place)]
        expected.append(min(holding)[1] if holding else None)
    assert answers == expected
    assert len(set(answers)) > 4


async def test_what_is_inactive_undrawn_or_elsewhere_holds_nothing(engine: AsyncEngine, world: World) -> None:
    other = await make_world(engine, "Andere")
    async with transaction(engine, other.organization_id) as connection:
        (theirs,) = await draw(connection, other, EVERYWHERE)
    async with transaction(engine, world.organization_id) as connection:
        await draw(connection, world, box(0.0, 0.0, 9.0, 9.0), active=False)
        await draw(connection, world, None)

    assert await found(engine, world, (1.0, 1.0)) == [None]
    assert await found(engine, other, (1.0, 1.0)) == [theirs]
    assert await found(engine, world) == []


async def test_of_areas_of_one_size_the_lowest_id_holds(engine: AsyncEngine, world: World) -> None:
    async with transaction(engine, world.organization_id) as connection:
        first, second, large = await draw(
            connection, world, box(0.0, 0.0, 2.0, 2.0), box(1.0, 1.0, 3.0, 3.0), EVERYWHERE
        )

    places = [(0.5, 0.5), (1.5, 1.5), (2.5, 2.5), (3.5, 3.5)]
    assert await found(engine, world, *places) == [first, first, second, large]


async def test_the_border_belongs_to_what_lies_on_either_side(engine: AsyncEngine, world: World) -> None:
    async with transaction(engine, world.organization_id) as connection:
        west, east = await draw(connection, world, box(0.0, 0.0, 1.0, 1.0), box(0.0, 1.0, 1.0, 3.0))

    corners = [(0.0, 0.0), (1.0, 0.0), (0.5, 0.0), (0.0, 0.5)]
    assert await found(engine, world, *corners) == [west] * 4
    # Both hold what lies between them, and of both the smaller one is it.
    assert await found(engine, world, (0.5, 1.0), (0.5, 1.000001), (0.5, 1.001)) == [west, east, east]
    assert await found(engine, world, (0.5, -0.001), (0.5, 3.0), (1.001, 0.5)) == [None, east, None]


async def test_an_area_comes_back_to_the_last_digit(engine: AsyncEngine, world: World) -> None:
    kept = area([Corner(lat=1 / 3, lon=-1e-17), Corner(lat=52.09071234567891, lon=5.1), Corner(lat=-0.1, lon=180.0)])
    async with transaction(engine, world.organization_id) as connection:
        (id_,) = await draw(connection, world, kept)
        row = (await connection.execute(sa.select(territories).where(territories.c.id == id_))).one()

    assert row.area == kept
    assert (row.area_west, row.area_east, row.area_south, row.area_north) == (-1e-17, 180.0, -0.1, 52.09071234567891)


@pytest.mark.parametrize("corners", [2, 201])
async def test_the_table_keeps_no_area_of_too_few_or_too_many_corners(
    engine: AsyncEngine, world: World, corners: int
) -> None:
    with pytest.raises(IntegrityError, match="territories_area_check"):
        async with transaction(engine, world.organization_id) as connection:
            await draw(connection, world, star(50.0, 5.0, 1.0, corners=corners))


async def test_among_a_thousand_territories_an_index_finds_the_one(
    engine: AsyncEngine, world: World, database_url: str
) -> None:
    others = [await make_world(engine, f"Andere {number}") for number in range(3)]
    for each in (world, *others):
        async with transaction(engine, each.organization_id) as connection:
            await draw(
                connection,
                each,
                *(star(45 + at // 40 * 0.5, at % 40 * 0.5, 0.3, corners=100) for at in range(1000)),
            )
    owner = open_engine(database_url, size=1)
    async with owner.connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(sa.text("ANALYZE territories"))
        # What an index of polygons would be for; row-level security asks first whose the rows are.
        await connection.execute(sa.text("CREATE INDEX ON territories USING gist (area)"))
    await owner.dispose()

    async with transaction(engine, world.organization_id, mode=Mode.READ) as connection:
        look = partial(territory_of, organization_id=world.organization_id, place=(50.05, 5.05))
        assert await look(connection) is not None
        plan = "\n".join(await explained(engine, connection, look))
        naive = sa.text("EXPLAIN SELECT id FROM territories WHERE area @> point(5.05, 50.05)")
        without = "\n".join(await connection.scalars(naive))

    assert "Index Scan using territories_by_area" in plan
    assert "(area_west <= place.longitude)" in plan.partition("Index Cond")[2].partition("\n")[0]
    assert "Seq Scan" not in plan
    # The negative control.
    assert "territories_area_idx" not in without
