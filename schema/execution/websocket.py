"""GraphQL over websockets: the protocol `graphql-transport-ws`, and no other.

One connection carries many operations. Each runs in a task of its own and fills one bounded outbox,
from which one writer sends: a client that does not read holds up nobody but itself.
"""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import OperationType
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.auth.actors import UnknownUser
from app.auth.attendance import Attendance
from app.auth.claims import InvalidToken
from app.auth.jwks import KeysUnavailable
from app.db.transaction import UNREACHABLE
from app.domain.people import Actor
from app.domain.refusals import Invalid
from app.metrics.figures import Figures
from resolvers.context import Process
from schema.execution.answers import Answers
from schema.execution.callers import Caller, identify
from schema.execution.caps import Caps, TooMany
from schema.execution.closing import (
    BAD_MESSAGE,
    DUPLICATE,
    FORBIDDEN,
    GOING_AWAY,
    INIT_TIMEOUT,
    NOT_A_PROTOCOL,
    TOO_MANY,
    TOO_SLOW,
    UNAUTHORIZED,
    Closed,
)
from schema.execution.executing import refused
from schema.execution.failures import failure
from schema.execution.feeds import Feeds
from schema.execution.origins import Origins
from schema.execution.outbox import Channel, Outbox
from schema.execution.preparing import Prepared, Requests, Sent
from schema.execution.requests import BadRequest, GraphQLRequest, of_value
from schema.execution.telling import NotBegun
from schema.execution.traced import Traced
from schema.execution.trusted import DocumentRefused

PROTOCOL = "graphql-transport-ws"
# Where the server sends several texts at once, it says so by this extension.
TOGETHER = "websocket.send.texts"
INIT_SECONDS = 10.0
# A client that takes nothing for so long is given up.
STUCK_SECONDS = 20.0
_LOOK_SECONDS = 5.0
_CLOSING_SECONDS = 1.0


