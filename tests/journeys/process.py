"""The server as its own process: `fieldgraph serve` on a database of the test's, killed and started at will."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import Popen

from tests.cli.command import Workplace, free_port, wait_until_ready
from tests.serving import SECRET, Served


class ServerProcess:
    """A server with a port that stays the same."""

    def __init__(self, place: Workplace, database_url: str) -> None:
        self.served = Served(port=free_port())
        self._place = place
        self._database_url = database_url
        self._process: Popen[str] | None = None

    async def start(self, **settings: str) -> None:
        """Start the server, with these settings too, and wait until it works."""
        port = self.served.port
        self._process = self._place.start(
            "serve", PORT=str(port), DATABASE_URL=self._database_url, JWT_SECRET_KEY=SECRET, **settings
        )
        await asyncio.to_thread(wait_until_ready, port, self._process)

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
    """Run a server on the database until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="fg-journey-"))
    place = Workplace(folder)
    try:
        server = ServerProcess(place, database_url)
        await server.start(**settings)
        yield server
    finally:
        place.end()
        shutil.rmtree(folder)
