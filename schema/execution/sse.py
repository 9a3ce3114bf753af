"""GraphQL over server-sent events, in the mode of distinct connections: one operation, one response that lasts."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import orjson
import structlog
from starlette.types import Receive, Send

from app.auth.actors import UnknownUser
from schema.execution.callers import Caller
from schema.execution.failures import UNREACHABLE, failure
from schema.execution.negotiation import EVENT_STREAM
from schema.execution.responses import Headers

# With the life of a cached actor below the five seconds in which a revoked token must be out.
_LOOK_AGAIN_SECONDS = 1.0
_KEPT_ALIVE_EVERY = 15
_COMPLETE = b"event: complete\ndata:\n\n"

log = structlog.get_logger(__name__)


async def stream(
    results: AsyncGenerator[dict[str, Any], None], caller: Caller, receive: Receive, send: Send, headers: Headers
) -> None:
    """Send each result as it comes until they end, the client goes, or its token is no longer good."""
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
    gone = asyncio.ensure_future(_gone(receive))
    try:
        async with aclosing(results):
            await _sent(results, caller, gone, send)
        if not gone.done():
            await send({"type": "http.response.body", "body": _COMPLETE})
    finally:
        gone.cancel()


async def _sent(
    results: AsyncGenerator[dict[str, Any], None], caller: Caller, gone: "asyncio.Future[None]", send: Send
) -> None:
    quiet = 0
    awaited = asyncio.ensure_future(anext(results))
    try:
        while True:
            either: set[asyncio.Future[Any]] = {awaited, gone}
            await asyncio.wait(either, timeout=_LOOK_AGAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if gone.done() or not await _may_stay(caller):
                return
            quiet += 1
            if awaited.done():
                try:
                    result = awaited.result()
                except StopAsyncIteration:
                    return
                except UnknownUser:
                    return
                except Exception as error:  # noqa: BLE001  # the stream ends with what went wrong, masked
                    result = {"errors": [failure(error)]}
                quiet = 0
                await send(_body(b"event: next\ndata: " + orjson.dumps(result) + b"\n\n"))
                awaited = asyncio.ensure_future(anext(results))
            elif quiet >= _KEPT_ALIVE_EVERY:
                quiet = 0
                await send(_body(b":\n\n"))
    finally:
        awaited.cancel()
        await asyncio.gather(awaited, return_exceptions=True)


def _body(data: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": True}


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _may_stay(caller: Caller) -> bool:
    if caller.claims.expires_at <= caller.process.clock():
        return False
    try:
        await caller.actor()
    except UnknownUser:
        return False
    except UNREACHABLE as error:
        # A database that is away for a moment bans nobody.
        log.warning("stream.caller_unknown", reason=type(error).__name__)
    return True
