import asyncio
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db import log
from app.db.engine import open_engine
from app.db.tables.log import event_heads, events
from app.db.transaction import system_transaction, transaction
from app.domain.events import Concerned, Event, EventType, FieldChange, NewEvent
from app.domain.people import EventSource
from app.domain.refusals import Invalid
from app.services.change import Change
from app.services.perform import perform
from tests.db.racing import (
    THEN,
    Entry,
    GivenUp,
    Note,
    append,
    append_and_give_up,
    entry,
    pause,
    race,
    told,
    write_events,
)
from tests.world import World, make_world, writer_for

TURNS = 150
PAGE = 200


async def logged(engine: AsyncEngine, world: World, after: int = 0, limit: int = 100_000) -> list[Event]:
    async with system_transaction(engine) as connection:
        return await log.read(connection, world.organization_id, after=after, limit=limit)


async def head_of(engine: AsyncEngine, world: World) -> int:
    async with system_transaction(engine) as connection:
        return await log.head(connection, world.organization_id)


async def test_a_reader_that_follows_by_position_misses_nothing_that_overlapping_writers_commit(
    engine: AsyncEngine, world: World
) -> None:
    writer, actor = writer_for(engine), world.actor("dispatcher")

    async def write(dice: Random) -> None:
        await write_events(writer, actor, dice)

    async def read(after: int) -> list[Entry]:
        return [entry(each) for each in await logged(engine, world, after, PAGE)]

    seen = await race(write, read, turns=TURNS)

    committed = [entry(each) for each in await logged(engine, world)]
    assert len(committed) >= 5_000
    assert seen == committed
    assert [position for position, _ in seen] == list(range(1, len(committed) + 1))
    assert await head_of(engine, world) == len(committed)


async def test_the_same_reader_loses_entries_when_positions_come_from_a_bare_sequence(database_url: str) -> None:
    async with asyncpg.create_pool(database_url, min_size=9, max_size=9) as pool:
        await pool.execute("CREATE TABLE bare (id bigserial PRIMARY KEY, name uuid NOT NULL)")

        async def write(dice: Random) -> None:
            async with pool.acquire() as connection, connection.transaction():
                number = await connection.fetchval("SELECT nextval('bare_id_seq')")
                await pause(dice)
                await connection.execute("INSERT INTO bare VALUES ($1, $2)", number, uuid4())

        async def read(after: int) -> list[Entry]:
            rows = await pool.fetch("SELECT id, name FROM bare WHERE id > $1 ORDER BY id LIMIT $2", after, PAGE)
            return [(row["id"], str(row["name"])) for row in rows]

        seen = await race(write, read, turns=TURNS)
        committed = await pool.fetchval("SELECT count(*) FROM bare")

    assert committed == 8 * TURNS
    assert len(seen) < committed


async def test_what_is_rolled_back_or_refused_leaves_no_gap(engine: AsyncEngine, world: World) -> None:
    actor = world.actor("dispatcher")

    async def refuse(change: Change) -> dict[str, UUID]:
        change.tell(told("never"))
        raise Invalid(problem="no")

    async with transaction(engine, world.organization_id) as connection:
        assert await append(connection, actor, [told("first"), told("second")]) == 2
    with pytest.raises(GivenUp):
        await append_and_give_up(engine, actor, [told("lost")], Random(1))
    with pytest.raises(Invalid):
        await perform(writer_for(engine), actor, "note", Note(), refuse)
    async with transaction(engine, world.organization_id) as connection:
        await append(connection, actor, [told("third")])

    found = await logged(engine, world)

    assert [(each.position, each.changes[0].new) for each in found] == [(1, "first"), (2, "second"), (3, "third")]


async def test_a_second_writer_waits_for_the_first_to_commit_before_it_gets_positions(
    engine: AsyncEngine, world: World
) -> None:
    actor = world.actor("dispatcher")

    async def second() -> int:
        async with transaction(engine, world.organization_id) as connection:
            return await append(connection, actor, [told("second")])

    async with transaction(engine, world.organization_id) as connection:
        await append(connection, actor, [told("first")])
        waiting = asyncio.create_task(second())
        await asyncio.sleep(0.1)
        assert not waiting.done()

    assert await waiting == 2


