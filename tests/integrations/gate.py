"""A gate in front of a bus, through which one process goes alone: shut, only that one is cut off."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.cli.command import free_port


class Gate:
    """Passes bytes on to a port."""

    def __init__(self, behind: int) -> None:
        self.port = free_port()
        self._behind = behind
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()

    async def let_in(self) -> None:
        """Take connections."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)

    async def cut(self) -> None:
        """Close every connection and take no more."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._open:
            writer.transport.abort()
        if self._pumps:
            await asyncio.wait(self._pumps, timeout=2)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_bus = await asyncio.open_connection("127.0.0.1", self._behind)
        for source, target in ((reader, to_bus[1]), (to_bus[0], writer)):
            self._open.add(target)
            pump = asyncio.create_task(self._pump(source, target))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65536):
                target.write(data)
                await target.drain()
        target.close()
        self._open.discard(target)


@asynccontextmanager
async def gate(port: int) -> AsyncIterator[Gate]:
    """Put a gate before the port for the block."""
    open_ = Gate(port)
    await open_.let_in()
    try:
        yield open_
    finally:
        await open_.cut()
