"""A subscription over HTTP: server-sent events, one connection for each, as `graphql-sse` has it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import orjson
from starlette.types import Receive, Send

from app.auth.actors import UnknownUser
from app.auth.attendance import Attendance
from app.live.groups import Told
from schema.execution.callers import Caller
from schema.execution.failures import failure
from schema.execution.negotiation import EVENT_STREAM
from schema.execution.outbox import Channel, Outbox
from schema.execution.responses import Headers
from schema.execution.telling import NotBegun

# A client that takes nothing for so long is given up.
_STUCK_SECONDS = 20.0
_KEPT_ALIVE_SECONDS = 10.0
_LAST_SECONDS = 1.0
_COMPLETE = "event: complete\ndata:\n\n"

# Fills a channel until there is nothing more to tell.
Follow = Callable[[Channel], Awaitable[None]]


async def stream(
    follow: Follow,
    caller: Caller,
    attendance: Attendance,
    ending: asyncio.Event,
    receive: Receive,
    send: Send,
    headers: Headers,
) -> None:
    """Send what is told as it comes until that ends, the client goes, or its token is no longer good.

    When the server is `ending` the stream is over without being complete, so that its client comes again.
    """
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-type", f"{EVENT_STREAM}; charset=utf-8".encode()),
                (b"cache-control", b"no-cache"),
                (b"x-accel-buffering", b"no"),
                *headers,
            ],
        }
    )
    outbox = Outbox()

    async def sent(texts: Sequence[str]) -> None:
        await send({"type": "http.response.body", "body": "".join(texts).encode(), "more_body": True})

    telling = asyncio.create_task(_told(follow, outbox))
    banned = attendance.banned(caller.claims, caller.source, caller.ip)
    works = (outbox.write(sent), _gone(receive), ending.wait(), banned, _expired(caller), _kept_alive(outbox))
    writing, gone, ended, *_ = rest = [asyncio.create_task(_until_over(each)) for each in works]
    try:
        done, _ = await asyncio.wait([telling, *rest], return_when=asyncio.FIRST_COMPLETED)
        if telling in done:
            # Everything is in the outbox, and its reader may be slow.
            with suppress(TimeoutError):
                async with asyncio.timeout(_STUCK_SECONDS):
                    await outbox.emptied()
        if not gone.done() and not writing.done():
            # One at a time; what it was sending is sent.
            writing.cancel()
            last = b"" if ended.done() else _COMPLETE.encode()
            with suppress(TimeoutError):
                # A client that does not read does not hear of the end either.
                async with asyncio.timeout(_LAST_SECONDS):
                    await send({"type": "http.response.body", "body": last})
    finally:
        for each in (telling, *rest):
            each.cancel()
        await asyncio.gather(telling, *rest, return_exceptions=True)


async def _until_over(work: Awaitable[Any]) -> None:
    await work


async def _told(follow: Follow, outbox: Outbox) -> None:
    try:
        await follow(Channel(outbox, _event))
    except UnknownUser:
        return
    except NotBegun as error:
        await _last(outbox, {"errors": error.errors})
    except Exception as error:  # noqa: BLE001  # the stream ends with what went wrong, masked
        await _last(outbox, {"errors": [failure(error)]})


async def _last(outbox: Outbox, result: dict[str, Any]) -> None:
    await outbox.put(_event(Told(0, orjson.dumps(result).decode())))


def _event(told: Told) -> str:
    # A browser that comes back by itself says in Last-Event-ID what it was told last.
    place = f"id: {told.cursor}\n" if told.cursor else ""
    return f"event: next\n{place}data: {told.text}\n\n"


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _expired(caller: Caller) -> None:
    left = caller.claims.expires_at - caller.process.clock()
    await asyncio.sleep(max(0.0, left.total_seconds()))


async def _kept_alive(outbox: Outbox) -> None:
    """Say something now and then, so that nobody between takes the connection for dead; end with a stuck client."""
    time = asyncio.get_running_loop().time
    while outbox.stuck_for(time()) <= _STUCK_SECONDS:
        await asyncio.sleep(_KEPT_ALIVE_SECONDS)
        if outbox.is_empty:
            await outbox.put(":\n\n")
