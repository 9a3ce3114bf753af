import asyncio
import time
from uuid import UUID

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.transaction import transaction
from app.domain.events import Event
from app.live.replay import Ready
from app.services.comments.add_comment import AddComment, add_comment
from tests.db.racing import append, told
from tests.live.following import Process, positions_until, running, take
from tests.services.scene import Scene
from tests.waiting import until, until_said
from tests.world import World, make_world, writer_for

SELDOM = 60.0
LISTENERS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"


async def listeners(connection: "asyncpg.Connection[asyncpg.Record]") -> set[int]:
    return {row["pid"] for row in await connection.fetch(LISTENERS)}


async def until_there_are(connection: "asyncpg.Connection[asyncpg.Record]", count: int) -> set[int]:
    """Wait for that many listening connections; return their processes."""
    found: set[int] = set()

    async def as_many() -> bool:
        found.clear()
        found.update(await listeners(connection))
        return len(found) == count

    await until_said(as_many)
    return found


async def test_a_write_in_the_same_process_wakes_its_followers_at_once(database_url: str, world: World) -> None:
    async with running(database_url, poll_seconds=SELDOM) as process:
        steps = process.follow(world)
        assert await take(steps, 1) == [Ready(0, 0)]

        await process.write(world, 3)

        assert await positions_until(steps, 3) == [1, 2, 3]
        await steps.aclose()


async def test_a_write_of_one_process_reaches_the_followers_of_another(database_url: str, world: World) -> None:
    watcher = await asyncpg.connect(database_url)
    async with (
        running(database_url, poll_seconds=SELDOM) as here,
        running(database_url, poll_seconds=SELDOM) as there,
    ):
        await until_there_are(watcher, 2)
        steps = there.follow(world)
        await take(steps, 1)

        await here.write(world, 2)

        assert await positions_until(steps, 2) == [1, 2]
        await steps.aclose()
    await watcher.close()


async def test_what_nobody_was_woken_for_is_found_by_the_poll_within_about_a_second(
    database_url: str, world: World
) -> None:
    async with running(database_url, poll_seconds=1.0) as process:
        steps = process.follow(world)
        await take(steps, 1)

        begun = time.monotonic()
        await process.write(world, wake=False)
        await positions_until(steps, 1)

        assert time.monotonic() - begun < 3
        await steps.aclose()


async def test_without_the_poll_what_nobody_was_woken_for_would_stay_unseen(database_url: str, world: World) -> None:
    async with running(database_url, poll_seconds=SELDOM) as process:
        steps = process.follow(world)
        await take(steps, 1)
        await asyncio.sleep(0.3)

        await process.write(world, wake=False)

        with pytest.raises(TimeoutError):
            await positions_until(steps, 1, within=1.5)


async def test_a_listener_that_is_killed_comes_back_and_what_it_missed_is_read(database_url: str, world: World) -> None:
    watcher = await asyncpg.connect(database_url)
    async with running(database_url, poll_seconds=SELDOM) as process:
        steps = process.follow(world)
        await take(steps, 1)
        (before,) = await until_there_are(watcher, 1)

        await watcher.execute("SELECT pg_terminate_backend($1)", before)
        await until_there_are(watcher, 0)
        await process.write(world, wake=False)
        missed = await positions_until(steps, 1)
        (after,) = await until_there_are(watcher, 1)
        async with running(database_url, poll_seconds=SELDOM) as other:
            await until_there_are(watcher, 2)
            await other.write(world)
            heard = await positions_until(steps, 2)

        assert after != before
        assert (missed, heard) == ([1], [2])
        await steps.aclose()
    await watcher.close()


async def test_a_hub_whose_connections_are_killed_reads_on(database_url: str, world: World) -> None:
    watcher = await asyncpg.connect(database_url)
    async with running(database_url, poll_seconds=0.2) as process:
        steps = process.follow(world)
        await take(steps, 1)
        await process.write(world)
        await positions_until(steps, 1)

        for _ in range(3):
            await watcher.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid()"
            )
            await asyncio.sleep(0.1)
        head = await process.write(world, 2)

        assert await positions_until(steps, head) == [2, 3]
        await steps.aclose()
    await watcher.close()