async def test_two_organisations_do_not_wait_for_each_other(engine: AsyncEngine, world: World) -> None:
    other = await make_world(engine, "Nachbarn")

    async with transaction(engine, world.organization_id) as connection:
        await append(connection, world.actor("dispatcher"), [told("ours")])
        async with asyncio.timeout(2), transaction(engine, other.organization_id) as neighbour:
            position = await append(neighbour, other.actor("dispatcher"), [told("theirs")])

    assert position == 1


async def test_the_time_of_recording_never_goes_back_though_the_writers_clocks_differ(
    engine: AsyncEngine, world: World
) -> None:
    dice = Random(7)

    async def note(offset: float) -> None:
        clock = THEN + timedelta(seconds=offset)

        async def work(change: Change) -> dict[str, UUID]:
            change.tell(told(offset, occurred_at=change.now))
            return {}

        await perform(writer_for(engine, clock=lambda: clock), world.actor("dispatcher"), "note", Note(), work)

    await asyncio.gather(*(note(dice.uniform(-600, 600)) for _ in range(60)))
    found = await logged(engine, world)

    recorded = [each.recorded_at for each in found]
    occurred = [each.occurred_at for each in found]
    assert recorded == sorted(recorded)
    assert occurred != sorted(occurred)
    assert all(r >= o for r, o in zip(recorded, occurred, strict=True))
    assert recorded[-1] == max(occurred)


async def test_a_change_is_logged_as_job_then_ticket_then_the_rest(engine: AsyncEngine, world: World) -> None:
    async def work(change: Change) -> dict[str, UUID]:
        for kind in ("Part", "Ticket", "Comment", "Assignment", "Technician", "Assignment"):
            change.tell(told(kind, kind=kind))
        return {}

    written = await perform(writer_for(engine), world.actor("dispatcher"), "note", Note(), work)
    found = await logged(engine, world)

    kinds = ["Assignment", "Assignment", "Ticket", "Part", "Comment", "Technician"]
    assert [each.kind for each in found] == kinds
    assert {each.change_id for each in found} == {written.change_id}
    assert written.position == found[-1].position


async def test_an_event_comes_back_as_it_was_told(engine: AsyncEngine, world: World) -> None:
    ids: dict[str, Any] = {
        f"{name}_id": uuid4() for name in ("technician", "team", "territory", "requester", "customer")
    }
    new = NewEvent(
        type=EventType.JOB_ESCALATED,
        kind="Assignment",
        id=uuid4(),
        version=4,
        occurred_at=THEN - timedelta(minutes=3),
        ticket_id=uuid4(),
        assignment_id=uuid4(),
        before=Concerned(**ids, territory_ids=frozenset({uuid4(), uuid4()}), internal=True),
        after=None,
        changes=(
            FieldChange(field="tags", old=["a"], new=["a", "b: ü"]),
            FieldChange(field="notes", old="x", new=None),
        ),
    )
    change_id = uuid4()

    async with transaction(engine, world.organization_id) as connection:
        await log.append(
            connection,
            organization_id=world.organization_id,
            change_id=change_id,
            actor_id=None,
            source=EventSource.SYSTEM,
            ip_address="2001:db8::1",
            now=THEN,
            new=[new],
            answer=None,
        )
    (found,) = await logged(engine, world)

    for name in ("type", "kind", "version", "occurred_at", "ticket_id", "assignment_id", "before", "after", "changes"):
        assert getattr(found, name) == getattr(new, name)
    assert (found.subject_id, found.change_id, found.position) == (new.id, change_id, 1)
    assert (found.actor_id, found.source, found.ip_address) == (None, EventSource.SYSTEM, "2001:db8::1")
    assert (found.payload_version, found.recorded_at, found.id.version) == (1, THEN, 7)


async def test_an_organisation_without_a_head_cannot_write(engine: AsyncEngine, world: World) -> None:
    stranger = uuid4()

    with pytest.raises(LookupError, match="has no log"):
        async with transaction(engine, stranger) as connection:
            await log.append(
                connection,
                organization_id=stranger,
                change_id=uuid4(),
                actor_id=None,
                source=EventSource.SYSTEM,
                ip_address=None,
                now=THEN,
                new=[told("lost")],
                answer=None,
            )

    assert await logged(engine, world) == []


