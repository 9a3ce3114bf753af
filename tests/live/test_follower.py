import asyncio
from uuid import UUID, uuid4

import pytest

from app.domain.events import Event, EventType
from app.domain.people import EventSource
from app.live.follower import LONGEST_QUEUE, Follower, Lagged
from tests.db.racing import THEN


def event(position: int, id_: UUID | None = None) -> Event:
    return Event(
        organization_id=uuid4(),
        position=position,
        id=id_ or uuid4(),
        change_id=uuid4(),
        type=EventType.RECORD_CHANGED,
        payload_version=1,
        kind="Part",
        subject_id=uuid4(),
        version=1,
        ticket_id=None,
        assignment_id=None,
        before=None,
        after=None,
        actor_id=None,
        source=EventSource.API,
        ip_address=None,
        occurred_at=THEN,
        recorded_at=THEN,
    )


def offer(follower: Follower, first: int, last: int) -> None:
    for position in range(first, last + 1):
        follower.offer(event(position))


async def drained(follower: Follower, count: int) -> list[int]:
    async with asyncio.timeout(1):
        return [(await follower.next()).position for _ in range(count)]


async def test_a_follower_gets_what_it_is_offered_in_order() -> None:
    follower = Follower(3)
    offer(follower, 4, 6)

    assert await drained(follower, 3) == [4, 5, 6]
    assert follower.position == 6


async def test_what_lies_before_a_followers_position_is_not_handed_out_again() -> None:
    follower = Follower(3)
    offer(follower, 1, 5)

    assert await drained(follower, 2) == [4, 5]


async def test_a_follower_waits_for_what_is_to_come() -> None:
    follower = Follower(0)
    waiting = asyncio.create_task(follower.next())
    await asyncio.sleep(0.01)
    assert not waiting.done()

    offer(follower, 1, 1)

    assert (await waiting).position == 1


async def test_a_follower_may_be_256_events_behind() -> None:
    assert LONGEST_QUEUE == 256
    follower = Follower(0)
    offer(follower, 1, 256)

    assert await drained(follower, 256) == list(range(1, 257))


async def test_a_follower_that_is_further_behind_is_told_once_and_goes_on_live() -> None:
    follower = Follower(0)
    offer(follower, 1, 257)

    with pytest.raises(Lagged):
        await follower.next()
    assert follower.position == 257
    offer(follower, 258, 259)

    assert await drained(follower, 2) == [258, 259]


async def test_everything_is_dropped_until_a_follower_that_lagged_has_been_told() -> None:
    follower = Follower(0)
    offer(follower, 1, 300)

    with pytest.raises(Lagged):
        await follower.next()

    assert follower.position == 300
    waiting = asyncio.create_task(follower.next())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    offer(follower, 301, 301)
    assert (await waiting).position == 301
