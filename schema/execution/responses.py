"""An HTTP response as it is sent: status, headers, bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.types import Send

from schema.execution.negotiation import GRAPHQL, HTML, JSON

Headers = Sequence[tuple[bytes, bytes]]

_TYPES = {media: (b"content-type", f"{media}; charset=utf-8".encode()) for media in (JSON, GRAPHQL, HTML)}


# Not frozen, as one is made for every request and freezing triples what that takes.
@dataclass(slots=True, eq=False)
class Reply:
    """A whole response."""

    status: int
    body: bytes
    media: str = JSON
    headers: Headers = ()

    async def send(self, send: Send, more: Headers = ()) -> None:
        """Send it, with more headers than its own."""
        headers = [
            _TYPES[self.media],
            (b"content-length", b"%d" % len(self.body)),
            *self.headers,
            *more,
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def problem(
    status: int, message: str, *, code: str = "BAD_USER_INPUT", media: str = JSON, headers: Headers = ()
) -> Reply:
    """Return the refusal of a request."""
    return told(status, {"errors": [{"message": message, "extensions": {"code": code}}]}, media, headers)


def told(status: int, body: dict[str, Any], media: str = JSON, headers: Headers = ()) -> Reply:
    """Return a response that is not yet written."""
    return Reply(status, orjson.dumps(body), media, headers)
