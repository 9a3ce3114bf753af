"""What servers and workers are both made of, and what is made of settings alone."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from uuid import UUID

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool

from app.auth.actors import Actors
from app.auth.api_keys import ApiKeyVerifier, BearerVerifier
from app.auth.jwks import JwksVerifier
from app.auth.tokens import CachedVerifier, SecretVerifier, TokenVerifier
from app.clock import now
from app.db import log
from app.db.read_pool import ReadPool
from app.db.statements import trace_statements
from app.db.tables.families import TABLES
from app.domain.api_key_texts import KeyHashes
from app.domain.cursors import CursorCodec
from app.domain.file_addresses import FileAddresses
from app.domain.slot_offers import SlotTokens
from app.integrations.clamd import Clamd
from app.integrations.disk_files import DiskFiles
from app.integrations.file_stores import store_at
from app.integrations.outlets import posts_of
from app.integrations.solver import Solver
from app.integrations.trace_collectors import open_traces
from app.live.groups import Groups
from app.live.hub import Hub
from app.live.locations import Locations
from app.live.replay import Log
from app.main.collector import collector_of
from app.metrics.counting import Labels, Level
from app.metrics.figures import Figures
from app.services.appointments.agendas import Agendas
from app.services.attachments.files import Files
from app.services.invitations.posts import Posts
from app.services.perform import Writer
from app.settings import Settings
from app.tracing.traces import UNTRACED, Traces
from resolvers.context import Process
from schema.build import executable
from schema.execution.admission import Admission
from schema.execution.answers import Answers, shared_values
from schema.execution.limits import Limits
from schema.execution.outbox import OPEN
from schema.execution.planning import Plans

_KEPT_FOR_READERS = 2


def process_of(
    settings: Settings,
    engine: AsyncEngine,
    follower: AsyncEngine,
    hub: Hub,
    tokens: TokenVerifier,
    identity: log.LogIdentity,
    files: Files,
    addresses: FileAddresses,
    figures: Figures,
    traces: Traces,
) -> Process:
    """Return what all operations of one process share."""
    actors = Actors(engine, met=hub.start_following)
    hub.watch(actors.forget)
    hashes = KeyHashes.of_log(identity.cursor_key)
    return Process(
        engine=engine,
        writer=writer_of(settings, engine, hub.wake, identity, figures),
        log=Log(
            engine=follower,
            hub=hub,
            codec=CursorCodec(identity.cursor_key),
            epoch=identity.epoch,
            clock=now,
            heartbeat_seconds=settings.heartbeat_seconds,
            replay_for=timedelta(days=settings.replay_days),
        ),
        locations=Locations(follower),
        actors=actors,
        verifier=CachedVerifier(BearerVerifier(tokens, ApiKeyVerifier(engine, hashes))),
        clock=now,
        files=files,
        addresses=addresses,
        key_hashes=hashes,
        agendas=Agendas(engine, clock=now, rules=settings.booking_rules),
        solver=Solver(traces=traces),
        traces=traces,
        statement_timeout_seconds=settings.statement_timeout_seconds,
    )


def files_of(settings: Settings, addresses: FileAddresses, traces: Traces) -> Files:
    """Return where files are kept, and how they are checked."""
    folder = settings.upload_folder
    return Files(
        store=DiskFiles(folder, addresses)
        if settings.storage_url is None
        else store_at(settings.storage_url, folder, traces),
        limits=settings.file_limits,
        scanner=None if settings.clamd_url is None else Clamd(settings.clamd_url, traces=traces),
        folder=folder,
    )


def traces_of(settings: Settings, engines: Iterable[AsyncEngine]) -> Traces:
    """Return where the steps of work are told, statements of these engines among them.

    Raises:
        TracingLibraryMissing: a collector is set, and what sends traces to it is not installed.
    """
    collector = collector_of(settings)
    if collector is None:
        return UNTRACED
    traces = open_traces(collector, TABLES)
    for engine in engines:
        trace_statements(engine, traces)
    return traces


def outlets_of(settings: Settings, client: httpx.AsyncClient, traces: Traces) -> Posts:
    """Return the ways by which something leaves the house."""
    mail = settings.smtp_url
    return posts_of(
        smtp_url=None if mail is None else mail.get_secret_value(),
        mail_from=settings.mail_from,
        applications=settings.calendar_applications,
        token_keys=settings.token_keys,
        http=client,
        clock=now,
        traces=traces,
    )


def limits_of(settings: Settings) -> Limits:
    """Return how large a document may be."""
    return Limits(
        depth=settings.max_depth,
        aliases=settings.max_aliases,
        directives=settings.max_directives,
        tokens=settings.max_tokens,
        cost=settings.max_cost,
    )


def answers_of(
    settings: Settings, process: Process, pool: ReadPool, admission: Admission, plans: Plans | None
) -> Answers:
    """Return what answers operations."""
    return Answers(
        executable(),
        plans,
        pool,
        shared_values(process.log.codec, process.log.epoch, process.clock, process.addresses),
        admission=admission,
        timeout_seconds=settings.operation_timeout_seconds,
        suggestions=settings.suggests,
    )


def writer_of(
    settings: Settings,
    engine: AsyncEngine,
    wake: Callable[[UUID], None],
    identity: log.LogIdentity,
    figures: Figures,
) -> Writer:
    """Return what every write needs of the process."""
    slots = asyncio.Semaphore(_writers(settings))
    return Writer(
        engine=engine,
        clock=now,
        wake=wake,
        targets=settings.sla_targets,
        booking_rules=settings.booking_rules,
        slot_tokens=SlotTokens(identity.cursor_key),
        channels=settings.channels,
        bay_count=settings.service_bay_count,
        figures=figures,
        slots=slots,
    )


def _writers(settings: Settings) -> int:
    return max(1, settings.database_pool_size - _KEPT_FOR_READERS)


def verifier_of(settings: Settings, client: httpx.AsyncClient) -> TokenVerifier:
    """Return what tells true tokens from false ones. Raises ValueError for none to check with."""
    audience, issuer = settings.auth_audience, settings.auth_issuer
    if settings.auth_jwks_url is not None:
        return JwksVerifier(settings.auth_jwks_url, settings.auth_algorithms, client, audience=audience, issuer=issuer)
    if settings.jwt_secret_key is None:
        raise ValueError("the server needs a secret or a key address to check tokens with")
    secret = settings.jwt_secret_key.get_secret_value()
    return SecretVerifier(secret, settings.jwt_algorithm, audience=audience, issuer=issuer)


def watch_connections(
    figures: Figures, engines: Mapping[str, AsyncEngine], reads: ReadPool, *, bus: Callable[[], bool] | None
) -> None:
    """Add how many connections to the database are open, and whether the event bus is connected, where there is one."""

    def connections() -> Mapping[Labels, float]:
        found = {("reads", "busy"): reads.busy, ("reads", "idle"): reads.idle}
        for name, engine in engines.items():
            pool = engine.pool
            if isinstance(pool, QueuePool):
                found |= {(name, "busy"): pool.checkedout(), (name, "idle"): pool.checkedin()}
        return {labels: float(count) for labels, count in found.items()}

    text = "Connections to the database, by pool and whether they are in use."
    Level(figures.registry, "fieldgraph_database_connections", text, connections, ("pool", "state"))
    text = "Reads that wait for a connection."
    Level(figures.registry, "fieldgraph_reads_waiting", text, lambda: reads.waiting)
    if bus is not None:
        text = "Whether the event bus is connected."
        Level(figures.registry, "fieldgraph_event_bus_up", text, lambda: float(bus()))


def watch_readers(figures: Figures, groups: Groups) -> None:
    """Add how many groups are told of the log, and how much waits for their readers."""

    def longest() -> float:
        return max(map(len, OPEN), default=0)

    registry = figures.registry
    Level(registry, "fieldgraph_groups", "Groups of readers who are told the same.", lambda: len(groups))
    text = "Messages that wait for clients to read them."
    Level(registry, "fieldgraph_messages_waiting", text, lambda: sum(map(len, OPEN)))
    Level(registry, "fieldgraph_messages_waiting_longest", "The same, of the client that is furthest behind.", longest)
