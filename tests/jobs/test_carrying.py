"""Timers: set with their transaction, carried out when they are due, again when they fail, and set aside."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.engine import open_engine
from app.db.timers import carrying, looking
from app.db.timers.carrying import Carrier, Handler
from app.db.timers.setting import set_timer
from app.db.transaction import Mode, system_transaction, transaction
from app.domain.timers import Timer, TimerKind, TooEarly
from app.metrics.figures import Figures
from tests.world import World

_NOW = timedelta()


class Hands:
    """A handler that notes what it was given, and does what the test says."""

    def __init__(self, act: Callable[[int], None] = lambda _: None) -> None:
        self.carried: list[UUID] = []
        self.done = asyncio.Event()
        self._act = act

    async def __call__(self, timer: Timer) -> None:
        self.carried.append(timer.subject_id)
        self._act(len(self.carried))
        self.done.set()


@asynccontextmanager
async def carrier(database_url: str, handler: Handler) -> AsyncIterator[Carrier]:
    """Carry timers out until the block ends."""
    engine = open_engine(database_url, size=1)
    running = Carrier(
        engine, {TimerKind.OFFER_EXPIRES: handler}, figures=Figures(), taken_over_after=timedelta(seconds=2)
    )
    task = asyncio.create_task(running.run())
    try:
        yield running
        running.end()
        async with asyncio.timeout(10):
            await task
    finally:
        task.cancel()
        await engine.dispose()


async def set_one(engine: AsyncEngine, world: World, *, after: timedelta = _NOW, subject: UUID | None = None) -> UUID:
    timer = Timer(TimerKind.OFFER_EXPIRES, world.organization_id, subject or uuid4())
    async with transaction(engine, world.organization_id) as connection:
        await set_timer(connection, timer, after=after)
    return timer.subject_id


async def found(engine: AsyncEngine) -> list[looking.ListedTimer]:
    async with system_transaction(engine) as connection:
        return await looking.listed(connection, most=100)


async def until_set_aside(engine: AsyncEngine) -> looking.ListedTimer:
    for _ in range(200):
        for each in await found(engine):
            if each.status == "failed":
                return each
        await asyncio.sleep(0.05)
    raise TimeoutError("nothing was set aside")


async def test_a_timer_is_there_when_its_transaction_is_and_not_otherwise(engine: AsyncEngine, world: World) -> None:
    kept = await set_one(engine, world, after=timedelta(hours=1))
    with pytest.raises(ZeroDivisionError):
        await _undone(engine, world)

    assert [(each.subject_id, each.organization_id, each.status) for each in await found(engine)] == [
        (kept, world.organization_id, "queued")
    ]


async def _undone(engine: AsyncEngine, world: World) -> None:
    async with transaction(engine, world.organization_id) as connection:
        await set_timer(connection, Timer(TimerKind.OFFER_EXPIRES, world.organization_id, uuid4()), after=_NOW)
        raise ZeroDivisionError


async def test_a_timer_that_is_set_twice_counts_once(engine: AsyncEngine, world: World) -> None:
    subject = await set_one(engine, world, after=timedelta(hours=1))
    await set_one(engine, world, after=timedelta(hours=2), subject=subject)

    assert len(await found(engine)) == 1


async def test_what_is_due_is_carried_out_once_and_what_is_not_waits(
    database_url: str, engine: AsyncEngine, world: World
) -> None:
    later = await set_one(engine, world, after=timedelta(hours=1))
    due = await set_one(engine, world)
    soon = await set_one(engine, world, after=timedelta(seconds=1.5))
    hands = Hands()

    async with asyncio.timeout(10), carrier(database_url, hands):
        while len(hands.carried) < 2:
            await hands.done.wait()
            hands.done.clear()

    assert hands.carried == [due, soon]
    assert [each.subject_id for each in await found(engine)] == [later]


async def test_a_failure_is_tried_again(
    database_url: str, engine: AsyncEngine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "PAUSES", (timedelta(seconds=0.1),) * 3)
    subject = await set_one(engine, world)

    def fail_twice(number: int) -> None:
        if number < 3:
            raise ConnectionError("not yet")

    hands = Hands(fail_twice)
    async with asyncio.timeout(10), carrier(database_url, hands):
        await hands.done.wait()

    assert hands.carried == [subject] * 3
    assert await found(engine) == []


async def test_what_fails_for_good_is_set_aside_shown_and_tried_again_when_told(
    database_url: str, engine: AsyncEngine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "PAUSES", (timedelta(seconds=0.05),) * 2)
    subject = await set_one(engine, world)
    works = False

    def fail(_: int) -> None:
        if not works:
            raise RuntimeError("broken for good")

    hands = Hands(fail)
    async with carrier(database_url, hands):
        aside = await until_set_aside(engine)
        assert (aside.subject_id, len(hands.carried)) == (subject, 3)
        assert "broken for good" in (aside.reason or "")
        works = True
        async with system_transaction(engine, mode=Mode.WRITE) as connection:
            assert await looking.counted(connection) == {"failed": 1}
            assert await looking.try_again(connection, aside.id)
            assert not await looking.drop(connection, aside.id)
        async with asyncio.timeout(10):
            await hands.done.wait()

    assert await found(engine) == []


async def test_what_loses_its_workers_is_set_aside(database_url: str, engine: AsyncEngine, world: World) -> None:
    subject = await set_one(engine, world)
    (waiting,) = await found(engine)
    async with system_transaction(engine, mode=Mode.WRITE) as connection:
        # As three workers have left it that ended before it did.
        counted = sa.text("INSERT INTO timer_pickups VALUES (:id, 3)")
        await connection.execute(counted, {"id": waiting.id})
    hands = Hands()

    async with carrier(database_url, hands):
        aside = await until_set_aside(engine)

    assert (hands.carried, aside.subject_id) == ([], subject)
    assert "3 workers ended" in (aside.reason or "")
    async with system_transaction(engine, mode=Mode.WRITE) as connection:
        assert await looking.drop(connection, aside.id)
    assert await found(engine) == []


async def test_a_suspect_is_carried_out_alone(database_url: str, engine: AsyncEngine, world: World) -> None:
    subjects = [await set_one(engine, world) for _ in range(6)]
    async with system_transaction(engine, mode=Mode.WRITE) as connection:
        ids = {each.subject_id: each.id for each in await looking.listed(connection, most=10)}
        counted = sa.text("INSERT INTO timer_pickups VALUES (:id, 1)")
        await connection.execute(counted, {"id": ids[subjects[2]]})
    running: set[UUID] = set()
    beside: dict[UUID, set[UUID]] = {}
    done = asyncio.Semaphore(0)

    async def carry(timer: Timer) -> None:
        running.add(timer.subject_id)
        for each in running:
            beside.setdefault(each, set()).update(running)
        await asyncio.sleep(0.1)
        running.discard(timer.subject_id)
        done.release()

    async with asyncio.timeout(10), carrier(database_url, carry):
        for _ in subjects:
            await done.acquire()

    assert beside[subjects[2]] == {subjects[2]}
    assert max(len(each) for each in beside.values()) > 1


async def test_what_is_cut_short_is_not_forgotten(database_url: str, engine: AsyncEngine, world: World) -> None:
    subject, begun = await set_one(engine, world), asyncio.Event()

    async def hang(_: Timer) -> None:
        begun.set()
        await asyncio.sleep(60)

    own = open_engine(database_url, size=1)
    running = Carrier(own, {TimerKind.OFFER_EXPIRES: hang}, figures=Figures(), taken_over_after=timedelta(seconds=2))
    task = asyncio.create_task(running.run())
    async with asyncio.timeout(10):
        await begun.wait()
        for each in asyncio.all_tasks():
            if "_dispatch" in repr(each.get_coro()):
                each.cancel()
        running.end()
        await task
    await own.dispose()

    assert [(each.subject_id, each.status) for each in await found(engine)] == [(subject, "queued")]


async def test_what_is_too_early_comes_again_and_is_no_failure(
    database_url: str, engine: AsyncEngine, world: World
) -> None:
    subject = await set_one(engine, world)

    def early(number: int) -> None:
        if number < 12:
            raise TooEarly(timedelta(milliseconds=1))

    hands = Hands(early)
    async with asyncio.timeout(20), carrier(database_url, hands):
        await hands.done.wait()

    assert hands.carried == [subject] * 12
    assert await found(engine) == []


async def test_two_carriers_share_the_work(database_url: str, engine: AsyncEngine, world: World) -> None:
    subjects = {await set_one(engine, world) for _ in range(60)}
    first, second = Hands(), Hands()

    async with asyncio.timeout(20), carrier(database_url, first), carrier(database_url, second):
        for _ in range(1000):
            if len(first.carried) + len(second.carried) == len(subjects):
                break
            await asyncio.sleep(0.02)

    assert sorted([*first.carried, *second.carried]) == sorted(subjects)


async def test_a_lost_connection_is_opened_again(database_url: str, engine: AsyncEngine, world: World) -> None:
    hands = Hands()
    async with carrier(database_url, hands):
        await set_one(engine, world)
        async with asyncio.timeout(10):
            await hands.done.wait()
        hands.done.clear()
        async with engine.connect() as connection:
            await connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE '%pgqueuer%' AND pid <> pg_backend_pid()"
            )
        await set_one(engine, world)
        # The connection that dies may have picked it up: then it is another's once it was silent for half a minute.
        async with asyncio.timeout(60):
            await hands.done.wait()

    # What was done as the connection went may be done once more: at least once is what is promised.
    assert len(set(hands.carried)) == 2


async def test_a_connection_that_dies_within_an_answer_is_opened_again_too(
    database_url: str, engine: AsyncEngine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver then finds itself in a state that it takes for a fault of its own."""
    hands, once, tries = Hands(), Carrier._once, iter((asyncpg.InternalClientError("cannot switch to state 11"),))

    async def dying(self: Carrier) -> None:
        for lost in tries:
            raise lost
        await once(self)

    monkeypatch.setattr(Carrier, "_once", dying)
    subject = await set_one(engine, world)

    async with asyncio.timeout(20), carrier(database_url, hands):
        await hands.done.wait()

    assert hands.carried == [subject]
