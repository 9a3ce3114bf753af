"""What a hub makes of wake-ups, whatever carries them."""

import asyncio
from uuid import UUID, uuid4

import pytest

from app.live.wakeups import Heard
from tests.live.following import positions_until, running, take
from tests.live.test_hub import SELDOM
from tests.world import World


class ByHand:
    """Wake-ups that the test brings, and what the hub has told."""

    def __init__(self) -> None:
        self.told: list[UUID] = []
        self.heard: Heard | None = None

    def tell(self, organization_id: UUID, /) -> None:
        self.told.append(organization_id)

    async def run(self, heard: Heard, /) -> None:
        self.heard = heard
        await asyncio.Event().wait()

    def bring(self, *grown: UUID) -> None:
        """Say that the logs of these have grown; without any, that anybody's may have."""
        assert self.heard is not None
        self.heard(set(grown) or None)


@pytest.mark.parametrize("named", [True, False])
async def test_a_wake_up_for_whom_somebody_follows_has_their_log_read(
    database_url: str, world: World, named: bool
) -> None:
    by_hand = ByHand()
    async with running(database_url, poll_seconds=SELDOM, wake_ups=by_hand) as process:
        steps = process.follow(world)
        await take(steps, 1)
        await process.write(world, wake=False)

        by_hand.bring(*([uuid4(), world.organization_id] if named else []))

        assert await positions_until(steps, 1) == [1]
        await steps.aclose()


async def test_a_wake_up_for_whom_nobody_follows_is_ignored(database_url: str, world: World) -> None:
    by_hand = ByHand()
    async with running(database_url, poll_seconds=SELDOM, wake_ups=by_hand) as process:
        steps = process.follow(world)
        await take(steps, 1)
        await process.write(world, wake=False)

        by_hand.bring(uuid4(), uuid4())

        with pytest.raises(TimeoutError):
            await positions_until(steps, 1, within=1)


async def test_the_hub_tells_the_others_whose_log_has_grown(database_url: str, world: World) -> None:
    by_hand = ByHand()
    async with running(database_url, poll_seconds=SELDOM, wake_ups=by_hand) as process:
        await process.write(world)

    assert by_hand.told == [world.organization_id]
