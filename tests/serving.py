"""The whole server on a real socket, and tokens for it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import uvicorn

from app.auth.tokens import issue
from app.cli.sockets import SocketProtocol
from app.clock import now
from app.domain.people import EventSource, Role
from app.main.server import create_app
from app.settings import load_settings
from tests.world import World

SECRET = "a secret for tests alone, long enough for HS256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A running server."""

    port: int

    @property
    def http(self) -> str:
        """The address of the endpoint over HTTP."""
        return f"http://127.0.0.1:{self.port}/graphql"

    @property
    def websocket(self) -> str:
        """The address of the endpoint over websockets."""
        return f"ws://127.0.0.1:{self.port}/graphql"

    async def ask(
        self,
        token: str,
        query: str,
        variables: dict[str, Any] | None = None,
        *,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """Return the whole response to a query or mutation."""
        async with httpx.AsyncClient(timeout=30) as client:
            answer = await client.post(
                self.http,
                json={"query": query, "variables": variables},
                headers={"Authorization": f"Bearer {token}", **(headers or {})},
            )
        found: dict[str, Any] = answer.json()
        return found


@asynccontextmanager
async def serving(database_url: str, **settings: Any) -> AsyncIterator[Served]:
    """Serve the database on a free port of the loopback until the block ends."""
    # Named as TCP, because asyncio sends without delay only on such sockets: 40 ms a request.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    # What anybody may spend is tested where it is the point.
    spend = {"cost_bucket": 10**9, **settings}
    chosen = load_settings(database_url=database_url, jwt_secret_key=SECRET, **spend)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(chosen),
            log_config=None,
            ws=SocketProtocol,
            ws_per_message_deflate=False,
            ws_max_size=chosen.max_frame_bytes,
            lifespan="on",
            # A client that rests for a moment keeps its connection, however busy the machine is.
            timeout_keep_alive=60,
            timeout_graceful_shutdown=2,
        )
    )
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started:
            if task.done():
                task.result()
                raise RuntimeError("the server ended before it had started")
            await asyncio.sleep(0.01)
        yield Served(port=listening.getsockname()[1])
    finally:
        server.should_exit = True
        await task
        listening.close()


def token(
    world: World,
    name: str,
    *,
    roles: Iterable[Role] | None = None,
    lifetime: timedelta = timedelta(hours=1),
    source: EventSource | None = None,
    user_id: UUID | None = None,
) -> str:
    """Return a token for the world's user of this name."""
    return issue(
        secret=SECRET,
        user_id=user_id or world.users[name],
        organization_id=world.organization_id,
        roles=roles,
        now=now(),
        lifetime=lifetime,
        source=source,
    )
