"""What the routes of files answer when they have no file to answer with."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import orjson
from starlette.types import Send

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A short answer."""

    status: int
    body: bytes = b""
    headers: Headers = ()

    async def send(self, send: Send, more: Headers = ()) -> None:
        """Send it."""
        async with self.sending(send, more):
            pass

    @asynccontextmanager
    async def sending(self, send: Send, more: Headers = ()) -> AsyncIterator[None]:
        """Send all of it, and say that it was all after the block."""
        headers = [*self.headers, *more, (b"cache-control", b"no-store")]
        if self.status != 204:
            headers += [(b"content-length", b"%d" % len(self.body)), (b"content-type", b"application/problem+json")]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        yield
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def problem(status: int, words: str, headers: Headers = ()) -> Answer:
    """Return an answer that says what is wrong (RFC 9457)."""
    return Answer(status, orjson.dumps({"status": status, "detail": words}), headers)
