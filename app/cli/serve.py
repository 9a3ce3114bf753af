"""`fieldgraph serve`: the server, and all it needs, from start to stop."""

import logging
import socket
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

import structlog
import typer
import uvicorn

from app.cli.console import results
from app.cli.demo import load_examples
from app.cli.listener import address_of, listener
from app.cli.migrate import bring_up
from app.cli.refusals import Refusal
from app.cli.signals import ended_by_signals
from app.cli.signing_key import with_signing_key
from app.cli.sockets import SocketProtocol
from app.cli.token import demo_token
from app.cli.workplace import begin, database_ready
from app.demo.users import DEMO_USERS
from app.main.server import create_app
from app.settings import Settings

_QUERY = "{ tickets(first: 3) { totalCount nodes { ticketNumber title status } } }"
_GRACE_SECONDS = 5
# Together below half a minute, in which a client that is no more must be noticed.
_PING_SECONDS = 10.0
_PONG_SECONDS = 15.0
_TOKEN_LIFETIME = timedelta(days=1)

log = structlog.get_logger(__name__)


class ServerFailed(Refusal):
    """The server ended before it could answer; the log above says why."""

    def __init__(self) -> None:
        super().__init__("The server did not start: the log above says why.")


class _Server(uvicorn.Server):
    """A server that says when it answers, and when it is about to end."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None], on_end: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = on_start
        self._on_end = on_end

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_end()
        await super().shutdown(sockets)


def serve(
    demo: Annotated[bool, typer.Option("--demo", help="Load example organisations into an empty database.")] = False,
    host: Annotated[str | None, typer.Option(help="Address to listen on; HOST otherwise.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; PORT otherwise.")] = None,
) -> None:
    """Start the server, with an embedded PostgreSQL unless a database is set."""
    settings = with_signing_key(begin(host=host, port=port))
    for name in settings.unused:
        log.info("settings.unused", setting=name)
    with (
        listener(settings.host, settings.port) as listening,
        ended_by_signals(),
        database_ready(settings) as ready,
    ):
        bring_up(ready)
        if demo:
            load_examples(ready)
        _run(ready, listening, demo=demo)


def _run(settings: Settings, listening: socket.socket, *, demo: bool) -> None:
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws=SocketProtocol,
        ws_max_size=settings.max_frame_bytes,
        ws_per_message_deflate=False,
        ws_ping_interval=_PING_SECONDS,
        ws_ping_timeout=_PONG_SECONDS,
        lifespan="on",
        log_config=None,
        # Its lines are made before anybody asks whether they are wanted.
        access_log=logging.getLogger("uvicorn.access").isEnabledFor(logging.INFO),
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = _Server(config, lambda: _announce(settings, address_of(listening), demo=demo), app.end)
    server.run(sockets=[listening])
    if not server.started:
        raise ServerFailed


def _announce(settings: Settings, address: str, *, demo: bool) -> None:
    results.print(f"\nFieldgraph answers at {address}/graphql")
    if not demo or settings.jwt_secret_key is None:
        return
    width = max(map(len, DEMO_USERS))
    results.print("\nExample users (fieldgraph token --user NAME prints a token):")
    for name, user in DEMO_USERS.items():
        results.print(f"  {name:<{width}}  {user.summary}")
    token = demo_token(settings, "dispatcher", _TOKEN_LIFETIME)
    results.print("\nA query to paste, as the dispatcher:\n")
    results.print(f"curl -s {address}/graphql \\")
    results.print("  -H 'Content-Type: application/json' \\")
    results.print(f"  -H 'Authorization: Bearer {token}' \\")
    results.print(f"""  -d '{{"query": "{_QUERY}"}}'\n""")
