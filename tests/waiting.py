"""Waiting for what will come to be so, as long as a slow machine may need."""

import asyncio
import time
from collections.abc import Awaitable, Callable

PATIENCE_SECONDS = 20.0
_LOOK_SECONDS = 0.002


async def until(holds: Callable[[], bool], within: float = PATIENCE_SECONDS) -> None:
    """Wait until this is so. Raises TimeoutError."""

    async def asked() -> bool:
        return holds()

    await until_said(asked, within)


async def until_said(asked: Callable[[], Awaitable[bool]], within: float = PATIENCE_SECONDS) -> None:
    """Wait until this is the answer to a question. Raises TimeoutError."""
    deadline = time.monotonic() + within
    while not await asked():
        if time.monotonic() > deadline:
            raise TimeoutError("it did not come to be so")
        await asyncio.sleep(_LOOK_SECONDS)
