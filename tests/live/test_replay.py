import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta
from random import Random
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import now
from app.db import log
from app.db.transaction import system_transaction, transaction
from app.domain.cursors import CursorCodec, LogPosition
from app.domain.events import Event
from app.live.replay import Heartbeat, Ready, Reset, ResetReason, Step
from tests.db.racing import Entry, append, entry, told, write_all, write_events
from tests.live.following import Process, positions_until, running, take
from tests.world import World, make_world, writer_for

TURNS = 150
MOST_BEFORE_A_CUT = 400


async def test_a_reader_that_reconnects_over_and_over_misses_nothing_that_overlapping_writers_commit(
    database_url: str, engine: AsyncEngine, world: World
) -> None:
    async with running(database_url) as process:
        actor = world.actor("dispatcher")
        writer = writer_for(engine, wake=process.hub.wake)
        ends_at: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def write(dice: Random) -> None:
            await write_events(writer, actor, dice)

        async def write_everything() -> None:
            await write_all(write, turns=TURNS)
            ends_at.set_result(await process.write(world))

        async def follow_until_the_end() -> list[Entry]:
            seen: list[Entry] = []
            after = process.cursor(world, 0)
            dice = Random(3)
            while not ends_at.done() or seen[-1][0] < ends_at.result():
                async with aclosing(process.follow(world, after)) as steps:
                    left = dice.randint(1, MOST_BEFORE_A_CUT)
                    async for step in steps:
                        assert not isinstance(step, Reset)
                        after = process.cursor(world, step.position)
                        if isinstance(step, Event):
                            seen.append(entry(step))
                            left -= 1
                        if left <= 0 or (ends_at.done() and step.position >= ends_at.result()):
                            break
            return seen

        async with asyncio.timeout(25), asyncio.TaskGroup() as group:
            group.create_task(write_everything())
            following = group.create_task(follow_until_the_end())
        async with system_transaction(engine) as connection:
            committed = await log.read(connection, world.organization_id, after=0, limit=100_000)

    assert len(committed) >= 5_000
    assert following.result() == [entry(each) for each in committed]


async def test_a_reader_without_a_cursor_begins_at_the_head(database_url: str, world: World) -> None:
    async with running(database_url) as process:
        await process.write(world, 5)

        steps = process.follow(world)
        first = await take(steps, 1)
        await process.write(world)

        assert first == [Ready(5, 0)]
        assert await positions_until(steps, 6) == [6]
        await steps.aclose()


async def test_a_reader_with_a_cursor_gets_what_it_missed_then_ready_then_what_happens(
    database_url: str, world: World
) -> None:
    async with running(database_url) as process:
        await process.write(world, 450)
        steps = process.log.follow(
            world.organization_id, process.cursor(world, 10), wanted=lambda event: event.position % 2 == 0
        )

        replayed = await take(steps, 440)
        ready = await take(steps, 1)
        await process.write(world, 2)

        assert [step.position for step in replayed if isinstance(step, Event)] == list(range(11, 451))
        assert ready == [Ready(450, 220)]
        assert await positions_until(steps, 452) == [451, 452]
        await steps.aclose()


async def test_a_reader_that_is_ahead_of_the_hub_is_not_told_again(database_url: str, world: World) -> None:
    async with running(database_url, poll_seconds=0.5) as process:
        await process.hub.start_following(world.organization_id)
        await process.write(world, 4, wake=False)

        steps = process.follow(world, process.cursor(world, 4))
        assert await take(steps, 1) == [Ready(4, 0)]
        await process.write(world)

        assert await positions_until(steps, 5) == [5]
        await steps.aclose()


async def test_a_burst_longer_than_the_queue_does_not_reset_a_reader_that_keeps_up(
    database_url: str, world: World
) -> None:
    async with running(database_url) as process:
        steps = process.follow(world)
        await take(steps, 1)

        await process.write(world, 1_500)
        found: list[Step] = await take(steps, 1_500)

        assert [step.position for step in found if isinstance(step, Event)] == list(range(1, 1_501))
        await steps.aclose()


async def test_a_reader_that_takes_its_time_is_told_everything_all_the_same(database_url: str, world: World) -> None:
    async with running(database_url) as process:
        steps = process.follow(world)
        await take(steps, 1)

        for _ in range(4):
            await process.write(world, 100)
        await until_read(process, world, 400)
        first = await positions_until(steps, 400)
        await process.write(world)

        assert first == list(range(1, 401))
        assert await positions_until(steps, 401) == [401]
        await steps.aclose()


