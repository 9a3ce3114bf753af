"""A proxy in front of the database's socket, to cut it off and let it back in."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from sqlalchemy import make_url

_NAME = ".s.PGSQL.5432"


class Proxy:
    """Passes bytes on between a folder of its own and the database's."""

    def __init__(self, folder: Path, behind: Path) -> None:
        self._folder = folder
        self._behind = behind
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()

    async def let_in(self) -> None:
        """Take connections."""
        self._server = await asyncio.start_unix_server(self._connected, self._folder / _NAME)

    async def cut(self) -> None:
        """Close every connection and take no more."""
        if self._server is not None:
            self._server.close()
            self._server = None
        (self._folder / _NAME).unlink(missing_ok=True)
        for writer in self._open:
            writer.transport.abort()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_database = await asyncio.open_unix_connection(self._behind)
        for source, target in ((reader, to_database[1]), (to_database[0], writer)):
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
async def proxied(database_url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """Put a proxy before the database for the block; the values are the proxy and the address through it."""
    url = make_url(database_url)
    folder = Path(tempfile.mkdtemp(prefix="fg-proxy-"))
    behind = Path(str(url.query["host"])) / f".s.PGSQL.{url.query['port']}"
    proxy = Proxy(folder, behind)
    await proxy.let_in()
    through = url.update_query_dict({"host": str(folder), "port": "5432"})
    try:
        yield proxy, through.render_as_string(hide_password=False)
    finally:
        await proxy.cut()
        shutil.rmtree(folder)