async def write_once(engine: AsyncEngine, world: World) -> None:
    async with transaction(engine, world.organization_id) as connection:
        await append(connection, world.actor("dispatcher"), [told("first"), told("second")])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET version = 99",
        "UPDATE events SET version = 99 WHERE false",
        "DELETE FROM events",
        "TRUNCATE events",
        "TRUNCATE events CASCADE",
    ],
)
async def test_not_even_a_superuser_changes_or_removes_an_event(
    engine: AsyncEngine, world: World, statement: str
) -> None:
    await write_once(engine, world)
    before = await logged(engine, world)

    async with engine.connect() as connection:
        assert await connection.scalar(sa.text("SELECT usesuper FROM pg_user WHERE usename = current_user"))
        with pytest.raises(DBAPIError, match="events are immutable"):
            await connection.execute(sa.text(statement))

    assert await logged(engine, world) == before


@pytest.mark.parametrize("statement", ["UPDATE events SET version = 99", "DELETE FROM events", "TRUNCATE events"])
async def test_the_application_has_no_right_to_change_or_remove_an_event(
    engine: AsyncEngine, world: World, statement: str
) -> None:
    await write_once(engine, world)

    with pytest.raises(DBAPIError, match="permission denied for table events"):
        async with transaction(engine, world.organization_id) as connection:
            await connection.execute(sa.text(statement))


@pytest.mark.parametrize("back", [{"position": 1}, {"recorded_at": THEN - timedelta(microseconds=1)}])
async def test_a_head_that_goes_back_is_refused(engine: AsyncEngine, world: World, back: dict[str, Any]) -> None:
    await write_once(engine, world)

    with pytest.raises(DBAPIError, match="never goes back"):
        async with transaction(engine, world.organization_id) as connection:
            await connection.execute(
                sa.update(event_heads).where(event_heads.c.organization_id == world.organization_id).values(back)
            )
    async with engine.connect() as superuser:
        with pytest.raises(DBAPIError, match="never goes back"):
            await superuser.execute(sa.update(event_heads).values(back))

    assert await head_of(engine, world) == 2


async def test_two_events_cannot_have_one_position(engine: AsyncEngine, world: World) -> None:
    await write_once(engine, world)

    names = [each.name for each in events.c if each.name != "id"]
    copied = sa.select(*(events.c[name] for name in names)).where(events.c.position == 2)

    async with transaction(engine, world.organization_id) as connection:
        with pytest.raises(DBAPIError, match="events_pkey"):
            await connection.execute(sa.insert(events).from_select(names, copied))


@pytest.mark.parametrize(
    ("since", "expected"),
    [(timedelta(0), 0), (timedelta(seconds=1), 2), (timedelta(seconds=10), 2), (timedelta(seconds=11), 3)],
)
async def test_what_is_too_old_to_replay_ends_at_the_last_older_event(
    engine: AsyncEngine, world: World, since: timedelta, expected: int
) -> None:
    actor = world.actor("dispatcher")
    for now, count in ((THEN, 2), (THEN + timedelta(seconds=10), 1)):
        async with transaction(engine, world.organization_id) as connection:
            await append(connection, actor, [told(n) for n in range(count)], now=now)

    moment: datetime = THEN + since
    async with system_transaction(engine) as connection:
        found = await log.first_replayable(connection, world.organization_id, since=moment)

    assert found == expected


async def test_readers_see_the_part_they_ask_for(database_url: str) -> None:
    engine = open_engine(database_url, size=2)
    world = await make_world(engine)
    async with transaction(engine, world.organization_id) as connection:
        await append(connection, world.actor("dispatcher"), [told(n) for n in range(1, 8)])

    async with system_transaction(engine) as connection:
        found = await log.read(connection, world.organization_id, after=2, limit=3)
        until = await log.read(connection, world.organization_id, after=2, limit=9, until=4)
        heads = await log.heads(connection, [world.organization_id, uuid4()])
    await engine.dispose()

    assert [each.position for each in found] == [3, 4, 5]
    assert [each.position for each in until] == [3, 4]
    assert heads == {world.organization_id: 7}
