"""An identity provider's key endpoint on a real socket of the loopback interface."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from joserfc.jwk import Key, KeySet


class KeyServer:
    """Answers every request with `status` and `body`, once `open` is set, and counts them."""

    def __init__(self, *keys: Key) -> None:
        self.status = "200 OK"
        self.body = b""
        self.headers = ""
        self.requests = 0
        self.open = asyncio.Event()
        self.open.set()
        self.asked = asyncio.Event()
        self.publish(*keys)
        self.url = ""
        self._server: asyncio.Server | None = None

    def publish(self, *keys: Key) -> None:
        self.body = json.dumps(KeySet(list(keys)).as_dict()).encode()

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", port)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/keys"

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def restart(self) -> None:
        await self.start(int(self.url.split(":")[2].split("/")[0]))

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            self.requests += 1
            self.asked.set()
            await self.open.wait()
            head = f"HTTP/1.1 {self.status}\r\nContent-Length: {len(self.body)}\r\n{self.headers}"
            writer.write(head.encode() + b"Connection: close\r\n\r\n" + self.body)
            await writer.drain()
        except ConnectionError:
            # The client had enough, as some tests want it to.
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(*keys: Key) -> AsyncIterator[KeyServer]:
    server = KeyServer(*keys)
    await server.start()
    try:
        yield server
    finally:
        server.open.set()
        await server.stop()
