"""The limit: ready frames written straight to every socket; no server, no library, nothing behind it.

Arguments: the port. A frame's payload and how often it is sent come by `POST /?<times>`.
"""

import asyncio
import re
import struct
import sys
from typing import cast

import uvloop

_SWITCH = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)
_DONE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
_READY = b'{"id":"1","type":"next","payload":{}}'
_sockets: set[asyncio.Transport] = set()


class Raw(asyncio.Protocol):
    """One connection: of a subscriber, or of whoever says what to send."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for what it asks."""
        # uvloop's are no Transport by class.
        self._transport = cast("asyncio.Transport", transport)
        self._heard = b""

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget it."""
        _sockets.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        """Begin a subscription, or send."""
        if self._transport in _sockets:
            return
        self._heard += data
        head, found, body = self._heard.partition(b"\r\n\r\n")
        if not found:
            return
        if b"Upgrade: websocket" in head:
            self._transport.write(_SWITCH + _framed(_READY))
            _sockets.add(self._transport)
            return
        times = int(head.split(b"?")[1].split(b" ")[0])
        length = re.search(rb"content-length: (\d+)", head.lower())
        if length is None or len(body) == int(length[1]):
            self._send(body, times)
            self._transport.write(_DONE)
            self._transport.close()

    @staticmethod
    def _send(body: bytes, times: int) -> None:
        for _ in range(times):
            frame = _framed(body)
            for transport in _sockets:
                transport.write(frame)


def _framed(body: bytes) -> bytes:
    return b"\x81" + (bytes([len(body)]) if len(body) < 126 else b"\x7e" + struct.pack(">H", len(body))) + body


async def main() -> None:
    """Serve until ended."""
    server = await asyncio.get_running_loop().create_server(Raw, "127.0.0.1", int(sys.argv[1]), backlog=4096)
    await server.serve_forever()


uvloop.run(main())
