"""A board that follows the log over a websocket and comes back with its last cursor after every fall."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

_BOARD = """
subscription ($after: EventCursor!) {
  message: dispatchBoard(
    filter: {from: "2020-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z"}, after: $after
  ) {
    __typename
    ... on DomainEvent { id changeId cursor }
    ... on StreamReady { cursor }
    ... on StreamHeartbeat { cursor }
    ... on StreamReset { reason }
    ... on RemovedFromView { cause }
  }
}
"""
_SUBPROTOCOL = Subprotocol("graphql-transport-ws")
_EVENTS = frozenset({"TicketEvent", "JobEvent", "SlaEvent", "RecordEvent"})
_PLACES = frozenset({"StreamReady", "StreamHeartbeat"})


@dataclass(slots=True, kw_only=True)
class Watcher:
    """What one board was told since `cursor`: the ids of events as they came, and all that is no event."""

    address: str
    token: str
    cursor: str
    seen: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    falls: int = 0
    _stirred: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Follow until cancelled, through however many connections that takes."""
        while True:
            try:
                async with connect(f"ws://{self.address}", subprotocols=[_SUBPROTOCOL], open_timeout=5) as socket:
                    await self._follow(socket)
            except (OSError, TimeoutError, WebSocketException):
                self.falls += 1
                await asyncio.sleep(0.05)

    async def reach(self, events: int) -> None:
        """Wait until this many events were told."""
        while len(self.seen) < events:
            self._stirred.clear()
            await self._stirred.wait()

    async def _follow(self, socket: ClientConnection) -> None:
        await _say(socket, type="connection_init", payload={"authorization": f"Bearer {self.token}"})
        async for text in socket:
            said = json.loads(text)
            match said["type"]:
                case "connection_ack":
                    asked = {"query": _BOARD, "variables": {"after": self.cursor}}
                    await _say(socket, id="board", type="subscribe", payload=asked)
                case "next" if said["payload"].get("data"):
                    self._take(said["payload"]["data"]["message"])
                case "ping":
                    await _say(socket, type="pong")
                case _:
                    # The source failed, as it does while there is no database: the client begins anew.
                    self._fail(said.get("payload"))
                    return

    def _take(self, message: dict[str, Any]) -> None:
        kind = message["__typename"]
        if kind in _EVENTS:
            self.seen.append(message["id"])
            self._stirred.set()
        elif kind not in _PLACES:
            self.strange.append(f"{kind}: {message}")
        self.cursor = message.get("cursor", self.cursor)

    def _fail(self, payload: Any) -> None:
        self.falls += 1
        errors = payload if isinstance(payload, list) else (payload or {}).get("errors", [])
        codes = {error.get("extensions", {}).get("code") for error in errors}
        if not codes <= {"UNAVAILABLE", "TIMEOUT"}:
            self.strange.append(f"the stream failed: {errors}")


async def _say(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))
