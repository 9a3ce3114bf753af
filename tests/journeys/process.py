"""The server as its own process: `fieldgraph serve` on a database of the test's, killed and started at will."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from tests.cli.command import Workplace, free_port, wait_until_ready
from tests.cli.starting import Command
from tests.serving import SECRET, Served


class ServerProcess:
    """A server with a port that stays the same."""

    def __init__(self, place: Workplace, database_url: str, settings: dict[str, str]) -> None:
        self.served = Served(port=free_port())
        self._place = place
        self._database_url = database_url
        self._settings = settings
        self._process: Command | None = None

    async def start(self) -> None:
        """Start the server and wait until it works."""
        port = self.served.port
        self._process = self._place.start(
            "serve", PORT=str(port), DATABASE_URL=self._database_url, JWT_SECRET_KEY=SECRET, **self._settings
        )
        await asyncio.to_thread(wait_until_ready, port, self._process)

    async def joins_the_bus(self) -> None:
        """Wait until its event bus is connected, if it has one."""
        async with httpx.AsyncClient() as client:
            for _ in range(300):
                told = (await client.get(f"http://127.0.0.1:{self.served.port}/readyz")).json()
                if told.get("event_bus", "up") == "up":
                    return
                await asyncio.sleep(0.05)
        raise TimeoutError("the event bus was not connected")

    @property
    def pid(self) -> int:
        """The process's id."""
        if self._process is None:
            raise RuntimeError("the server was not started")
        return self._process.pid

    def said(self) -> str:
        """Return all that the server has logged."""
        return self._place.said()

    def ask_to_end(self) -> None:
        """Send SIGTERM, as whoever runs the server does."""
        if self._process is None:
            raise RuntimeError("the server was not started")
        self._process.terminate()

    async def ended(self) -> int:
        """Return the code with which the process ends, waiting for it."""
        if self._process is None:
            raise RuntimeError("the server was not started")
        return await asyncio.to_thread(self._process.wait, 30)

    def kill(self) -> None:
        """End the server at once, whatever it is doing."""
        if self._process is None:
            raise RuntimeError("the server was not started")
        self._process.kill()
        self._process.wait()


@asynccontextmanager
async def server_process(database_url: str, **settings: str) -> AsyncIterator[ServerProcess]:
    """Run a server on the database until the block ends, with more settings by their names in the environment."""
    folder = Path(tempfile.mkdtemp(prefix="fg-journey-"))
    place = Workplace(folder)
    try:
        server = ServerProcess(place, database_url, settings)
        await server.start()
        yield server
    finally:
        place.end()
        shutil.rmtree(folder)
