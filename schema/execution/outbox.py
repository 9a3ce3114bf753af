"""What waits to be sent on one connection: in order, within bounds, by one writer."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from app.live.groups import Told

# As many live messages may wait of one subscription, and as many of all others before they wait themselves.
LONGEST = 256


class Outbox:
    """A queue that ends in a connection. Texts are spelled when they are sent, so that what waits is shared."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Channel | None, str]] = deque()
        self._filled = asyncio.Event()
        self._room = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._since: float | None = None

    @property
    def is_empty(self) -> bool:
        """Whether everything is sent."""
        return self._empty.is_set()

    async def emptied(self) -> None:
        """Wait until everything is sent."""
        await self._empty.wait()

    async def put(self, text: str, channel: "Channel | None" = None) -> None:
        """Add a text once there is room."""
        while len(self._waiting) >= LONGEST:
            self._room.clear()
            await self._room.wait()
        self.push(text, channel)

    def push(self, text: str, channel: "Channel | None") -> None:
        """Add a text at once."""
        if channel is not None:
            channel.waiting += 1
        self._waiting.append((channel, text))
        self._empty.clear()
        self._filled.set()

    def stuck_for(self, now: float) -> float:
        """Return for how many seconds of the loop's clock the writer has waited for the client to read."""
        return 0.0 if self._since is None else now - self._since

    async def write(self, send: Callable[[str], Awaitable[None]]) -> None:
        """Send what waits until cancelled."""
        time = asyncio.get_running_loop().time
        waiting = self._waiting
        while True:
            while waiting:
                channel, text = waiting.popleft()
                if channel is not None:
                    channel.sent()
                    text = channel.head + text + channel.tail
                self._since = time()
                await send(text)
                self._since = None
                if len(waiting) < LONGEST:
                    self._room.set()
            self._filled.clear()
            self._empty.set()
            await self._filled.wait()


class Channel:
    """One subscription's way into the outbox; each of its texts is sent between a head and a tail."""

    __slots__ = ("_empty", "_outbox", "head", "tail", "waiting")

    def __init__(self, outbox: Outbox, head: str, tail: str) -> None:
        self._outbox = outbox
        self.head = head
        self.tail = tail
        self.waiting = 0
        self._empty: asyncio.Event | None = None

    async def emptied(self) -> None:
        """Wait until everything of it is sent."""
        if self.waiting:
            self._empty = asyncio.Event()
            await self._empty.wait()

    def sent(self) -> None:
        """Hear from the writer that one of its texts is on its way."""
        self.waiting -= 1
        if not self.waiting and self._empty is not None:
            self._empty.set()

    async def send(self, told: Told) -> None:
        """Send after all others, waiting while the client is behind."""
        await self._outbox.put(told.text, self)

    def offer(self, told: Told) -> bool:
        """Send after all others, or not at all where the client is too far behind."""
        if self.waiting >= LONGEST:
            return False
        self._outbox.push(told.text, self)
        return True
