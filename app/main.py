"""Composes the server: the only place that makes things and hands them to each other."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from uuid import UUID

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.routing import Route

from app.auth.actors import Actors
from app.auth.attendance import Attendance
from app.auth.jwks import JwksVerifier
from app.auth.tokens import CachedVerifier, SecretVerifier, TokenVerifier
from app.clock import now
from app.db import log
from app.db.engine import open_engine
from app.db.notifications import Notifications
from app.db.read_pool import ReadPool
from app.db.timers.carrying import Carrier
from app.db.transaction import system_transaction
from app.domain.calendar_addresses import CALENDAR_PATH, CalendarAddresses
from app.domain.cursors import CursorCodec
from app.domain.file_addresses import DOWNLOAD_PATH, UPLOAD_PATH, FileAddresses
from app.domain.slot_offers import SlotTokens
from app.door import Door
from app.health import Health
from app.integrations.bus_drivers import driver_of
from app.integrations.clamd import Clamd
from app.integrations.disk_files import DiskFiles
from app.integrations.event_bus import EventBus
from app.integrations.file_stores import store_at
from app.integrations.outlets import posts_of
from app.integrations.solver import Solver
from app.jobs.forgetting import forgetting
from app.jobs.handlers import handlers
from app.jobs.promises import keeping_promises
from app.live.groups import Groups
from app.live.hub import Hub
from app.live.locations import Locations
from app.live.replay import Log
from app.services.appointments.agendas import Agendas
from app.services.files import Files
from app.services.perform import Writer
from app.services.posts import Posts
from app.settings import Settings
from app.transfers.calendars import Calendars
from app.transfers.downloads import Downloads
from app.transfers.uploads import Uploads
from resolvers.context import Process
from schema.build import executable, schema, sdl
from schema.execution.admission import Admission, MemoryPurse
from schema.execution.answers import Answers, shared_values
from schema.execution.caps import Caps
from schema.execution.documents import Documents
from schema.execution.feeds import Feeds
from schema.execution.http import HttpEndpoint
from schema.execution.limits import Limits
from schema.execution.metrics import Metrics, figures_of
from schema.execution.origins import Origins
from schema.execution.page import page
from schema.execution.planning import Plans
from schema.execution.preparing import Requests
from schema.execution.trusted import load_trusted
from schema.execution.websocket import WebSocketEndpoint
from schema.sheets.exports import TicketExports
from schema.sheets.gate import Gate
from schema.sheets.imports import TicketImports
from schema.sheets.persons import PersonExports

_LAST_WRITES_SECONDS = 4.0
_LAST_TASKS_SECONDS = 1.0
_OUTSIDE_SECONDS = 10.0
_LOG_CONNECTIONS = 3
_KEPT_FOR_READERS = 2
# Each keeps a connection and a snapshot for as long as its client takes.
_EXPORTS_AT_ONCE = 4
# Each is held in memory as a whole.
_IMPORTS_AT_ONCE = 4
# Ordinary responses make many short-lived objects; the collector's defaults would halve throughput. With 50,000 it held
# everybody up for 20 to 30 ms when an agenda of slots was laid out, all of whose objects stay.
_COLLECT_AFTER = (20_000, 50, 50)


def create_app(settings: Settings) -> Door:
    """Return the server for these settings; nothing is opened before it starts.

    Raises:
        ValueError: there is no database address, or nothing to check tokens with.
        BusDriverMissing: an event bus is set whose driver is not installed.
    """
    if settings.database_url is None:
        raise ValueError("the server needs the address of a database")
    engine = open_engine(settings.database_url, size=settings.database_pool_size)
    bus_url = settings.event_bus_url
    bus_for = None if bus_url is None else partial(EventBus, driver_of(bus_url), bus_url)
    # Never connected where there is a bus.
    listener = open_engine(settings.direct_url, size=1, application="fieldgraph listener")
    # Apart from the others, so that the log is followed and health told however busy they are.
    follower = open_engine(settings.database_url, size=_LOG_CONNECTIONS, application="fieldgraph log")
    # Each connection keeps its session, so they are apart from those that are handed round.
    reader = open_engine(settings.database_url, size=settings.database_pool_size, application="fieldgraph reads")
    pool = ReadPool(
        reader,
        size=settings.database_pool_size,
        timeout_seconds=settings.statement_timeout_seconds,
        pooled=settings.pooled,
    )
    exporter = open_engine(settings.database_url, size=_EXPORTS_AT_ONCE, application="fieldgraph exports")
    client = httpx.AsyncClient(timeout=_OUTSIDE_SECONDS)
    verifier = CachedVerifier(_verifier(settings, client))
    limits = _limits(settings)
    documents = Documents(executable(), limits, introspection=settings.tells_schema, suggestions=settings.suggests)
    purse = MemoryPurse(size=settings.cost_bucket, refill=settings.cost_refill_per_second)
    admission = Admission(limits, purse)
    trusted = load_trusted(
        settings.trusted_documents,
        enforced=settings.trusted_documents_mode == "enforce",
        automatic=settings.persisted_queries,
    )
    requests = Requests(documents, trusted)
    origins, metrics = Origins(settings.allowed_origins), Metrics()
    starlette = Starlette()
    door = Door(starlette)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with system_transaction(engine) as connection:
            identity = await log.identity(connection)
        # Who shares a log shares a subject, whoever else is on the bus.
        bus = None if bus_for is None else bus_for(f"fieldgraph.wake.{identity.epoch}")
        hub = Hub(follower, bus or Notifications(listener), poll_seconds=settings.log_poll_seconds)
        health = Health(
            engine=follower,
            service=settings.service_name,
            version=settings.service_version,
            event_bus=None if bus is None else bus.is_connected,
        )
        addresses = FileAddresses.of_log(identity.cursor_key, settings.public_url or "")
        files = _files(settings, addresses)
        process = _process(settings, engine, follower, hub, verifier, identity, files, addresses)
        attendance = Attendance(process.actors, clock=now)
        # After the actors, who by then have forgotten whom the event changed.
        hub.watch(attendance.notice)
        plans = Plans(schema()) if settings.read_plans else None
        answers = _answers(settings, process, pool, admission, plans)
        feeds = Feeds(
            executable(),
            plans,
            Groups(process.log, attendance.settled),
            attendance,
            admission,
            Caps(per_user=settings.max_subscriptions_per_user, per_ip=settings.max_subscriptions_per_ip),
            suggestions=settings.suggests,
        )
        http = HttpEndpoint(
            process,
            requests,
            answers,
            feeds,
            attendance,
            origins=origins,
            metrics=metrics,
            largest_body=settings.max_body_bytes,
            development=settings.is_development,
            page=page() if settings.has_page else None,
        )
        sockets = WebSocketEndpoint(
            process,
            requests,
            answers,
            feeds,
            attendance,
            origins=origins,
            metrics=metrics,
            caps=Caps(per_user=settings.max_sockets_per_user, per_ip=settings.max_sockets_per_ip),
            most_operations=settings.max_subscriptions_per_socket,
        )
        exporting = Gate(process, origins, admission, at_once=_EXPORTS_AT_ONCE)
        importing = Gate(process, origins, admission, at_once=_IMPORTS_AT_ONCE)
        exports = TicketExports(exporter, exporting, metrics.exported)
        persons = PersonExports(exporter, exporting, metrics.exported)
        door.graphql, door.sockets, door.exports = http, sockets, (exports, persons)
        starlette.router.routes += [
            *health.routes(),
            Route("/metrics", figures_of(metrics)),
            Route(f"{DOWNLOAD_PATH}{{token}}", Downloads(engine, files.store, addresses, now, origins.headers)),
            Route(
                f"{CALENDAR_PATH}{{name}}", Calendars(engine, CalendarAddresses.beside(addresses), now, origins.headers)
            ),
            Route("/exports/tickets.csv", exports),
            Route("/exports/person.json", persons),
            Route("/imports/tickets.csv", TicketImports(importing, metrics.imported)),
        ]
        if isinstance(files.store, DiskFiles):
            taking = Uploads(files.store, addresses, now, origins.headers, metrics.uploaded)
            starlette.router.routes.append(Route(f"{UPLOAD_PATH}{{token}}", taking))
        running = [asyncio.create_task(work) for work in (hub.run(), attendance.run(), process.locations.run())]
        timers = open_engine(settings.direct_url, size=1, application="fieldgraph timers")
        works = handlers(process.writer, files, _posts(settings, client))
        carrier = Carrier(timers, works, taken_over_after=settings.job_takeover)
        carrying = [asyncio.create_task(carrier.run() if settings.runs_worker else asyncio.sleep(0))]
        running += carrying
        if settings.runs_worker:
            running.append(asyncio.create_task(forgetting(process.writer)))
            running.append(asyncio.create_task(keeping_promises(process.writer)))
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_COLLECT_AFTER)
        try:
            yield
        finally:
            # What is under way is done, or comes again.
            carrier.end()
            await asyncio.wait(carrying, timeout=_LAST_WRITES_SECONDS)
            if process.unfinished:
                await asyncio.wait(process.unfinished, timeout=_LAST_WRITES_SECONDS)
            for task in running:
                task.cancel()
            # What hangs on something outside must not keep the process.
            await asyncio.wait(running, timeout=_LAST_TASKS_SECONDS)
            await client.aclose()
            await pool.close()
            await reader.dispose()
            await exporter.dispose()
            await engine.dispose()
            await listener.dispose()
            await follower.dispose()
            await timers.dispose()

    starlette.router.lifespan_context = lifespan
    return door


def schema_text() -> str:
    """Return the schema definition language of the API, as it is committed."""
    return sdl()


def _process(
    settings: Settings,
    engine: AsyncEngine,
    follower: AsyncEngine,
    hub: Hub,
    verifier: TokenVerifier,
    identity: log.LogIdentity,
    files: Files,
    addresses: FileAddresses,
) -> Process:
    actors = Actors(engine, met=hub.start_following)
    hub.watch(actors.forget)
    return Process(
        engine=engine,
        writer=_writer(settings, engine, hub.wake, identity),
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
        verifier=verifier,
        clock=now,
        files=files,
        addresses=addresses,
        agendas=Agendas(engine, clock=now, rules=settings.booking_rules),
        solver=Solver(),
        statement_timeout_seconds=settings.statement_timeout_seconds,
    )


def _files(settings: Settings, addresses: FileAddresses) -> Files:
    folder = settings.upload_folder
    return Files(
        store=DiskFiles(folder, addresses) if settings.storage_url is None else store_at(settings.storage_url, folder),
        limits=settings.file_limits,
        scanner=None if settings.clamd_url is None else Clamd(settings.clamd_url),
        folder=folder,
    )


def _posts(settings: Settings, client: httpx.AsyncClient) -> Posts:
    mail = settings.smtp_url
    return posts_of(
        smtp_url=None if mail is None else mail.get_secret_value(),
        mail_from=settings.mail_from,
        applications=settings.calendar_applications,
        token_keys=settings.token_keys,
        http=client,
        clock=now,
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        depth=settings.max_depth,
        aliases=settings.max_aliases,
        directives=settings.max_directives,
        tokens=settings.max_tokens,
        cost=settings.max_cost,
    )


def _answers(
    settings: Settings, process: Process, pool: ReadPool, admission: Admission, plans: Plans | None
) -> Answers:
    return Answers(
        executable(),
        plans,
        pool,
        shared_values(process.log.codec, process.log.epoch, process.clock, process.addresses),
        admission=admission,
        timeout_seconds=settings.operation_timeout_seconds,
        suggestions=settings.suggests,
    )


def _writer(settings: Settings, engine: AsyncEngine, wake: Callable[[UUID], None], identity: log.LogIdentity) -> Writer:
    slots = asyncio.Semaphore(_writers(settings))
    return Writer(
        engine=engine,
        clock=now,
        wake=wake,
        targets=settings.sla_targets,
        booking_rules=settings.booking_rules,
        slot_tokens=SlotTokens(identity.cursor_key),
        channels=settings.channels,
        slots=slots,
    )


def _writers(settings: Settings) -> int:
    return max(1, settings.database_pool_size - _KEPT_FOR_READERS)


def _verifier(settings: Settings, client: httpx.AsyncClient) -> TokenVerifier:
    audience, issuer = settings.auth_audience, settings.auth_issuer
    if settings.auth_jwks_url is not None:
        return JwksVerifier(settings.auth_jwks_url, settings.auth_algorithms, client, audience=audience, issuer=issuer)
    if settings.jwt_secret_key is None:
        raise ValueError("the server needs a secret or a key address to check tokens with")
    secret = settings.jwt_secret_key.get_secret_value()
    return SecretVerifier(secret, settings.jwt_algorithm, audience=audience, issuer=issuer)


@asynccontextmanager
async def create_worker(settings: Settings) -> AsyncIterator[Carrier]:
    """Give what carries out timers for these settings, ready to run.

    Raises:
        ValueError: there is no database address.
        BusDriverMissing, StorageDriverMissing: an event bus or an object store is set whose driver is not installed.
    """
    if settings.database_url is None:
        raise ValueError("the worker needs the address of a database")
    engine = open_engine(settings.database_url, size=settings.database_pool_size, application="fieldgraph worker")
    listener = open_engine(settings.direct_url, size=1, application="fieldgraph listener")
    timers = open_engine(settings.direct_url, size=1, application="fieldgraph timers")
    client = httpx.AsyncClient(timeout=_OUTSIDE_SECONDS)
    async with system_transaction(engine) as connection:
        identity = await log.identity(connection)
    bus_url = settings.event_bus_url
    subject = f"fieldgraph.wake.{identity.epoch}"
    wake_ups = Notifications(listener) if bus_url is None else EventBus(driver_of(bus_url), bus_url, subject)
    writer = _writer(settings, engine, wake_ups.tell, identity)
    works = (wake_ups.run(lambda _: None), forgetting(writer), keeping_promises(writer))
    beside = [asyncio.create_task(work) for work in works]
    try:
        files = _files(settings, FileAddresses.of_log(identity.cursor_key, settings.public_url or ""))
        posts = _posts(settings, client)
        yield Carrier(timers, handlers(writer, files, posts), taken_over_after=settings.job_takeover)
    finally:
        for task in beside:
            task.cancel()
        await asyncio.wait(beside, timeout=_LAST_TASKS_SECONDS)
        await client.aclose()
        for each in (engine, listener, timers):
            await each.dispose()
