"""What a resolver is given: the process it runs in, who asks, and one look at the database."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.auth.actors import Actors
from app.auth.tokens import TokenVerifier
from app.db.engine import Engine
from app.domain.api_key_texts import KeyHashes
from app.domain.cursors import LogPosition
from app.domain.file_addresses import FileAddresses
from app.domain.people import Actor
from app.live.locations import Locations
from app.live.replay import Log
from app.reads.reader import Reader
from app.services.appointments.agendas import Agendas
from app.services.appointments.together import BatchSolver
from app.services.attachments.files import Files
from app.services.perform import Writer, Written
from app.tracing.traces import UNTRACED, Traces
from resolvers.loaders import Loaders


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What all operations of one process share.

    `unfinished` are the writes under way; a client that goes away leaves its write there.
    """

    engine: Engine
    writer: Writer
    log: Log
    locations: Locations
    actors: Actors
    verifier: TokenVerifier
    clock: Callable[[], datetime]
    files: Files
    addresses: FileAddresses
    key_hashes: KeyHashes
    agendas: Agendas
    solver: BatchSolver
    traces: Traces = UNTRACED
    statement_timeout_seconds: float = 10
    unfinished: set[asyncio.Task[Written | None]] = field(default_factory=set)


Reload = Callable[[], Awaitable[Actor]]


class Operation:
    """One operation of one actor: a query, a mutation field, or one event of a subscription.

    `reload` finds out anew who the actor is, for what lasts longer than their rights may.
    `reader` and `loaders` are one consistent look; `renew` gives up the look and takes another.
    """

    def __init__(self, process: Process, actor: Actor, reload: Reload) -> None:
        self.process = process
        self.actor = actor
        self.reload = reload
        self.reader = self._new_reader()
        self.loaders = Loaders(self.reader)

    async def renew(self, actor: Actor | None = None) -> None:
        """Let the connection go and forget what was read; the next read sees the present."""
        await self.reader.close()
        self.actor = actor or self.actor
        self.reader = self._new_reader()
        self.loaders = Loaders(self.reader)

    async def close(self) -> None:
        """Let the connection go."""
        await self.reader.close()

    def cursor(self, position: int) -> str:
        """Return the event cursor of a position in the actor's log."""
        return self.cursor_of(self.actor.organization_id, position)

    def cursor_of(self, organization_id: UUID, position: int) -> str:
        """Return the event cursor of a position in an organisation's log."""
        log = self.process.log
        at = LogPosition(organization_id=organization_id, epoch=log.epoch, position=position)
        return log.codec.encode(at)

    def _new_reader(self) -> Reader:
        return Reader(self.process.engine, self.actor, timeout_seconds=self.process.statement_timeout_seconds)