async def test_notifications_carry_nothing_and_come_from_the_listener_after_the_commit(
    database_url: str, engine: AsyncEngine, world: World
) -> None:
    heard: list[tuple[int, str]] = []
    watcher = await asyncpg.connect(database_url)
    async with running(database_url, poll_seconds=SELDOM) as process:
        (listening,) = await until_there_are(watcher, 1)
        await watcher.add_listener("fieldgraph_log", lambda _, pid, __, payload: heard.append((pid, str(payload))))
        async with transaction(engine, world.organization_id) as connection:
            writing = await connection.scalar(sa.select(sa.func.pg_backend_pid()))
            await append(connection, world.actor("dispatcher"), [told("something")])
        await asyncio.sleep(0.2)
        assert heard == []
        scene = Scene(engine=engine, world=world)
        writer = writer_for(engine, wake=process.hub.wake)
        command = AddComment(ticket_id=await scene.ticket(), body="Hello.")
        await asyncio.sleep(0.2)
        assert heard == []

        await add_comment(writer, scene.actor("ann"), command)
        await until(lambda: len(heard) > 0)
        await asyncio.sleep(0.3)

    assert heard == [(listening, "")]
    assert writing != listening
    await watcher.close()


async def test_many_writes_at_once_become_few_notifications(database_url: str, world: World) -> None:
    heard: list[int] = []
    watcher = await asyncpg.connect(database_url)
    async with running(database_url, poll_seconds=SELDOM) as process:
        await until_there_are(watcher, 1)
        await watcher.add_listener("fieldgraph_log", lambda _, pid, *__: heard.append(pid))

        for _ in range(200):
            process.hub.wake(world.organization_id)
        await until(lambda: len(heard) > 0)
        await asyncio.sleep(0.3)

    assert 1 <= len(heard) <= 3
    await watcher.close()


async def followed(process: Process, world: World, last: int, live: asyncio.Semaphore) -> list[int]:
    steps = process.follow(world)
    await take(steps, 1)
    live.release()
    found = await positions_until(steps, last)
    await steps.aclose()
    return found


async def test_followers_of_two_organisations_get_their_own_events(
    database_url: str, engine: AsyncEngine, world: World
) -> None:
    other = await make_world(engine, "Nachbarn")
    async with running(database_url) as process:
        live = asyncio.Semaphore(0)
        follow = ((world, 2), (world, 2), (other, 3))
        tasks = [asyncio.create_task(followed(process, each, last, live)) for each, last in follow]
        for _ in tasks:
            await live.acquire()

        await process.write(world, 2)
        await process.write(other, 3)

        assert await asyncio.gather(*tasks) == [[1, 2], [1, 2], [1, 2, 3]]


async def test_a_watcher_sees_each_event_once_and_before_the_followers(database_url: str, world: World) -> None:
    order: list[tuple[str, int]] = []

    def watch(event: Event) -> None:
        order.append(("watcher", event.position))

    async with running(database_url) as process:
        process.hub.watch(watch)
        steps = process.follow(world)
        await take(steps, 1)
        await process.write(world, 2)
        order += [("follower", position) for position in await positions_until(steps, 2)]
        await steps.aclose()

    assert order == [("watcher", 1), ("watcher", 2), ("follower", 1), ("follower", 2)]


async def test_nothing_is_read_for_organisations_that_nobody_follows(database_url: str, world: World) -> None:
    seen: list[UUID] = []
    async with running(database_url, poll_seconds=0.05) as process:
        process.hub.watch(lambda event: seen.append(event.organization_id))

        await process.write(world, 2)
        await asyncio.sleep(0.3)

    assert seen == []
