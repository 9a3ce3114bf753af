import asyncio
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from app.domain.refusals import NotFound
from app.live.follower import Follower
from app.live.hub import Hub
from app.services.change import Change
from app.services.comments.add_comment import AddComment, add_comment
from app.services.perform import perform
from tests.db.racing import GivenUp, Note, told
from tests.live.following import running
from tests.services.scene import Scene
from tests.waiting import PATIENCE_SECONDS, until
from tests.world import World, writer_for

SELDOM = 60.0


async def until_hub_is_at(hub: Hub, organization_id: UUID, position: int) -> None:
    for _ in range(500):
        if await hub.start_following(organization_id) >= position:
            return
        await asyncio.sleep(0.01)
    raise TimeoutError("the hub does not read")


async def handed_out(follower: Follower, count: int) -> list[int]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return [(await follower.next()).position for _ in range(count)]


async def test_whoever_is_behind_the_hub_may_not_join_and_whoever_is_level_with_it_may(
    database_url: str, world: World
) -> None:
    async with running(database_url, poll_seconds=SELDOM) as process:
        organization_id = world.organization_id
        await process.hub.start_following(organization_id)
        await process.write(world, 3)
        await until_hub_is_at(process.hub, organization_id, 3)

        for behind in (0, 2):
            with process.hub.joined(organization_id, behind) as refused:
                assert refused is None
        with process.hub.joined(organization_id, 3) as follower:
            assert follower is not None
            await process.write(world, 2)
            assert await handed_out(follower, 2) == [4, 5]


async def test_followers_that_join_one_after_the_other_each_get_all_that_follows_their_joining_once(
    database_url: str, world: World
) -> None:
    async with running(database_url, poll_seconds=SELDOM) as process:
        organization_id = world.organization_id
        await process.hub.start_following(organization_id)
        with process.hub.joined(organization_id, 0) as early:
            await process.write(world, 2)
            await until_hub_is_at(process.hub, organization_id, 2)
            with process.hub.joined(organization_id, 2) as late:
                assert early is not None
                assert late is not None
                await process.write(world, 2)
                assert await handed_out(late, 2) == [3, 4]
            await process.write(world)

            assert await handed_out(early, 5) == [1, 2, 3, 4, 5]
            assert late.position == 4
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await late.next()


async def test_a_change_that_is_refused_or_given_up_tells_nobody(
    database_url: str, engine: AsyncEngine, world: World
) -> None:
    heard: list[str] = []
    watcher = await asyncpg.connect(database_url)
    await watcher.add_listener("fieldgraph_log", lambda *said: heard.append(str(said[-1])))
    scene = Scene(engine=engine, world=world)
    ticket_id = await scene.ticket()
    async with running(database_url, poll_seconds=SELDOM) as process:
        writer = writer_for(engine, wake=process.hub.wake)
        before = await process.hub.start_following(world.organization_id)

        async def give_up(change: Change) -> dict[str, UUID]:
            change.tell(told("something"))
            raise GivenUp

        with pytest.raises(NotFound):
            await add_comment(writer, scene.actor("dispatcher"), AddComment(ticket_id=uuid7(), body="Hello."))
        with pytest.raises(GivenUp):
            await perform(writer, scene.actor("dispatcher"), "addNote", Note(), give_up)
        await asyncio.sleep(0.3)
        after_refusals = list(heard)
        await add_comment(writer, scene.actor("dispatcher"), AddComment(ticket_id=ticket_id, body="Hello."))
        await until_hub_is_at(process.hub, world.organization_id, before + 1)
        await until(lambda: len(heard) > 0)
        await asyncio.sleep(0.3)

        assert after_refusals == []
        assert heard == [""]
        assert await process.hub.start_following(world.organization_id) == before + 1
    await watcher.close()
