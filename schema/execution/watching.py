"""Work that nobody waits for any longer is ended."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.types import Receive

# Most answers are sent before that, and a task for each request would cost more than it saves.
_AFTER_SECONDS = 0.1


@dataclass(slots=True)
class Watch:
    """Whether the client has gone away."""

    gone: bool = False


@asynccontextmanager
async def watched(receive: Receive) -> AsyncIterator[Watch]:
    """Cancel the block when the client goes away; the block then ends without an error, with `gone` set."""
    watch = Watch()
    work = asyncio.current_task()
    watcher: asyncio.Task[None] | None = None

    async def look() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        watch.gone = True
        if work is not None:
            work.cancel()

    def begin() -> None:
        nonlocal watcher
        watcher = asyncio.get_running_loop().create_task(look())

    timer = asyncio.get_running_loop().call_later(_AFTER_SECONDS, begin)
    try:
        yield watch
        if watch.gone:
            # The client went just as the work was done: let the cancellation arrive here and nowhere else.
            await asyncio.sleep(0)
    except asyncio.CancelledError:
        if not watch.gone:
            raise
        if work is not None:
            work.uncancel()
    finally:
        timer.cancel()
        if watcher is not None:
            watcher.cancel()