class Connection:
    """One websocket from its handshake to its end."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, endpoint: "WebSocketEndpoint") -> None:
        self._socket = WebSocket(scope, receive, send)
        self._send_message = send
        self._endpoint = endpoint
        self._process = endpoint.process
        self._user = ExitStack()
        self._caller: Caller | None = None
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._outbox = Outbox()
        self._ban = asyncio.Event()

    async def serve(self) -> None:
        """Serve the connection until either side ends it."""
        headers = self._socket.headers
        origins = self._endpoint.origins
        if not origins.admits(headers.get("origin"), headers.get("host"), headers.get("sec-fetch-site")):
            # Before it is accepted, closing answers with 403.
            await self._socket.close()
            return
        if PROTOCOL not in self._socket.scope.get("subprotocols", ()):
            await self._socket.accept()
            await self._socket.close(NOT_A_PROTOCOL, "Subprotocol not acceptable")
            return
        await self._socket.accept(subprotocol=PROTOCOL)
        try:
            with (
                self._endpoint.caps.from_address(self._ip),
                self._endpoint.figures.sockets,
                self._user,
            ):
                ended = await self._until_closed()
        except TooMany:
            ended = Closed(TOO_MANY, "Too many connections from this address")
        if ended is not None:
            self._endpoint.figures.closes.add(str(ended.code))
            # A client that does not read does not hear of it either.
            with suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
                async with asyncio.timeout(_CLOSING_SECONDS):
                    await self._socket.close(ended.code, ended.reason)

    @property
    def _ip(self) -> str | None:
        return None if self._socket.client is None else self._socket.client.host

    async def _until_closed(self) -> Closed | None:
        tasks = [
            asyncio.create_task(work) for work in (self._read(), self._outbox.write(self._send_texts), self._ended())
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _end([*tasks, *self._operations.values()])
        for task in done:
            error = task.exception()
            if isinstance(error, Closed):
                return error
            if error is not None and not isinstance(error, WebSocketDisconnect | OSError):
                raise error
        return None

    async def _send_texts(self, texts: Sequence[str]) -> None:
        # Not by way of the framework, whose checks take longer than the sending.
        if TOGETHER in self._socket.scope.get("extensions", ()):
            await self._send_message({"type": "websocket.send", "texts": texts})
            return
        for text in texts:
            await self._send_message({"type": "websocket.send", "text": text})

    async def _ended(self) -> None:
        """Wait until the caller may no longer come in, or the client no longer reads."""
        time = asyncio.get_running_loop().time
        while not self._ban.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._ban.wait()
            if self._outbox.stuck_for(time()) > STUCK_SECONDS:
                raise Closed(TOO_SLOW, "The client does not read")
        raise Closed(FORBIDDEN, "The token's user may no longer come in")

    def _look(self, actor: Actor | None) -> None:
        if actor is None:
            self._ban.set()

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(INIT_SECONDS):
                await self._initialise()
        except TimeoutError as error:
            raise Closed(INIT_TIMEOUT, "Connection initialisation timeout") from error
        try:
            async with asyncio.timeout(self._seconds_left()):
                await self._converse()
        except TimeoutError as error:
            raise Closed(FORBIDDEN, "The token has expired") from error

    async def _converse(self) -> None:
        while True:
            message = await self._received()
            match message["type"]:
                case "subscribe":
                    self._subscribe(message)
                case "complete":
                    self._stop(message)
                case "ping":
                    await self._send({"type": "pong", **_payload(message)})
                case "pong":
                    pass
                case "connection_init":
                    raise Closed(TOO_MANY, "Too many initialisation requests")
                case _:
                    raise Closed(BAD_MESSAGE, "Unknown message type")

    async def _initialise(self) -> None:
        while True:
            message = await self._received()
            match message["type"]:
                case "connection_init":
                    break
                case "ping":
                    await self._send({"type": "pong", **_payload(message)})
                case "pong":
                    pass
                case "subscribe":
                    raise Closed(UNAUTHORIZED, "Unauthorized")
                case _:
                    raise Closed(BAD_MESSAGE, "Send connection_init first")
        self._caller = await self._identified(message.get("payload"))
        await self._send({"type": "connection_ack"})

    async def _identified(self, payload: Any) -> Caller:
        if payload is not None and not isinstance(payload, dict):
            raise Closed(BAD_MESSAGE, "The payload of connection_init must be an object")
        said = {str(name).lower(): value for name, value in (payload or {}).items()}
        headers = self._socket.headers
        authorization = said.get("authorization", headers.get("authorization"))
        client = said.get("x-client", headers.get("x-client"))
        traceparent = said.get("traceparent")
        if isinstance(traceparent, str):
            # Browsers can give a websocket no headers.
            self._process.traces.come_from(traceparent)
        try:
            caller = await identify(
                self._process,
                authorization if isinstance(authorization, str) else None,
                client=client if isinstance(client, str) else None,
                ip=self._ip,
            )
            await caller.actor()
            self._user.enter_context(self._endpoint.caps.of_user(caller))
            attendance = self._endpoint.attendance
            self._user.enter_context(attendance.attending(caller.claims, caller.source, caller.ip, self._look))
        except TooMany as error:
            raise Closed(TOO_MANY, "Too many connections of this user") from error
        except (InvalidToken, UnknownUser) as error:
            raise Closed(FORBIDDEN, "Forbidden") from error
        except (KeysUnavailable, *UNREACHABLE) as error:
            raise Closed(GOING_AWAY, "Tokens cannot be checked at the moment") from error
        return caller

    def _seconds_left(self) -> float:
        if self._caller is None:
            raise Closed(UNAUTHORIZED, "Unauthorized")
        left = self._caller.claims.expires_at - self._process.clock()
        return max(0.0, left.total_seconds())

    def _subscribe(self, message: dict[str, Any]) -> None:
        key, payload = message.get("id"), message.get("payload")
        if not isinstance(key, str) or not key:
            raise Closed(BAD_MESSAGE, "subscribe must have an id")
        try:
            asked = of_value(payload)
            sent = ("message", _written(payload))
        except BadRequest as error:
            raise Closed(BAD_MESSAGE, str(error)) from error
        if key in self._operations:
            raise Closed(DUPLICATE, f"Subscriber for {key} already exists")
        most = self._endpoint.most_operations
        if len(self._operations) >= most:
            raise Closed(BAD_MESSAGE, f"A connection carries at most {most} operations")
        task = asyncio.create_task(self._operate(key, asked, sent))
        self._operations[key] = task
        task.add_done_callback(lambda _: self._forget(key, task))

    def _forget(self, key: str, task: asyncio.Task[None]) -> None:
        # A client may give the id to another operation before this one has ended.
        if self._operations.get(key) is task:
            del self._operations[key]

    def _stop(self, message: dict[str, Any]) -> None:
        key = message.get("id")
        if not isinstance(key, str):
            raise Closed(BAD_MESSAGE, "complete must have an id")
        task = self._operations.pop(key, None)
        if task is not None:
            task.cancel()

    async def _operate(self, key: str, asked: GraphQLRequest, sent: Sent) -> None:
        requests = self._endpoint.requests
        try:
            prepared = requests.recognised(sent) or requests.prepare(asked, sent)
            if not await self._execute(key, prepared):
                return
        except UnknownUser:
            self._ban.set()
            return
        except NotBegun as error:
            await self._send({"id": key, "type": "error", "payload": error.errors})
            return
        except DocumentRefused as error:
            told = {"message": str(error), "extensions": {"code": error.code}}
            await self._send({"id": key, "type": "error", "payload": [told]})
            return
        except Exception as error:  # noqa: BLE001  # one operation's failure must not end the others
            await self._send({"id": key, "type": "error", "payload": [failure(error)]})
            return
        await self._send({"id": key, "type": "complete"})

    async def _execute(self, key: str, prepared: Prepared) -> bool:
        """Send the operation's results; False when it could not begin, which ends it with an error."""
        if self._caller is None:
            raise Closed(UNAUTHORIZED, "Unauthorized")
        endpoint, caller = self._endpoint, self._caller
        if prepared.document.node is None:
            await self._send({"id": key, "type": "error", "payload": refused(prepared.document)["errors"]})
            return False
        if prepared.operation is None:
            raise Invalid(field=("operationName",), problem="operationName must name one of the operations.")
        kind = prepared.operation.kind
        if kind is OperationType.SUBSCRIPTION:
            head = orjson.dumps({"id": key, "type": "next"})[:-1].decode() + ',"payload":'
            endpoint.figures.followed(prepared.name)
            with endpoint.figures.streams:
                await endpoint.feeds.follow(
                    prepared, caller, Channel(self._outbox, lambda told: head + told.text + "}")
                )
            return True
        seconds = endpoint.answers.timeout_seconds if kind is OperationType.QUERY else None
        with Traced(self._process.traces, prepared) as traced:
            async with asyncio.timeout(seconds):
                answer = await endpoint.answers.answer(prepared, caller)
            traced.answered(answer)
        endpoint.figures.answered(prepared.name, prepared.kind, answer.way, answer.code, answer.seconds)
        if not answer.executed:
            await self._send({"id": key, "type": "error", "payload": orjson.loads(answer.body)["errors"]})
            return False
        # The response is written already; the message is put around it.
        head = orjson.dumps({"id": key, "type": "next"})[:-1].decode()
        await self._outbox.put(f'{head},"payload":{answer.body.decode()}}}')
        return True

    async def _received(self) -> dict[str, Any]:
        try:
            message = orjson.loads(await self._socket.receive_text())
        except (orjson.JSONDecodeError, KeyError) as error:
            raise Closed(BAD_MESSAGE, "A message must be JSON text") from error
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise Closed(BAD_MESSAGE, "A message must be an object with a type")
        return message

    async def _send(self, message: dict[str, Any]) -> None:
        await self._outbox.put(_written(message).decode())


@dataclass(frozen=True, slots=True)
class WebSocketEndpoint:
    """Serves every websocket."""

    process: Process
    requests: Requests
    answers: Answers
    feeds: Feeds
    attendance: Attendance
    origins: Origins
    figures: Figures
    caps: Caps
    # That one connection carries at once.
    most_operations: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection from its handshake to its end."""
        await Connection(scope, receive, send, self).serve()


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _written(message: Any) -> bytes:
    try:
        return orjson.dumps(message)
    except TypeError as error:
        # Read further down than it can be written.
        raise Closed(BAD_MESSAGE, "A message is nested too deeply") from error


def _payload(message: dict[str, Any]) -> dict[str, Any]:
    payload = message.get("payload")
    return {"payload": payload} if isinstance(payload, dict) else {}
