"""Work that nobody waits for any longer, or that takes too long, is ended."""

import asyncio
from types import TracebackType
from typing import Self

from starlette.types import Receive

# Most answers are sent before anybody looks; a timer or a task for each request would cost more than it saves.
_LOOK_SECONDS = 0.05
_AFTER_SECONDS = 0.1


class Watch:
    """Looks now and then at what is being worked on in one loop."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.works: set[Watched] = set()
        self._looking = False
        self._until: float | None = None

    def over(self, receive: Receive, seconds: float | None) -> "Watched":
        """Return the block that is watched; None as `seconds` lets it take as long as it wants."""
        return Watched(self, receive, seconds)

    def add(self, work: "Watched") -> None:
        """Look at a piece of work until it is no more in `works`."""
        self.works.add(work)
        if not self._looking:
            self._looking = True
            self.loop.call_later(_LOOK_SECONDS, self._look)

    def hurry(self, seconds: float) -> None:
        """Let whatever has a bound take no longer than this from now on, and whatever comes."""
        self._until = self.loop.time() + seconds

    def _look(self) -> None:
        now = self.loop.time()
        late = self._until is not None and now >= self._until
        for work in list(self.works):
            work.look(now, late=late)
        if self.works:
            self.loop.call_later(_LOOK_SECONDS, self._look)
        else:
            self._looking = False


class Watched:
    """A block that is cancelled when its client goes away, and then ends without an error, with `gone` set.

    It raises TimeoutError when it takes longer than it may, by a look at most.
    """

    __slots__ = ("_began", "_late", "_receive", "_seconds", "_watch", "_watcher", "_work", "gone")

    def __init__(self, watch: Watch, receive: Receive, seconds: float | None) -> None:
        self.gone = False
        self._late = False
        self._watch = watch
        self._receive = receive
        self._seconds = seconds
        self._watcher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        loop = self._watch.loop
        self._work = asyncio.current_task(loop)
        self._began = loop.time()
        self._watch.add(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._watch.works.discard(self)
        if self._watcher is not None:
            self._watcher.cancel()
        if not (self.gone or self._late):
            return False
        if error is None:
            # It ended just as the work was done: let the cancellation arrive here and nowhere else.
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                kind = asyncio.CancelledError
        if kind is None or not issubclass(kind, asyncio.CancelledError):
            return False
        if self._work is not None:
            self._work.uncancel()
        if not self.gone:
            raise TimeoutError from error
        return True

    def look(self, now: float, *, late: bool) -> None:
        """End the work if it has a bound and it is late, by itself or with all; once it takes long, mind its client."""
        lasted = now - self._began
        if self._seconds is not None and (late or lasted >= self._seconds):
            self._late = True
            self._cancel()
        elif self._watcher is None and lasted >= _AFTER_SECONDS:
            self._watcher = self._watch.loop.create_task(self._listen())

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if not self._late:
            self.gone = True
            self._cancel()

    def _cancel(self) -> None:
        # Once: what then takes its time to end is not ended again.
        self._watch.works.discard(self)
        if self._work is not None:
            self._work.cancel()
