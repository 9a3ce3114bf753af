"""Work on agendas beside the event loop, a little of it at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import ParamSpec, TypeVar

# The interpreter lets one thread work at a time, and whoever waits for it waits for every other in turn, five
# milliseconds each: more threads find nothing sooner, and the event loop waits for them all. Two, so that who asks does
# not wait for another organisation's agenda to be laid out.
_THREADS = 2

_Given = ParamSpec("_Given")
_Found = TypeVar("_Found")


async def thought(work: Callable[_Given, _Found], *given: _Given.args, **named: _Given.kwargs) -> _Found:
    """Return what the work returns, done in a thread when it is its turn."""
    return await asyncio.get_running_loop().run_in_executor(_threads(), partial(work, *given, **named))


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="slots")