async def until_read(process: Process, world: World, position: int) -> None:
    """Wait until the hub has read so far."""
    for _ in range(500):
        if await process.hub.start_following(world.organization_id) >= position:
            return
        await asyncio.sleep(0.01)
    raise TimeoutError("the hub does not read")


async def test_a_slow_reader_does_not_hold_up_the_others(database_url: str, world: World) -> None:
    async with running(database_url) as process:
        slow, quick = process.follow(world), process.follow(world)
        await take(slow, 1)
        await take(quick, 1)

        for head in range(100, 1_001, 100):
            await process.write(world, 100)
            assert (await positions_until(quick, head))[-1] == head

        await slow.aclose()
        await quick.aclose()


async def test_a_quiet_log_still_says_that_nothing_was_lost(database_url: str, world: World) -> None:
    async with running(database_url, heartbeat_seconds=0.1) as process:
        steps = process.follow(world)
        await take(steps, 1)

        before = now()
        beats = await take(steps, 3)
        await process.write(world)
        # More of them may come while it is written.
        while isinstance(event := (await take(steps, 1))[0], Heartbeat):
            pass
        (beat,) = await take(steps, 1)

        assert [type(step) for step in beats] == [Heartbeat] * 3
        assert all(isinstance(step, Heartbeat) and before < step.at <= now() for step in beats)
        assert isinstance(event, Event)
        assert isinstance(beat, Heartbeat)
        assert beat.position == 1
        await steps.aclose()


async def first_of(steps: AsyncGenerator[Step, None], count: int) -> list[Step]:
    async with aclosing(steps):
        return await take(steps, count)


async def test_a_cursor_that_this_log_never_gave_out_is_unknown(
    database_url: str, engine: AsyncEngine, world: World
) -> None:
    other = await make_world(engine, "Nachbarn")
    async with running(database_url) as process:
        await process.write(world, 3)
        await process.write(other, 3)
        mine = LogPosition(organization_id=world.organization_id, epoch=process.log.epoch, position=1)
        cursor = process.cursor(world, 1)
        codec = process.log.codec
        forged = {
            "empty": "",
            "no cursor": "hello",
            "cut": cursor[:-1],
            "changed": ("A" if cursor[0] != "A" else "B") + cursor[1:],
            "of another organisation": process.cursor(other, 1),
            "of another epoch": codec.encode(
                LogPosition(organization_id=mine.organization_id, epoch=uuid4(), position=1)
            ),
            "signed by someone else": CursorCodec(b"x" * 48).encode(mine),
            "from the future": process.cursor(world, 4),
        }

        for name, text in forged.items():
            found = await first_of(process.follow(world, text), 2)
            assert (name, found) == (name, [Reset(3, ResetReason.CURSOR_UNKNOWN), Ready(3, 0)])
        genuine = await first_of(process.follow(world, cursor), 2)
        assert [step.position for step in genuine] == [2, 3]


async def test_a_cursor_from_before_the_replayable_days_has_expired(
    database_url: str, engine: AsyncEngine, world: World
) -> None:
    actor = world.actor("dispatcher")
    for days in (40, 31, 29):
        async with transaction(engine, world.organization_id) as connection:
            await append(connection, actor, [told(days)], now=now() - timedelta(days=days))
    async with running(database_url) as process:
        expected: list[tuple[int, list[Step | int]]] = [
            (0, [Reset(3, ResetReason.CURSOR_EXPIRED), Ready(3, 0)]),
            (1, [Reset(3, ResetReason.CURSOR_EXPIRED), Ready(3, 0)]),
            (2, [3, Ready(3, 1)]),
            (3, [Ready(3, 0)]),
        ]
        for position, steps in expected:
            found = await first_of(process.follow(world, process.cursor(world, position)), len(steps))
            told_as = [step.position if isinstance(step, Event) else step for step in found]
            assert (position, told_as) == (position, steps)


@pytest.mark.parametrize("page", [1, 7])
async def test_a_page_of_the_log_has_the_events_after_a_position(database_url: str, world: World, page: int) -> None:
    async with running(database_url) as process:
        await process.write(world, 5)

        found = await process.log.page(world.organization_id, 2, page)

    assert [event.position for event in found] == [3, 4, 5][:page]
