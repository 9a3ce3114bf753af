"""Work that nobody waits for any longer, or that takes too long, is ended."""

import asyncio
from types import TracebackType
from typing import Self

from starlette.types import Receive

# Most answers are sent before that, and a task for each request would cost more than it saves.
_AFTER_SECONDS = 0.1


class Watched:
    """A block that is cancelled when its client goes away, and then ends without an error, with `gone` set.

    It raises TimeoutError when it takes longer than `seconds`.
    """

    __slots__ = ("_late", "_receive", "_seconds", "_timer", "_watcher", "_work", "gone")

    def __init__(self, receive: Receive, seconds: float | None) -> None:
        self.gone = False
        self._late = False
        self._receive = receive
        self._seconds = seconds
        self._watcher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._work = asyncio.current_task()
        self._timer = asyncio.get_running_loop().call_later(_AFTER_SECONDS, self._begin)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._timer.cancel()
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

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        self._watcher = loop.create_task(self._look())
        if self._seconds is not None:
            self._timer = loop.call_later(max(0.0, self._seconds - _AFTER_SECONDS), self._end)

    async def _look(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        self._cancel()

    def _end(self) -> None:
        self._late = True
        self._cancel()

    def _cancel(self) -> None:
        if self._work is not None:
            self._work.cancel()
