"""Websockets as the server library has them, with two differences.

Texts that come together leave together, as frames that are made here: the library makes each out of objects
and writes it by itself, which for thousands of subscribers is most of the work. And a client that no longer
reads is cut off when its connection is over; the library waits until it has taken everything.
"""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from schema.execution.closing import GOING_AWAY
from schema.execution.websocket import TOGETHER

_CLOSING_SECONDS = 1.0
_LAST_SECONDS = 3.0
_TEXT = b"\x81"


class SocketProtocol(WebSocketsSansIOProtocol):
    """One websocket."""

    async def send(self, message: Any) -> None:
        """Send what the application says: also several texts at once."""
        texts = message.get("texts")
        if texts is None:
            await super().send(message)
        elif self.conn.extensions or not self.writable.is_set() or not self._is_open():
            for text in texts:
                await super().send({"type": "websocket.send", "text": text})
        else:
            parts = []
            for text in texts:
                data = text.encode()
                parts.append(_head(len(data)))
                parts.append(data)
            self.transport.write(b"".join(parts))

    async def run_asgi(self) -> None:
        """Serve the connection, and see to it that it ends."""
        self.scope["extensions"][TOGETHER] = {}
        await super().run_asgi()
        self._cut_off()

    def shutdown(self) -> None:
        """Say why the connection ends, and that it is worth coming again."""
        if self.close_sent or not self.handshake_complete:
            super().shutdown()
            return
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": GOING_AWAY})
        self.conn.send_close(GOING_AWAY, "The server stops: come again")
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        # To hang up on a client that is still sending would take the closing, and its reason, from it.
        self.close_timer = self.loop.call_later(_CLOSING_SECONDS, self.transport.close)

    def keepalive_timeout(self) -> None:
        """End a connection whose client does not answer."""
        super().keepalive_timeout()
        self._cut_off()

    def _is_open(self) -> bool:
        return (
            self.handshake_complete
            and not self.close_sent
            and not self.disconnected
            and self.initial_response is None
            and self.conn.state is State.OPEN
        )

    def _cut_off(self) -> None:
        self.loop.call_later(_LAST_SECONDS, self.transport.abort)


def _head(length: int) -> bytes:
    if length < 126:
        return _TEXT + length.to_bytes(1, "big")
    if length < 65536:
        return _TEXT + b"\x7e" + length.to_bytes(2, "big")
    return _TEXT + b"\x7f" + length.to_bytes(8, "big")
