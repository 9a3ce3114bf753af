"""What waits to be sent on one connection: in order, within bounds, by one writer."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from weakref import WeakSet

from app.live.groups import Told

# As many live messages may wait of one subscription, and as many of all others before they wait themselves.
LONGEST = 256
# As many characters leave together.
_TOGETHER = 65_536


# Those of all connections of the process, for whoever watches it.
OPEN: "WeakSet[Outbox]" = WeakSet()


class Outbox:
    """A queue that ends in a connection. Texts are spelled when they are sent, so that what waits is shared."""

    def __init__(self) -> None:
        OPEN.add(self)
        self._waiting: deque[tuple[Channel, Told] | str] = deque()
        self._filled = asyncio.Event()
        self._room = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._since: float | None = None

    def __len__(self) -> int:
        """Return how many texts wait."""
        return len(self._waiting)

    def __bool__(self) -> bool:
        """Be there, however many texts wait."""
        return True

    @property
    def is_empty(self) -> bool:
        """Whether everything is sent."""
        return self._empty.is_set()

    async def emptied(self) -> None:
        """Wait until everything is sent."""
        await self._empty.wait()

    async def put(self, text: str) -> None:
        """Add a text once there is room."""
        await self.room()
        self._add(text)

    async def room(self) -> None:
        """Wait until there is room."""
        while len(self._waiting) >= LONGEST:
            self._room.clear()
            await self._room.wait()

    def push(self, channel: "Channel", told: Told) -> None:
        """Add what a channel is told, at once: it has a bound of its own."""
        self._add((channel, told))

    def _add(self, entry: "tuple[Channel, Told] | str") -> None:
        self._waiting.append(entry)
        self._empty.clear()
        self._filled.set()

    def stuck_for(self, now: float) -> float:
        """Return for how many seconds of the loop's clock the writer has waited for the client to read."""
        return 0.0 if self._since is None else now - self._since

    async def write(self, send: Callable[[Sequence[str]], Awaitable[None]]) -> None:
        """Send what waits, together what waits together, until cancelled."""
        time = asyncio.get_running_loop().time
        waiting = self._waiting
        while True:
            while waiting:
                self._since = time()
                await send(self._next())
                self._since = None
                if len(waiting) < LONGEST:
                    self._room.set()
            self._filled.clear()
            self._empty.set()
            await self._filled.wait()

    def _next(self) -> Sequence[str]:
        waiting, found, size = self._waiting, [], 0
        while waiting and size < _TOGETHER:
            entry = waiting.popleft()
            text = entry if isinstance(entry, str) else entry[0].take(entry[1])
            found.append(text)
            size += len(text)
        return found


class Channel:
    """One subscription's way into the outbox; `spell` makes the message that travels of what it is told."""

    __slots__ = ("_empty", "_outbox", "_spell", "_waiting")

    def __init__(self, outbox: Outbox, spell: Callable[[Told], str]) -> None:
        self._outbox = outbox
        self._spell = spell
        self._waiting = 0
        self._empty: asyncio.Event | None = None

    async def send(self, told: Told) -> None:
        """Send after all others, waiting while the client is behind."""
        await self._outbox.room()
        self._push(told)

    def offer(self, told: Told) -> bool:
        """Send after all others, or not at all where the client is too far behind."""
        if self._waiting >= LONGEST:
            return False
        self._push(told)
        return True

    async def emptied(self) -> None:
        """Wait until everything of it is on its way."""
        if self._waiting:
            self._empty = asyncio.Event()
            await self._empty.wait()

    def take(self, told: Told) -> str:
        """Return the message for what is sent now."""
        self._waiting -= 1
        if not self._waiting and self._empty is not None:
            self._empty.set()
        return self._spell(told)

    def _push(self, told: Told) -> None:
        self._waiting += 1
        self._outbox.push(self, told)
