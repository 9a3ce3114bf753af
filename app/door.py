"""Where every request comes in: it gets an id, and goes to GraphQL or to the routes beside it."""

from itertools import count
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.logs import begin_request
from schema.execution.http import HttpEndpoint
from schema.sheets.exports import Exports

GRAPHQL_PATH = "/graphql"
_REQUEST_ID = b"x-request-id"
_LONGEST_REQUEST_ID = 64


class Door:
    """Gives each request an id, the client's own where it is a plain one, and lets it in.

    GraphQL goes straight to its endpoints, which tell the id themselves: routing would cost as much as
    answering. Everything else goes to Starlette.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.graphql: HttpEndpoint | None = None
        self.sockets: ASGIApp | None = None
        self.exports: tuple[Exports, ...] = ()
        self._ids = count(1)
        self._run = uuid4().hex[:16]

    def end(self) -> None:
        """Let what takes long come to its end: the server is about to stop."""
        if self.graphql is not None:
            self.graphql.end()
        for each in self.exports:
            each.end()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request in."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        request_id = next((_plain(value) for name, value in scope["headers"] if name == _REQUEST_ID), None)
        scope["request_id"] = request_id = request_id or f"{self._run}{next(self._ids):016x}"
        # Each request has a task of its own, and so a context.
        begin_request(request_id)
        if self.graphql is not None and scope["type"] == "http" and scope["path"] == GRAPHQL_PATH:
            await self.graphql(scope, receive, send)
        elif self.sockets is not None and scope["type"] == "websocket" and scope["path"] == GRAPHQL_PATH:
            await self.sockets(scope, receive, send)
        else:
            await self._app(scope, receive, _answering(send, request_id))


def _plain(sent: bytes) -> str | None:
    text = sent.decode("latin-1")
    plain = 0 < len(text) <= _LONGEST_REQUEST_ID and text.isascii() and text.replace("-", "").isalnum()
    return text if plain else None


def _answering(send: Send, request_id: str) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), (_REQUEST_ID, request_id.encode())]}
        await send(message)

    return answer
