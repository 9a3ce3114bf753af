"""Websockets as the server library has them, with two differences.

A text leaves as one frame that is made here: the library makes it out of objects, which for thousands of
subscribers is most of the work. And a client that no longer reads is cut off when its connection is over;
the library waits until it has taken everything.
"""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

_LAST_SECONDS = 3.0
_TEXT = b"\x81"


class SocketProtocol(WebSocketsSansIOProtocol):
    """One websocket."""

    async def send(self, message: Any) -> None:
        """Send what the application says."""
        text = message.get("text") if message["type"] == "websocket.send" else None
        if text is None or self.conn.extensions or not self.writable.is_set() or not self._is_open():
            await super().send(message)
            return
        data = text.encode()
        length = len(data)
        if length < 126:
            head = _TEXT + length.to_bytes(1, "big")
        elif length < 65536:
            head = _TEXT + b"\x7e" + length.to_bytes(2, "big")
        else:
            head = _TEXT + b"\x7f" + length.to_bytes(8, "big")
        self.transport.write(head + data)

    async def run_asgi(self) -> None:
        """Serve the connection, and see to it that it ends."""
        await super().run_asgi()
        self._cut_off()

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
