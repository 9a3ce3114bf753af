"""What every write has in common."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from app.db.tables.log import event_heads
from app.db.tables.organizations import teams
from app.db.transaction import transaction
from app.domain.events import EventType, FieldChange, NewEvent
from app.domain.people import EventSource
from app.domain.refusals import Invalid
from app.services.change import Change
from app.services.perform import perform
from tests.services.scene import MORNING, Clock, Scene


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTeam:
    """A command of the tests' own."""

    name: str = "east"
    idempotency_key: str | None = None


def founded(team_id: UUID, name: str) -> NewEvent:
    return NewEvent(
        type=EventType.RECORD_CHANGED,
        kind="Team",
        id=team_id,
        version=1,
        occurred_at=MORNING,
        changes=(FieldChange(field="name", old=None, new=name),),
    )


async def found_team(change: Change, name: str = "east") -> dict[str, UUID]:
    team_id = change.new_id()
    row = {"organization_id": change.actor.organization_id, "id": team_id, "name": name}
    await change.connection.execute(sa.insert(teams).values(row))
    change.tell(founded(team_id, name))
    return {"team": team_id}


def failing(times: int, sqlstate: str) -> tuple[Callable[[Change], Awaitable[dict[str, UUID]]], list[UUID]]:
    """Return work that the database fails a number of times, and the names of the changes it was tried as."""
    tried: list[UUID] = []

    async def work(change: Change) -> dict[str, UUID]:
        ids = await found_team(change)
        tried.append(change.id)
        if len(tried) <= times:
            fail = f"DO $$ BEGIN RAISE EXCEPTION 'so it goes' USING ERRCODE = '{sqlstate}'; END $$"
            await change.connection.execute(sa.text(fail))
        return ids

    return work, tried


async def names(scene: Scene) -> list[str]:
    return sorted(row.name for row in await scene.rows(teams))


async def test_a_change_is_written_logged_and_told_to_readers_after_its_commit(scene: Scene, clock: Clock) -> None:
    seen: list[bool] = []
    reading = asyncio.get_running_loop()
    tasks: list[asyncio.Task[None]] = []

    async def look() -> None:
        async with transaction(scene.engine, scene.world.organization_id) as connection:
            found = await connection.scalars(sa.select(teams.c.name))
            seen.append("east" in found.all())

    def wake(_organization_id: UUID) -> None:
        tasks.append(reading.create_task(look()))

    actor = replace(scene.actor("admin"), source=EventSource.WEB, ip_address="192.0.2.7")
    written = await perform(replace(scene.writer, wake=wake), actor, "foundTeam", FoundTeam(), found_team)
    await asyncio.gather(*tasks)

    (event,) = await scene.events()
    assert seen == [True]
    assert (event.change_id, event.position) == (written.change_id, written.position) == (written.change_id, 1)
    assert (event.actor_id, event.source, event.ip_address) == (actor.user_id, EventSource.WEB, "192.0.2.7")
    assert (event.recorded_at, event.subject_id) == (clock.at, written.ids["team"])


async def test_what_is_refused_half_way_leaves_nothing_and_wakes_nobody(scene: Scene) -> None:
    async def work(change: Change) -> dict[str, UUID]:
        await found_team(change)
        raise Invalid(problem="no")

    with pytest.raises(Invalid):
        await perform(scene.writer, scene.actor("admin"), "foundTeam", FoundTeam(idempotency_key="k"), work)

    assert await names(scene) == ["north", "south"]
    assert await scene.events() == []
    assert scene.woken == []


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
async def test_a_change_that_lost_a_race_is_tried_three_times_more(scene: Scene, sqlstate: str) -> None:
    work, tried = failing(3, sqlstate)

    written = await perform(scene.writer, scene.actor("admin"), "foundTeam", FoundTeam(), work)

    assert len(set(tried)) == 4
    assert tried[-1] == written.change_id
    assert await names(scene) == ["east", "north", "south"]
    assert [event.change_id for event in await scene.events()] == [written.change_id]
    assert scene.woken == [scene.world.organization_id]


async def test_a_change_that_keeps_losing_is_given_up(scene: Scene) -> None:
    work, tried = failing(4, "40P01")

    with pytest.raises(DBAPIError, match="so it goes"):
        await perform(scene.writer, scene.actor("admin"), "foundTeam", FoundTeam(), work)

    assert len(tried) == 4
    assert (await names(scene), await scene.events(), scene.woken) == (["north", "south"], [], [])


async def test_other_failures_are_not_tried_again(scene: Scene) -> None:
    work, tried = failing(1, "23505")

    with pytest.raises(DBAPIError, match="so it goes"):
        await perform(scene.writer, scene.actor("admin"), "foundTeam", FoundTeam(), work)

    assert len(tried) == 1


async def test_two_changes_that_deadlock_both_come_through(scene: Scene) -> None:
    both_hold_one, one_is_through = asyncio.Barrier(2), asyncio.Event()
    tries = 0

    async def lock(change: Change, name: str) -> None:
        await change.connection.execute(sa.select(teams).where(teams.c.name == name).with_for_update())

    async def write(first: str, second: str, name: str) -> None:
        meet = True

        async def work(change: Change) -> dict[str, UUID]:
            nonlocal meet, tries
            tries += 1
            if not meet:
                await one_is_through.wait()
            await lock(change, first)
            if meet:
                meet = False
                await both_hold_one.wait()
            await lock(change, second)
            return await found_team(change, name)

        await perform(scene.writer, scene.actor("admin"), "foundTeam", FoundTeam(name=name), work)
        one_is_through.set()

    async with asyncio.timeout(10):
        await asyncio.gather(write("north", "south", "east"), write("south", "north", "west"))

    assert tries == 3
    assert await names(scene) == ["east", "north", "south", "west"]
    assert [event.position for event in await scene.events()] == [1, 2]


async def test_the_head_is_locked_last_and_only_until_the_commit(scene: Scene) -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def slow(change: Change) -> dict[str, UUID]:
        entered.set()
        await go_on.wait()
        return await found_team(change, "slow")

    async def quick(change: Change) -> dict[str, UUID]:
        return await found_team(change, "quick")

    writing = asyncio.create_task(perform(scene.writer, scene.actor("admin"), "foundTeam", FoundTeam(), slow))
    await entered.wait()
    async with asyncio.timeout(5):
        first = await perform(scene.writer, scene.actor("admin"), "foundTeam", FoundTeam(), quick)
    go_on.set()
    second = await writing

    assert (first.position, second.position) == (1, 2)


async def test_new_ids_sort_in_the_order_they_were_made(scene: Scene) -> None:
    made: list[UUID] = []

    async def work(change: Change) -> dict[str, UUID]:
        made.extend(change.new_id() for _ in range(100))
        return await found_team(change)

    await perform(scene.writer, scene.actor("admin"), "foundTeam", FoundTeam(), work)

    assert made == sorted(made)
    assert len({*made, uuid4()}) == 101


async def test_a_change_that_tells_nothing_moves_no_position(scene: Scene) -> None:
    async def work(_: Change) -> dict[str, UUID]:
        return {}

    written = await perform(scene.writer, scene.actor("admin"), "nothing", FoundTeam(), work)

    (head,) = await scene.rows(event_heads)
    assert (written.position, head.position) == (0, 0)
