"""The same schema as Strawberry serves it: its own handler of websockets, each event executed for each subscriber.

Settings come from the environment: DATABASE, SECRET.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from strawberry.asgi import GraphQL

from app.auth.actors import Actors
from app.auth.tokens import CachedVerifier, SecretVerifier
from app.clock import now
from app.db import log
from app.db.engine import open_engine
from app.db.notifications import Notifications
from app.db.transaction import system_transaction
from app.domain.api_key_texts import KeyHashes
from app.domain.cursors import CursorCodec
from app.domain.file_addresses import FileAddresses
from app.domain.files import FileLimits
from app.domain.organizations import BookingRules
from app.integrations.disk_files import DiskFiles
from app.integrations.solver import Solver
from app.live.hub import Hub
from app.live.locations import Locations
from app.live.replay import Log
from app.services.appointments.agendas import Agendas
from app.services.attachments.files import Files
from app.services.perform import Writer
from resolvers.context import Operation, Process
from schema.build import schema
from schema.execution.callers import identify

_ENGINE = open_engine(os.environ["DATABASE"], size=10)
_LISTENER = open_engine(os.environ["DATABASE"], size=1)
_HUB = Hub(_ENGINE, Notifications(_LISTENER))
_process: dict[str, Process] = {}


class LateOperation(Operation):
    """What resolvers are given: an operation whose actor is known after the connection's first message."""

    def __init__(self) -> None:
        self.connection_params: Any = None

    async def begin(self, process: Process) -> None:
        """Find out who asks."""
        said = self.connection_params or {}
        caller = await identify(process, said.get("Authorization"), client=None, ip=None)
        super().__init__(process, await caller.actor(), caller.actor)


class Stock(GraphQL[Any, Any]):
    """Strawberry's view, with the fast JSON that it lets one choose."""

    async def get_context(self, request: Any, response: Any) -> Any:  # noqa: ARG002  # the library's names
        """Return the context of a connection, which has one subscription."""
        return LateOperation()

    async def on_ws_connect(self, context: Any) -> Any:
        """Find out who asks."""
        await context.begin(_process["it"])
        return await super().on_ws_connect(context)

    def encode_json(self, data: object) -> str:
        """Write JSON."""
        return orjson.dumps(data).decode()

    def decode_json(self, data: str | bytes) -> object:
        """Read JSON."""
        return orjson.loads(data)


@asynccontextmanager
async def _lifespan(_app: Starlette) -> AsyncIterator[None]:
    async with system_transaction(_ENGINE) as connection:
        identity = await log.identity(connection)
    actors = Actors(_ENGINE, met=_HUB.start_following)
    _HUB.watch(actors.forget)
    reader = Log(
        engine=_ENGINE,
        hub=_HUB,
        codec=CursorCodec(identity.cursor_key),
        epoch=identity.epoch,
        clock=now,
        heartbeat_seconds=3600,
    )
    addresses = FileAddresses.of_log(identity.cursor_key, "")
    limits = FileLimits(max_bytes=1, extensions=("txt",))
    _process["it"] = Process(
        engine=_ENGINE,
        writer=Writer(engine=_ENGINE, clock=now, wake=_HUB.wake, slots=asyncio.Semaphore(4)),
        log=reader,
        locations=Locations(_ENGINE),
        agendas=Agendas(_ENGINE, clock=now, rules=BookingRules()),
        solver=Solver(),
        actors=actors,
        verifier=CachedVerifier(SecretVerifier(os.environ["SECRET"])),
        clock=now,
        files=Files(store=DiskFiles(Path(tempfile.gettempdir()), addresses), limits=limits),
        addresses=addresses,
        key_hashes=KeyHashes.of_log(identity.cursor_key),
    )
    following = asyncio.create_task(_HUB.run())
    yield
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following


app = Starlette(
    routes=[
        WebSocketRoute("/graphql", Stock(schema(), graphql_ide=None, subscription_protocols=["graphql-transport-ws"]))
    ],
    lifespan=_lifespan,
)
