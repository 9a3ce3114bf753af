"""Where every request comes in: it gets an id, and goes to GraphQL or to the routes beside it."""

from itertools import count
from uuid import uuid4

from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.logs import begin_request
from app.tracing.traces import UNTRACED, Step, Traces
from schema.execution.http import HttpEndpoint
from schema.sheets.exports import Exports

GRAPHQL_PATH = "/graphql"
_REQUEST_ID = b"x-request-id"
_LONGEST_REQUEST_ID = 64
_TRACEPARENT = b"traceparent"
_STREAM = b"text/event-stream"
# Whoever looks at a process looks all the time.
_WATCHING = frozenset({"/health", "/healthz", "/readyz", "/metrics"})


class Door:
    """Gives each request an id, the client's own where it is a plain one, and lets it in.

    GraphQL goes straight to its endpoints, which tell the id themselves: routing would cost as much as
    answering. Everything else goes to Starlette.
    """

    def __init__(self, app: ASGIApp, traces: Traces = UNTRACED) -> None:
        self._app = app
        self._traces = traces
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
        if self._traces.collected and scope["path"] not in _WATCHING:
            await self._traced(scope, receive, send, request_id)
        else:
            await self._enter(scope, receive, send, request_id)

    async def _traced(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        traceparent = next((value.decode("latin-1") for name, value in scope["headers"] if name == _TRACEPARENT), None)
        if scope["type"] == "websocket":
            # It may last for days; each of its operations is a step of the caller's trace by itself.
            self._traces.come_from(traceparent)
            await self._enter(scope, receive, send, request_id)
            return
        with self._traces.request(scope["method"], traceparent) as step:
            await self._enter(scope, receive, _telling(send, scope, step), request_id)

    async def _enter(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
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


def _telling(send: Send, scope: Scope, step: Step) -> Send:
    async def tell(message: Message) -> None:
        if message["type"] == "http.response.start":
            route = _route(scope)
            if route is not None:
                step.routed(route)
            step.answered(message["status"])
            if any(name == b"content-type" and value.startswith(_STREAM) for name, value in message.get("headers", ())):
                # It lasts as long as its client stays.
                step.over()
        await send(message)

    return tell


def _route(scope: Scope) -> str | None:
    """Return the pattern of the path, as its parts may open a file; None where nothing of ours is there."""
    if scope["path"] == GRAPHQL_PATH:
        return GRAPHQL_PATH
    route = scope.get("route")
    return route.path if isinstance(route, Route) else None


def _answering(send: Send, request_id: str) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), (_REQUEST_ID, request_id.encode())]}
        await send(message)

    return answer
