"""Where technicians are, live: always the newest, for whoever follows; what was in between is forgotten.

Each process looks at the locations of the organisations that somebody in it follows, once a second.
That is as often as anybody is told, so nobody has to wake it; whatever process a phone reports to.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from itertools import islice
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db import locations
from app.db.locations import Location
from app.db.transaction import UNREACHABLE, Mode, transaction

_MOST_AT_ONCE = 50

logger = structlog.get_logger(__name__)


class LocationFollower:
    """One reader of an organisation's locations.

    Of each technician the newest waits, and takes the place of what waited before: however slow the
    reader is, no more waits than there are technicians. Nobody is told of twice within the interval.
    """

    def __init__(self, known: Mapping[UUID, Location], *, interval_seconds: float) -> None:
        self._waiting = dict(known)
        self._interval = interval_seconds
        self._not_before: dict[UUID, float] = {}
        self._arrived = asyncio.Event()

    def offer(self, location: Location) -> None:
        """Put a newer location in the place of the one that waits."""
        self._waiting[location.technician_id] = location
        self._arrived.set()

    async def due(self) -> list[UUID]:
        """Return technicians whose location may be told now, longest waiting first; wait until there is one."""
        while True:
            now = asyncio.get_running_loop().time()
            found = (each for each in self._waiting if self._not_before.get(each, now) <= now)
            due = list(islice(found, _MOST_AT_ONCE))
            if due:
                return due
            self._arrived.clear()
            soonest = min((self._not_before[each] for each in self._waiting), default=None)
            with suppress(TimeoutError):
                async with asyncio.timeout_at(soonest):
                    await self._arrived.wait()

    def take(self, technician_id: UUID) -> Location:
        """Return what waits of a technician, which then waits no longer."""
        self._not_before[technician_id] = asyncio.get_running_loop().time() + self._interval
        return self._waiting.pop(technician_id)


class Locations:
    """Knows where the technicians are of the organisations that somebody in this process follows."""

    def __init__(self, engine: AsyncEngine, *, look_seconds: float = 1.0) -> None:
        self._engine = engine
        self._look_seconds = look_seconds
        self._known: dict[UUID, dict[UUID, Location]] = {}
        self._followers: dict[UUID, set[LocationFollower]] = {}

    async def run(self) -> None:
        """Look and hand out until cancelled; a failing database is tried again."""
        while True:
            await asyncio.sleep(self._look_seconds)
            for organization_id in list(self._followers):
                try:
                    self._hand_out(organization_id, await self._read(organization_id))
                except UNREACHABLE as lost:
                    logger.warning("locations.read_failed", reason=type(lost).__name__)
                except Exception:
                    logger.exception("locations.read_failed")

    @asynccontextmanager
    async def followed(self, organization_id: UUID, *, interval_seconds: float) -> AsyncIterator[LocationFollower]:
        """Follow an organisation's locations: first where everybody is, then each that changes."""
        if organization_id not in self._known:
            found = await self._read(organization_id)
            self._known.setdefault(organization_id, found)
        follower = LocationFollower(self._known[organization_id], interval_seconds=interval_seconds)
        members = self._followers.setdefault(organization_id, set())
        members.add(follower)
        try:
            yield follower
        finally:
            members.discard(follower)
            if not members:
                self._followers.pop(organization_id, None)
                self._known.pop(organization_id, None)

    async def _read(self, organization_id: UUID) -> dict[UUID, Location]:
        async with transaction(self._engine, organization_id, mode=Mode.READ) as connection:
            return dict(await locations.read_all(connection, organization_id))

    def _hand_out(self, organization_id: UUID, found: Mapping[UUID, Location]) -> None:
        known = self._known.get(organization_id)
        if known is None:
            # Everybody left while it was read.
            return
        for technician_id, location in found.items():
            before = known.get(technician_id)
            # Of two looks at once the older one may come back last.
            if before is None or before.recorded_at < location.recorded_at:
                known[technician_id] = location
                for follower in self._followers.get(organization_id, ()):
                    follower.offer(location)
