"""Whoever goes on from before an erasure reads tombstones, and loses nothing else."""

from contextlib import aclosing

import orjson
import pytest

from app.clock import now
from app.domain.events import Event, EventType
from app.domain.privacy.declaring import TOMBSTONE
from app.live.replay import Ready
from tests.live.following import Process, running
from tests.privacy.persona import USER, Filled
from tests.services.scene import Clock
from tests.world import World


@pytest.fixture
def clock() -> Clock:
    """A clock that stands, and not so long ago that nothing is replayed any more."""
    return Clock(at=now())


async def followed(process: Process, world: World) -> list[Event]:
    """Return everything that somebody is told who goes on from the log's beginning."""
    told: list[Event] = []
    async with aclosing(process.follow(world, process.cursor(world, 0))) as steps:
        async for step in steps:
            if isinstance(step, Ready):
                break
            if isinstance(step, Event):
                told.append(step)
    return told


def words(events: list[Event]) -> str:
    return orjson.dumps([(each.type, [[c.field, c.old, c.new] for c in each.changes]) for each in events]).decode()


async def test_who_goes_on_from_before_reads_tombstones(database_url: str, filled: Filled) -> None:
    world = filled.scene.world
    async with running(database_url) as process:
        before = await followed(process, world)
        await filled.erase_user()
        after = await followed(process, world)

    assert USER in words(before)
    assert USER not in words(after).lower()
    (created,) = [
        each for each in after if each.type is EventType.TICKET_CREATED and each.subject_id == filled.ticket_id
    ]
    assert {each.new for each in created.changes if each.field in {"title", "description"}} == {TOMBSTONE}
    assert [each.position for each in after] == list(range(1, len(after) + 1))
    assert [each.id for each in after[: len(before)]] == [each.id for each in before]
