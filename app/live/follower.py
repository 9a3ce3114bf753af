"""A follower of the live log: what it has not consumed yet waits in a bounded queue."""

import asyncio
from collections import deque

from app.domain.events import Event

LONGEST_QUEUE = 256


class Lagged(Exception):
    """The follower was too slow; it goes on live, having missed what was dropped."""


class Follower:
    """One reader of the live log, with a queue of at most 256 events."""

    def __init__(self, position: int) -> None:
        self.position = position
        self._waiting: deque[Event] = deque()
        self._arrived = asyncio.Event()
        self._lagged = False

    def offer(self, event: Event) -> None:
        """Queue an event; one too many empties the queue instead of letting it grow."""
        if event.position <= self.position:
            return
        if len(self._waiting) >= LONGEST_QUEUE:
            self._waiting.clear()
            self._lagged = True
        if self._lagged:
            self.position = event.position
        else:
            self._waiting.append(event)
        self._arrived.set()

    async def next(self) -> Event:
        """Return the next event, waiting for it.

        Raises:
            Lagged: events were dropped; `position` is where the stream goes on.
        """
        await self._something()
        event = self._waiting.popleft()
        self.position = event.position
        return event

    async def all(self) -> list[Event]:
        """Return everything that has come, waiting for the first of it. Raises Lagged."""
        await self._something()
        events = list(self._waiting)
        self._waiting.clear()
        self.position = events[-1].position
        return events

    async def _something(self) -> None:
        while True:
            if self._lagged:
                self._lagged = False
                raise Lagged
            if self._waiting:
                return
            self._arrived.clear()
            await self._arrived.wait()
