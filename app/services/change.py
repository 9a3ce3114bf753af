"""A change under way: what it writes with, who makes it, and what it tells the log."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from app.domain.deliveries import Channel
from app.domain.erasures import Erased
from app.domain.events import CLOCK, NewEvent
from app.domain.impact import Impact
from app.domain.organizations import BookingRules
from app.domain.people import Actor
from app.domain.refusals import NoCandidate


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedItem:
    """Why one of many was left as it was: its place among them, the refusal's code, words, and path into the input."""

    place: int
    code: str
    message: str
    field: Sequence[str] | None = None


@dataclass(slots=True, kw_only=True)
class Change:
    """A change under way. Events are told in any order and logged as job, ticket, clock, other."""

    connection: AsyncConnection
    actor: Actor
    now: datetime
    id: UUID
    # How time is booked by organisations that have settled nothing themselves, and by which ways something can leave.
    booking_rules: BookingRules = field(default_factory=BookingRules)
    channels: frozenset[Channel] = frozenset()
    # The technicians whose queues have got or lost a job.
    queues: set[UUID] = field(default_factory=set)
    impact: Impact | None = None
    erased: Erased | None = None
    no_candidate: NoCandidate | None = None
    # What is to be thought about, now that it is written.
    warnings: list[str] = field(default_factory=list)
    refused: dict[UUID, RefusedItem] = field(default_factory=dict)
    # Rows of administration that were looked for and found, by table: they are not asked for again.
    present: set[tuple[str, UUID]] = field(default_factory=set)
    # Rows of administration that this change holds, as they are to be, by table.
    rows: dict[tuple[str, UUID], Mapping[str, Any]] = field(default_factory=dict)
    # Levels of tiers that were looked for and found.
    tier_levels: set[int] = field(default_factory=set)
    # Addresses in small letters that no user has; whoever writes sees to it that none gets one meanwhile.
    free_addresses: set[str] = field(default_factory=set)
    # Jobs whose appointments whoever ended them sees to.
    followed: set[UUID] = field(default_factory=set)
    _told: list[NewEvent] = field(default_factory=list)

    def tell(self, event: NewEvent) -> None:
        """Add an event to the log entry."""
        self._told.append(event)

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """Try a part of the change: if it raises, nothing of it was written or told, and the rest goes on."""
        told, queues = len(self._told), set(self.queues)
        attempt = await self.connection.begin_nested()
        try:
            yield
        except BaseException:
            await attempt.rollback()
            del self._told[told:]
            self.queues = queues
            raise
        await attempt.commit()

    def new_id(self) -> UUID:
        """Return a key for a new row; later keys sort after earlier ones."""
        return uuid7()

    @property
    def told(self) -> list[NewEvent]:
        """The events in the order in which the log keeps them."""
        rank = {"Assignment": 0, "Ticket": 1, CLOCK: 2}
        return sorted(self._told, key=lambda event: rank.get(event.kind, len(rank)))
