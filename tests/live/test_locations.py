"""Where technicians are, live: what waits is bounded, nobody is told of too often, and the newest always comes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import now
from app.db.engine import open_engine
from app.db.locations import Location
from app.domain.locations import Point
from app.live.locations import LocationFollower, Locations
from tests.graphql.proxy import proxied
from tests.services.scene import Scene
from tests.world import World, make_world

ANN, BOB, CLEO = (UUID(int=n) for n in (1, 2, 3))
THEN = datetime(2026, 5, 4, 8, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """As much of a row as a follower looks at."""

    technician_id: UUID
    latitude: float


def row(technician_id: UUID, latitude: float = 0.0) -> Location:
    return cast("Location", Row(technician_id, latitude))


def follower(*known: Location, interval: float = 60.0) -> LocationFollower:
    return LocationFollower({each.technician_id: each for each in known}, interval_seconds=interval)


async def test_a_new_follower_is_due_where_everybody_is() -> None:
    follows = follower(row(ANN), row(BOB))

    assert await follows.due() == [ANN, BOB]


async def test_of_a_burst_the_newest_is_told_and_nothing_else_waits() -> None:
    follows = follower()

    for n in range(10_000):
        follows.offer(row(ANN, n))
        follows.offer(row(BOB, -n))

    assert len(follows._waiting) == 2
    assert await follows.due() == [ANN, BOB]
    assert (follows.take(ANN).latitude, follows.take(BOB).latitude) == (9_999, -9_999)
    assert follows._waiting == {}


async def test_nobody_is_told_of_twice_within_the_interval_and_then_it_is_the_newest() -> None:
    follows, loop = follower(row(ANN), interval=0.3), asyncio.get_running_loop()
    began = loop.time()
    follows.take(ANN)
    for n in range(5):
        follows.offer(row(ANN, n))

    due = await follows.due()

    assert 0.3 <= loop.time() - began < 5
    assert due == [ANN]
    assert follows.take(ANN).latitude == 4


async def test_whoever_is_held_back_holds_up_nobody_else() -> None:
    follows = follower(row(ANN))
    follows.take(ANN)
    follows.offer(row(ANN, 1))
    waiting = asyncio.create_task(follows.due())
    await asyncio.sleep(0)

    follows.offer(row(BOB, 2))

    async with asyncio.timeout(1):
        assert await waiting == [BOB]


async def test_whoever_waits_longest_comes_first_and_few_come_at_once() -> None:
    keys = [UUID(int=n) for n in range(120)]
    follows = follower(*(row(key) for key in keys))
    follows.offer(row(keys[60], 1))

    told: list[UUID] = []
    while len(told) < len(keys):
        due = await follows.due()
        assert len(due) <= 50
        told += [follows.take(key).technician_id for key in due]

    assert told == keys


async def test_waiting_that_is_given_up_loses_nothing() -> None:
    follows = follower()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await follows.due()

    follows.offer(row(ANN))

    assert await follows.due() == [ANN]


@asynccontextmanager
async def looking(engine: AsyncEngine) -> AsyncIterator[Locations]:
    """Run what a process has for it, looking often."""
    looks = Locations(engine, look_seconds=0.02)
    task = asyncio.create_task(looks.run())
    try:
        yield looks
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def said(scene: Scene, name: str, latitude: float, *, ago: float = 0) -> None:
    """Let a technician's phone report where it was so many seconds ago."""
    await scene.report(name, Point(latitude=latitude, longitude=5.1, recorded_at=now() - timedelta(seconds=ago)))


async def next_of(follows: LocationFollower) -> tuple[UUID, float]:
    """Return the next that is due, and where they are."""
    async with asyncio.timeout(5):
        due = await follows.due()
    location = follows.take(due[0])
    return location.technician_id, location.latitude


async def test_what_is_reported_at_one_process_reaches_those_who_follow_at_all(
    engine: AsyncEngine, world: World
) -> None:
    scene = Scene(engine=engine, world=world)
    ann, bob = world.technicians["ann"], world.technicians["bob"]
    await said(scene, "ann", 1.0)
    async with looking(engine) as here, looking(engine) as there:
        follow = [each.followed(world.organization_id, interval_seconds=0.001) for each in (here, there)]
        async with follow[0] as one, follow[1] as other:
            assert [await next_of(each) for each in (one, other)] == [(ann, 1.0)] * 2
            await said(scene, "bob", 2.0)
            assert [await next_of(each) for each in (one, other)] == [(bob, 2.0)] * 2
            await said(scene, "ann", 9.0, ago=60)
            await said(scene, "bob", 3.0)
            assert [await next_of(each) for each in (one, other)] == [(bob, 3.0)] * 2
            assert one._waiting == other._waiting == {}


async def test_only_the_organisation_s_own_are_told(engine: AsyncEngine, world: World) -> None:
    other = Scene(engine=engine, world=await make_world(engine, "Nachbarn"))
    await said(other, "ann", 1.0)
    async with looking(engine) as looks, looks.followed(world.organization_id, interval_seconds=0.001) as follows:
        await said(other, "bob", 2.0)
        await said(Scene(engine=engine, world=world), "cleo", 3.0)
        assert await next_of(follows) == (world.technicians["cleo"], 3.0)
        assert follows._waiting == {}


async def test_a_look_that_comes_back_late_moves_nobody_back(engine: AsyncEngine, world: World) -> None:
    scene, looks = Scene(engine=engine, world=world), Locations(engine)
    await said(scene, "ann", 1.0)
    late = await looks._read(world.organization_id)
    await said(scene, "ann", 2.0)
    async with looks.followed(world.organization_id, interval_seconds=0.001) as follows:
        assert await next_of(follows) == (world.technicians["ann"], 2.0)

        looks._hand_out(world.organization_id, late)

        assert follows._waiting == {}


async def test_when_everybody_has_left_nothing_is_kept_or_looked_at(engine: AsyncEngine, world: World) -> None:
    scene, looks = Scene(engine=engine, world=world), Locations(engine)
    await said(scene, "ann", 1.0)
    async with looks.followed(world.organization_id, interval_seconds=1):
        async with looks.followed(world.organization_id, interval_seconds=1):
            pass
        assert set(looks._known) == set(looks._followers) == {world.organization_id}
        late = await looks._read(world.organization_id)
    looks._hand_out(world.organization_id, late)

    assert (looks._known, looks._followers) == ({}, {})


async def test_a_database_that_is_away_for_a_moment_ends_nothing(
    database_url: str, engine: AsyncEngine, world: World
) -> None:
    scene = Scene(engine=engine, world=world)
    async with proxied(database_url) as (proxy, through):
        other = open_engine(through, size=1)
        async with looking(other) as looks, looks.followed(world.organization_id, interval_seconds=0.001) as follows:
            await proxy.cut()
            await said(scene, "ann", 1.0)
            await asyncio.sleep(0.2)
            assert follows._waiting == {}
            await proxy.let_in()
            assert await next_of(follows) == (world.technicians["ann"], 1.0)
        await other.dispose()
