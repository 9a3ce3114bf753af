"""Many subscribers in one process: they count what they are told, and look at none of it."""

import asyncio
import base64
import os
import struct
from collections.abc import Sequence
from functools import partial
from itertools import count
from typing import cast

import orjson

# What a board asks of each event; nothing of the rows behind it, so that the database is not what is measured.
_BOARD = """subscription { dispatchBoard(filter: { from: "2026-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z" }) {
  __typename
  ... on StreamReady { replayed }
  ... on TicketEvent { id type occurredAt recordedAt changeId cursor ticketId ticketVersion changes { field new } }
} }"""


class Tally:
    """How many messages have come, and when the next so many have."""

    def __init__(self) -> None:
        self.messages = 0
        self.closed = 0
        self._wanted: list[tuple[int, asyncio.Future[float]]] = []

    def at(self, messages: int) -> "asyncio.Future[float]":
        """Return a future of the loop's time at which so many messages have come in all; ask in rising order."""
        future: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._wanted.append((messages, future))
        return future

    def add(self, messages: int) -> None:
        """Count."""
        self.messages += messages
        while self._wanted and self.messages >= self._wanted[0][0]:
            _, future = self._wanted.pop(0)
            if not future.done():
                future.set_result(asyncio.get_running_loop().time())


class Subscriber(asyncio.Protocol):
    """One connection with one subscription. It speaks just enough of websockets."""

    def __init__(self, tally: Tally, token: str, document: str) -> None:
        self._tally = tally
        self._token = token
        self._document = document
        self._buffer = b""
        self._open = False
        self.told = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a websocket."""
        # uvloop's are no Transport by class.
        self.transport = transport = cast("asyncio.Transport", transport)
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET /graphql HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}"
            "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
        )

    def connection_lost(self, _error: Exception | None) -> None:
        """Count an end."""
        self._tally.closed += 1

    def data_received(self, data: bytes) -> None:
        """Count the messages in what came."""
        data = self._buffer + data
        if not self._open:
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self._buffer = head
                return
            if b" 101 " not in head[:20]:
                raise ConnectionError(head.decode(errors="replace"))
            self._open = True
            self._say({"type": "connection_init", "payload": {"Authorization": f"Bearer {self._token}"}})
            self._say({"id": "1", "type": "subscribe", "payload": {"query": self._document}})
        at, messages = 0, 0
        while len(data) - at >= 2:
            length, head_length = data[at + 1] & 127, 2
            if length == 126:
                head_length = 4
                length = int.from_bytes(data[at + 2 : at + 4], "big") if len(data) - at >= 4 else len(data)
            if len(data) - at < head_length + length:
                break
            frame = data[at + head_length : at + head_length + length]
            at += head_length + length
            if data[at - head_length - length] & 15 == 9:
                self.transport.write(_masked(0x8A, frame))
            elif b'"next"' in frame[:60]:
                messages += 1
                if not self.told.done():
                    self.told.set_result(frame)
        self._buffer = data[at:]
        if messages:
            self._tally.add(messages)

    def _say(self, message: object) -> None:
        self.transport.write(_masked(0x81, orjson.dumps(message)))


def _masked(kind: int, text: bytes) -> bytes:
    length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + struct.pack(">H", len(text))
    return bytes([kind]) + length + b"\0\0\0\0" + text


_numbers = count()


def document(*, equal: bool) -> str:
    """Return what a subscriber asks; unless `equal`, in words that no other has."""
    return _BOARD if equal else f"{_BOARD} # {next(_numbers)}"


async def connect(tally: Tally, port: int, token: str, documents: Sequence[str]) -> list[Subscriber]:
    """Return subscribers that have been told that they are live."""
    loop = asyncio.get_running_loop()
    found: list[Subscriber] = []
    for at in range(0, len(documents), 100):
        makers = [partial(Subscriber, tally, token, each) for each in documents[at : at + 100]]
        pairs = await asyncio.gather(*(loop.create_connection(maker, "127.0.0.1", port) for maker in makers))
        found += [subscriber for _, subscriber in pairs]
        async with asyncio.timeout(120):
            await asyncio.gather(*(subscriber.told for _, subscriber in pairs))
    return found
