"""The hub: reads each new row of the log once per process and hands it to whoever follows.

A follower gets every event after the position at which it joined, in order, once.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.db import log
from app.db.transaction import UNREACHABLE, system_transaction
from app.domain.events import Event
from app.live.follower import LONGEST_QUEUE, Follower
from app.live.wakeups import WakeUps

# Less than a follower's queue: whoever keeps up empties it while the next page is read, so that
# a burst of any length resets only those who are slow.
_PAGE = LONGEST_QUEUE // 2

logger = structlog.get_logger(__name__)

Watcher = Callable[[Event], None]


class Hub:
    """Follows the logs of the organisations somebody in this process cares about.

    It is woken by `wake` in the same process, by the wake-ups of others, and by a poll each
    `poll_seconds` in case either got lost.
    """

    def __init__(self, engine: AsyncEngine, wake_ups: WakeUps, *, poll_seconds: float = 1.0) -> None:
        self._engine = engine
        self._poll_seconds = poll_seconds
        self._wake_ups = wake_ups
        self._stirred = asyncio.Event()
        self._positions: dict[UUID, int] = {}
        self._followers: dict[UUID, set[Follower]] = {}
        self._watchers: list[Watcher] = []

    async def run(self) -> None:
        """Read and hand out until cancelled; a failing database is tried again."""
        listening = asyncio.create_task(self._wake_ups.run(self._hear))
        try:
            while True:
                await self._wait()
                try:
                    await self._catch_up()
                except UNREACHABLE as lost:
                    logger.warning("hub.read_failed", reason=type(lost).__name__)
                except Exception:
                    logger.exception("hub.read_failed")
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    def wake(self, organization_id: UUID) -> None:
        """Say that the organisation's log has grown; call it after the commit."""
        if organization_id in self._positions:
            self._stir()
        self._wake_ups.tell(organization_id)

    def watch(self, watcher: Watcher) -> None:
        """Call `watcher` with every event of every followed organisation, before its followers."""
        self._watchers.append(watcher)

    async def start_following(self, organization_id: UUID) -> int:
        """Follow an organisation's log from now on; return the position up to which it is read."""
        if organization_id not in self._positions:
            async with system_transaction(self._engine) as connection:
                head = await log.head(connection, organization_id)
            self._positions.setdefault(organization_id, head)
        return self._positions[organization_id]

    @property
    def positions(self) -> Mapping[UUID, int]:
        """How far the logs that are followed have been read."""
        return self._positions

    def is_level(self, organization_id: UUID, position: int) -> bool:
        """Tell whether somebody at this position has missed nothing that the hub has handed out."""
        return self._positions[organization_id] <= position

    @contextmanager
    def joined(self, organization_id: UUID, position: int) -> "Iterator[Follower | None]":
        """Follow live from `position`; None when the hub has already read further than that.

        The caller then replays up to the hub's position and tries again: nothing lies between.
        """
        if not self.is_level(organization_id, position):
            yield None
            return
        follower = Follower(position)
        members = self._followers.setdefault(organization_id, set())
        members.add(follower)
        try:
            yield follower
        finally:
            members.discard(follower)
            if not members:
                self._followers.pop(organization_id, None)

    def _hear(self, grown: Collection[UUID] | None) -> None:
        if grown is None or not self._positions.keys().isdisjoint(grown):
            self._stir()

    def _stir(self) -> None:
        self._stirred.set()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._poll_seconds):
                await self._stirred.wait()
        except TimeoutError:
            return
        finally:
            self._stirred.clear()

    async def _catch_up(self) -> None:
        if not self._positions:
            return
        async with system_transaction(self._engine) as connection:
            heads = await log.heads(connection, list(self._positions))
            for organization_id, head in heads.items():
                try:
                    await self._read_up_to(connection, organization_id, head)
                except UNREACHABLE:
                    raise
                except Exception:
                    # What cannot be read in one organisation's log must not silence the others'.
                    logger.exception("hub.unreadable", organization_id=str(organization_id))

    async def _read_up_to(self, connection: AsyncConnection, organization_id: UUID, head: int) -> None:
        while self._positions[organization_id] < head:
            after = self._positions[organization_id]
            page = await log.read(connection, organization_id, after=after, limit=_PAGE, until=head)
            if not page:
                logger.error("log.gap", organization_id=str(organization_id), after=after, head=head)
                return
            self._hand_out(organization_id, page)

    def _hand_out(self, organization_id: UUID, page: list[Event]) -> None:
        self._positions[organization_id] = page[-1].position
        followers = list(self._followers.get(organization_id, ()))
        for event in page:
            for watcher in self._watchers:
                watcher(event)
            for follower in followers:
                follower.offer(event)
