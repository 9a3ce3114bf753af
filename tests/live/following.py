"""A hub that runs for a block, and readers of it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import now
from app.db import log
from app.db.engine import open_engine
from app.db.notifications import Notifications
from app.db.transaction import system_transaction, transaction
from app.domain.cursors import CursorCodec, LogPosition
from app.domain.events import Event
from app.live.hub import Hub
from app.live.replay import Log, Step
from app.live.wakeups import WakeUps
from tests.db.racing import append, told
from tests.waiting import PATIENCE_SECONDS
from tests.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What one server process has of the log: a hub with connections of its own."""

    engine: AsyncEngine
    hub: Hub
    log: Log

    def cursor(self, world: World, position: int) -> str:
        """Return the cursor of a position."""
        return self.log.codec.encode(
            LogPosition(organization_id=world.organization_id, epoch=self.log.epoch, position=position)
        )

    def follow(self, world: World, after: str | None = None) -> AsyncGenerator[Step, None]:
        """Follow the world's log."""
        return self.log.follow(world.organization_id, after, wanted=lambda _: True)

    async def write(self, world: World, count: int = 1, *, wake: bool = True) -> int:
        """Commit a change of some events and wake readers; return the new head."""
        async with transaction(self.engine, world.organization_id) as connection:
            head = await append(connection, world.actor("dispatcher"), [told(n) for n in range(count)], now=now())
        if wake:
            self.hub.wake(world.organization_id)
        return head


@asynccontextmanager
async def running(
    url: str,
    *,
    poll_seconds: float = 1.0,
    heartbeat_seconds: float = 20.0,
    replay_for: timedelta = timedelta(days=30),
    wake_ups: WakeUps | None = None,
) -> AsyncIterator[Process]:
    """Run a process's hub until the block ends, woken by PostgreSQL unless by something else."""
    engine, listener = open_engine(url, size=12), open_engine(url, size=1, application="fieldgraph listener")
    async with system_transaction(engine) as connection:
        identity = await log.identity(connection)
    hub = Hub(engine, wake_ups or Notifications(listener), poll_seconds=poll_seconds)
    task = asyncio.create_task(hub.run())
    reader = Log(
        engine=engine,
        hub=hub,
        codec=CursorCodec(identity.cursor_key),
        epoch=identity.epoch,
        clock=now,
        heartbeat_seconds=heartbeat_seconds,
        replay_for=replay_for,
    )
    try:
        yield Process(engine=engine, hub=hub, log=reader)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await listener.dispose()
        await engine.dispose()


async def take(steps: AsyncGenerator[Step, None], count: int, *, within: float = PATIENCE_SECONDS) -> list[Step]:
    """Return the next steps."""
    async with asyncio.timeout(within):
        return [await anext(steps) for _ in range(count)]


async def positions_until(
    steps: AsyncGenerator[Step, None], last: int, *, within: float = PATIENCE_SECONDS
) -> list[int]:
    """Return the positions of the events up to and with `last`."""
    found: list[int] = []
    async with asyncio.timeout(within):
        async for step in steps:
            if isinstance(step, Event):
                found.append(step.position)
                if step.position == last:
                    break
    return found
