"""Composes the server: makes things and hands them to each other."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.routing import Route

from app.auth.attendance import Attendance
from app.clock import now
from app.db import log
from app.db.engine import open_engine
from app.db.notifications import Notifications
from app.db.read_pool import ReadPool
from app.db.timers.carrying import Carrier
from app.db.transaction import system_transaction
from app.domain.calendar_addresses import CALENDAR_PATH, CalendarAddresses
from app.domain.file_addresses import DOWNLOAD_PATH, UPLOAD_PATH, FileAddresses
from app.door import Door
from app.health import Health
from app.integrations.bus_drivers import driver_of
from app.integrations.disk_files import DiskFiles
from app.integrations.event_bus import EventBus
from app.integrations.web_client import WebClient
from app.jobs.forgetting import forgetting
from app.jobs.handlers import handlers
from app.jobs.promises import keeping_promises
from app.live.groups import Groups
from app.live.hub import Hub
from app.main.parts import (
    answers_of,
    files_of,
    limits_of,
    outlets_of,
    process_of,
    traces_of,
    verifier_of,
    watch_connections,
    watch_readers,
)
from app.metrics.figures import Figures, watch_process
from app.scraping import Scraping
from app.settings import Settings
from app.transfers.calendars import Calendars
from app.transfers.downloads import Downloads
from app.transfers.uploads import Uploads
from schema.build import executable, schema, sdl
from schema.execution.admission import Admission, MemoryPurse
from schema.execution.caps import Caps
from schema.execution.documents import Documents
from schema.execution.feeds import Feeds
from schema.execution.http import HttpEndpoint
from schema.execution.origins import Origins
from schema.execution.page import page
from schema.execution.planning import Plans
from schema.execution.preparing import Requests
from schema.execution.trusted import load_trusted
from schema.execution.websocket import WebSocketEndpoint
from schema.sheets.exports import TicketExports
from schema.sheets.gate import Gate
from schema.sheets.imports import TicketImports
from schema.sheets.kind_exports import KindExports
from schema.sheets.kind_imports import KindImports
from schema.sheets.kinds import KINDS
from schema.sheets.persons import PersonExports

_LAST_WRITES_SECONDS = 4.0
_LAST_TASKS_SECONDS = 1.0
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
        BusDriverMissing, TracingLibraryMissing: an event bus or a collector is set, and what it needs is not installed.
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
    timers = open_engine(settings.direct_url, size=1, application="fieldgraph timers")
    engines = (engine, listener, follower, reader, exporter, timers)
    traces = traces_of(settings, engines)
    client = WebClient(traces)
    tokens = verifier_of(settings, client)
    limits = limits_of(settings)
    documents = Documents(executable(), limits, introspection=settings.tells_schema, suggestions=settings.suggests)
    purse = MemoryPurse(size=settings.cost_bucket, refill=settings.cost_refill_per_second)
    figures = Figures()
    watch_process(figures, service=settings.service_name, version=settings.service_version)
    admission = Admission(limits, purse, figures)
    trusted = load_trusted(
        settings.trusted_documents,
        enforced=settings.trusted_documents_mode == "enforce",
        automatic=settings.persisted_queries,
    )
    requests = Requests(documents, trusted)
    origins = Origins(settings.allowed_origins)
    starlette = Starlette()
    door = Door(starlette, traces)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with system_transaction(engine) as connection:
            identity = await log.identity(connection)
        # Who shares a log shares a subject, whoever else is on the bus.
        bus = None if bus_for is None else bus_for(f"fieldgraph.wake.{identity.epoch}", traces=traces)
        hub = Hub(follower, bus or Notifications(listener), poll_seconds=settings.log_poll_seconds)
        health = Health(
            engine=follower,
            service=settings.service_name,
            version=settings.service_version,
            event_bus=None if bus is None else bus.is_connected,
        )
        scraping = Scraping(figures, follower, token=settings.scrape_token, positions=lambda: hub.positions)
        addresses = FileAddresses.of_log(identity.cursor_key, settings.public_url or "")
        files = files_of(settings, addresses, traces)
        process = process_of(settings, engine, follower, hub, tokens, identity, files, addresses, figures, traces)
        attendance = Attendance(process.actors, clock=now)
        # After the actors, who by then have forgotten whom the event changed.
        hub.watch(attendance.notice)
        plans = Plans(schema()) if settings.read_plans else None
        answers = answers_of(settings, process, pool, admission, plans)
        feeds = Feeds(
            executable(),
            plans,
            Groups(process.log, attendance.settled),
            attendance,
            admission,
            Caps(per_user=settings.max_subscriptions_per_user, per_ip=settings.max_subscriptions_per_ip),
            suggestions=settings.suggests,
            figures=figures,
        )
        http = HttpEndpoint(
            process,
            requests,
            answers,
            feeds,
            attendance,
            origins=origins,
            figures=figures,
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
            figures=figures,
            caps=Caps(per_user=settings.max_sockets_per_user, per_ip=settings.max_sockets_per_ip),
            most_operations=settings.max_subscriptions_per_socket,
        )
        pools = {"writes": engine, "log": follower, "exports": exporter}
        watch_connections(figures, pools, pool, bus=None if bus is None else bus.is_connected)
        watch_readers(figures, feeds.groups)
        exporting = Gate(process, origins, admission, at_once=_EXPORTS_AT_ONCE)
        importing = Gate(process, origins, admission, at_once=_IMPORTS_AT_ONCE)
        exports = TicketExports(exporter, exporting, figures.exports.add)
        persons = PersonExports(exporter, exporting, figures.exports.add)
        kinds = {each.many: KindExports(exporter, exporting, figures.exports.add, each) for each in KINDS}
        door.graphql, door.sockets, door.exports = http, sockets, (exports, persons, *kinds.values())
        starlette.router.routes += [
            *health.routes(),
            scraping.route,
            Route(f"{DOWNLOAD_PATH}{{token}}", Downloads(engine, files.store, addresses, now, origins.headers)),
            Route(
                f"{CALENDAR_PATH}{{name}}", Calendars(engine, CalendarAddresses.beside(addresses), now, origins.headers)
            ),
            Route("/exports/tickets.csv", exports),
            Route("/exports/person.json", persons),
            *(Route(f"/exports/{many}.csv", each) for many, each in kinds.items()),
            Route("/imports/tickets.csv", TicketImports(importing, figures.imports.add)),
            *(Route(f"/imports/{each.many}.csv", KindImports(importing, figures.imports.add, each)) for each in KINDS),
        ]
        if isinstance(files.store, DiskFiles):
            taking = Uploads(files.store, addresses, now, origins.headers, figures.uploads.add)
            starlette.router.routes.append(Route(f"{UPLOAD_PATH}{{token}}", taking))
        always = (hub.run(), attendance.run(), process.locations.run(), process.actors.usage.run())
        running = [asyncio.create_task(work) for work in always]
        works = handlers(process.writer, files, outlets_of(settings, client, traces))
        carrier = Carrier(timers, works, figures=figures, traces=traces, taken_over_after=settings.job_takeover)
        carrying = [asyncio.create_task(carrier.run() if settings.runs_worker else asyncio.sleep(0))]
        running += carrying
        if settings.runs_worker:
            running.append(asyncio.create_task(forgetting(process.writer, traces)))
            running.append(asyncio.create_task(keeping_promises(process.writer, traces)))
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
            for each in engines:
                await each.dispose()
            await traces.close()

    starlette.router.lifespan_context = lifespan
    return door


def schema_text() -> str:
    """Return the schema definition language of the API, as it is committed."""
    return sdl()
