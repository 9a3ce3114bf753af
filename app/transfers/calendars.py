"""Gives calendars to whoever has an address of theirs: technicians' feeds, and single appointments."""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from app.db.transaction import UNREACHABLE, Mode, transaction
from app.domain.calendar_addresses import CalendarAddresses, FeedKey
from app.domain.file_addresses import BadAddress
from app.services.invitations.calendar_feeds import feed, single
from app.transfers.answers import Headers, problem

_HARMLESS: Headers = (
    (b"content-type", b"text/calendar; charset=utf-8"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox"),
    (b"referrer-policy", b"no-referrer"),
    # Kept by whoever asked alone, and asked for anew each time: it may have been revoked.
    (b"cache-control", b"private, no-cache"),
    (b"content-disposition", b'attachment; filename="appointments.ics"'),
)
# Whatever is wrong with an address, it is told the same.
_NOTHING = "There is no such calendar."


class Calendars:
    """Answers GET and HEAD under the addresses of calendars."""

    def __init__(
        self,
        engine: AsyncEngine,
        addresses: CalendarAddresses,
        clock: Callable[[], datetime],
        more: Callable[[str | None], Headers],
    ) -> None:
        self._engine = engine
        self._addresses = addresses
        self._clock = clock
        self._more = more

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        more = self._more(request.headers.get("origin"))
        if request.method not in {"GET", "HEAD"}:
            await problem(405, "Calendars are had by GET.", ((b"allow", b"GET, HEAD"),)).send(send, more)
            return
        try:
            text = await self._text(request.path_params["name"])
        except UNREACHABLE:
            await problem(503, "The database is not available.", ((b"retry-after", b"5"),)).send(send, more)
            return
        if text is None:
            await problem(404, _NOTHING).send(send, more)
            return
        await _give(request, text, send, more)

    async def _text(self, name: str) -> bytes | None:
        now = self._clock()
        try:
            key = self._addresses.read(name, now)
        except BadAddress:
            return None
        async with transaction(self._engine, key.organization_id, mode=Mode.READ) as connection:
            if isinstance(key, FeedKey):
                return await feed(connection, key, now)
            return await single(connection, key)


async def _give(request: Request, text: bytes, send: Send, more: Headers) -> None:
    tag = f'"{sha256(text).hexdigest()[:32]}"'
    headers = [*_HARMLESS, *more, (b"etag", tag.encode())]
    known = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if known & {tag, "*"}:
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    headers.append((b"content-length", b"%d" % len(text)))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else text})
