"""Many who write at once must leave connections to those who read."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from app.db.engine import open_engine
from app.db.tables.tickets import tickets
from app.db.transaction import Mode, transaction
from app.services import perform
from app.services.assignments.assign_ticket import AssignTicket, assign_ticket
from tests.services.scene import Scene
from tests.waiting import until_said


@asynccontextmanager
async def _held(scene: Scene, database_url: str) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    """Hold every ticket's lock for the block, on a connection of its own; the value tells how many wait for it."""
    holder = open_engine(database_url, size=1)
    waiting = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )

    async def waiters() -> int:
        async with scene.engine.connect() as connection:
            return int(await connection.scalar(waiting) or 0)

    async with transaction(holder, scene.world.organization_id) as connection:
        await connection.execute(sa.select(tickets.c.id).with_for_update())
        yield waiters
    await holder.dispose()


@pytest.mark.parametrize("slots", [2, 40])
async def test_writers_that_wait_for_a_ticket_keep_nobody_from_reading(
    scene: Scene, database_url: str, slots: int
) -> None:
    """With fewer slots than connections reading goes on; with more slots it would have to wait."""
    engine = open_engine(database_url, size=4)
    writer = replace(scene.writer, engine=engine, slots=asyncio.Semaphore(slots))
    command = AssignTicket(ticket_id=await scene.ticket(), technician_id=scene.world.technicians["ann"])

    async def read() -> int:
        async with transaction(engine, scene.world.organization_id, mode=Mode.READ) as connection:
            return int(await connection.scalar(sa.select(sa.func.count()).select_from(tickets)) or 0)

    async with _held(scene, database_url) as waiters:
        writers = [asyncio.create_task(assign_ticket(writer, scene.actor("dispatcher"), command)) for _ in range(20)]

        async def all_wait() -> bool:
            return await waiters() == min(slots, 4)

        await until_said(all_wait)
        reading = asyncio.create_task(read())
        done, _ = await asyncio.wait({reading}, timeout=20 if slots == 2 else 0.4)
        assert (reading in done) is (slots == 2)
    assert await reading == 1
    await asyncio.gather(*writers, return_exceptions=True)
    await engine.dispose()


async def test_a_writer_without_a_slot_is_told_and_writes_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(perform, "_PATIENCE_FOR_A_SLOT_SECONDS", 0.05)
    writer = replace(scene.writer, slots=asyncio.Semaphore(0))
    command = AssignTicket(ticket_id=await scene.ticket(), technician_id=scene.world.technicians["ann"])

    with pytest.raises(TimeoutError):
        await assign_ticket(writer, scene.actor("dispatcher"), command)


async def test_a_lock_is_not_waited_for_as_long_as_a_statement_may_take(
    scene: Scene, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.db.transaction.LONGEST_LOCK_WAIT_MS", 100)
    command = AssignTicket(ticket_id=await scene.ticket(), technician_id=scene.world.technicians["ann"])

    async with _held(scene, database_url):
        with pytest.raises(DBAPIError) as refused:
            await assign_ticket(scene.writer, scene.actor("dispatcher"), command)

    assert getattr(refused.value.orig, "sqlstate", None) == "55P03"
