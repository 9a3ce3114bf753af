"""One reader's way through the log: what it missed, page by page, then what happens now."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.db import log
from app.db.transaction import UNREACHABLE, system_transaction
from app.domain.cursors import CursorCodec, UnknownCursor
from app.domain.events import Event
from app.live.follower import Lagged
from app.live.hub import Hub

_PAGE = 200
_RETRY_SECONDS = 1.0

logger = structlog.get_logger(__name__)


class ResetReason(StrEnum):
    """Why a stream does not go on from where its reader was."""

    CURSOR_EXPIRED = "CURSOR_EXPIRED"
    CURSOR_UNKNOWN = "CURSOR_UNKNOWN"
    LAGGED = "LAGGED"
    PERMISSIONS_CHANGED = "PERMISSIONS_CHANGED"


@dataclass(frozen=True, slots=True)
class Ready:
    """The replay is over, `replayed` events of it were the reader's; live from here."""

    position: int
    replayed: int


@dataclass(frozen=True, slots=True)
class Reset:
    """Refetch; the stream goes on from `position`."""

    position: int
    reason: ResetReason


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Nothing is lost up to `position`; the server's time is `at`."""

    position: int
    at: datetime


Step = Event | Ready | Reset | Heartbeat


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What every reader of the log needs of the process."""

    engine: AsyncEngine
    hub: Hub
    codec: CursorCodec
    epoch: UUID
    clock: Callable[[], datetime]
    heartbeat_seconds: float = 20.0
    replay_for: timedelta = timedelta(days=30)

    async def place(self, organization_id: UUID, after: str | None) -> int | Reset:
        """Return the position of a cursor, or why the reader must refetch and from where it goes on."""
        await self.hub.start_following(organization_id)
        async with system_transaction(self.engine) as connection:
            return await self.place_in(connection, organization_id, after)

    async def place_in(self, connection: AsyncConnection, organization_id: UUID, after: str | None) -> int | Reset:
        """Return the same, as one look at the database has it."""
        # Not where the hub stands: it may be behind, and what is committed by now is not live.
        head = await log.head(connection, organization_id)
        if after is None:
            return head
        try:
            at = self.codec.decode(after)
        except UnknownCursor:
            return Reset(head, ResetReason.CURSOR_UNKNOWN)
        if at.organization_id != organization_id or at.epoch != self.epoch or at.position > head:
            return Reset(head, ResetReason.CURSOR_UNKNOWN)
        since = self.clock() - self.replay_for
        oldest = await log.first_replayable(connection, organization_id, since=since)
        return Reset(head, ResetReason.CURSOR_EXPIRED) if at.position < oldest else at.position

    async def page(self, organization_id: UUID, after: int, limit: int) -> list[Event]:
        """Return the next events after a position, at most `limit`."""
        async with system_transaction(self.engine) as connection:
            return await log.read(connection, organization_id, after=after, limit=limit)

    async def follow(
        self, organization_id: UUID, after: str | None, *, wanted: Callable[[Event], bool]
    ) -> AsyncGenerator[Step, None]:
        """Yield what was missed since `after`, Ready, then everything as it happens; never ends.

        Every event is yielded, in order, once; `wanted` only decides what counts as replayed. Everything
        is read at the reader's own pace and never queued without bound.
        """
        position: int | Reset = await self.place(organization_id, after)
        if isinstance(position, Reset):
            yield position
            position = position.position
        replayed = 0
        while not self.hub.is_level(organization_id, position):
            for event in await self.page(organization_id, position, _PAGE):
                replayed += wanted(event)
                position = event.position
                yield event
        yield Ready(position, replayed)
        async for step in self.tail(organization_id, position):
            yield step

    async def tail(self, organization_id: UUID, position: int) -> AsyncGenerator[Event | Heartbeat, None]:
        """Yield everything after a position as it happens, and heartbeats meanwhile; never ends."""
        async with aclosing(self.batches(organization_id, position)) as batches:
            async for batch in batches:
                for step in batch:
                    yield step

    async def batches(self, organization_id: UUID, position: int) -> AsyncGenerator[Sequence[Event | Heartbeat], None]:
        """Yield the same, together what came together.

        Whoever takes their time is told what the hub's queue could not hold from the database.
        """
        loop = asyncio.get_running_loop()
        next_beat = loop.time() + self.heartbeat_seconds
        while True:
            with self.hub.joined(organization_id, position) as follower, suppress(Lagged):
                while follower is not None:
                    try:
                        async with asyncio.timeout_at(next_beat):
                            batch: Sequence[Event | Heartbeat] = await follower.all()
                    except TimeoutError:
                        next_beat = loop.time() + self.heartbeat_seconds
                        batch = [Heartbeat(position, self.clock())]
                    position = batch[-1].position
                    yield batch
            page = await self._page_in_the_end(organization_id, position)
            if page:
                position = page[-1].position
                yield page

    async def _page_in_the_end(self, organization_id: UUID, position: int) -> list[Event]:
        """Return the next page, waiting for a database that is away: whoever lives on events outlives that."""
        while True:
            try:
                return await self.page(organization_id, position, _PAGE)
            except UNREACHABLE as lost:
                logger.warning("log.read_failed", reason=type(lost).__name__)
                await asyncio.sleep(_RETRY_SECONDS)
