"""Event buses that run for a block, and what they heard."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from app.integrations.bus_drivers import driver_of
from app.integrations.event_bus import EventBus, Timing
from tests.waiting import PATIENCE_SECONDS, until

SUBJECT = "fieldgraph.wake.tests"
SOON = Timing(beat_seconds=0.2, patience_seconds=1.0, retry_seconds=0.2, retry_refused_seconds=0.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One process on the bus; `heard` are the wake-ups as the hub gets them, latest last."""

    bus: EventBus
    heard: list[frozenset[UUID] | None] = field(default_factory=list)

    def hear(self, grown: Collection[UUID] | None) -> None:
        """Note a wake-up; the beats, which name nobody, aside."""
        if grown is None or grown:
            self.heard.append(None if grown is None else frozenset(grown))

    async def until(self, *, connected: bool, within: float = PATIENCE_SECONDS) -> None:
        """Wait until it is connected, or no longer is."""
        await until(lambda: self.bus.is_connected() is connected, within)

    async def until_told(self, word: UUID, within: float = PATIENCE_SECONDS) -> None:
        """Wait until it has heard of this, whatever it may have heard since."""
        await until(lambda: frozenset({word}) in self.heard, within)

    async def until_heard(self, *expected: frozenset[UUID] | None, within: float = PATIENCE_SECONDS) -> None:
        """Wait until these are the latest wake-ups."""
        await until(lambda: tuple(self.heard[-len(expected) :]) == expected, within)


async def acquainted(*parties: Party) -> None:
    """Wait until each has heard each say a word of its own: whatever they said when they came is past then."""
    for each in parties:
        word = uuid4()
        each.bus.tell(word)
        for other in parties:
            if other is not each:
                await other.until_told(word)


async def ended(task: "asyncio.Task[None]") -> None:
    """Cancel a task until it ends: a driver may keep a cancellation to itself."""
    for _ in range(20):
        task.cancel()
        await asyncio.wait([task], timeout=0.5)
        if task.done():
            return
    raise TimeoutError("the bus went on though it was cancelled")


@asynccontextmanager
async def party(url: str, timing: Timing = SOON) -> AsyncIterator[Party]:
    """Carry wake-ups until the block ends; it need not be connected yet."""
    joined = Party(bus=EventBus(driver_of(url), url, SUBJECT, timing=timing))
    task = asyncio.create_task(joined.bus.run(joined.hear))
    try:
        yield joined
    finally:
        await ended(task)


@asynccontextmanager
async def connected(url: str, timing: Timing = SOON) -> AsyncIterator[Party]:
    """Carry wake-ups until the block ends, connected from its beginning on."""
    async with party(url, timing) as joined:
        await joined.until(connected=True)
        yield joined
