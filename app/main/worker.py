"""Composes the worker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.applications import Starlette

from app.db import log
from app.db.engine import open_engine
from app.db.notifications import Notifications
from app.db.timers.carrying import Carrier
from app.db.transaction import system_transaction
from app.domain.file_addresses import FileAddresses
from app.health import Health
from app.integrations.bus_drivers import driver_of
from app.integrations.event_bus import EventBus
from app.integrations.web_client import WebClient
from app.jobs.forgetting import forgetting
from app.jobs.handlers import handlers
from app.jobs.promises import keeping_promises
from app.main.parts import files_of, outlets_of, traces_of, writer_of
from app.metrics.figures import Figures, watch_process
from app.scraping import Scraping
from app.settings import Settings

_LAST_TASKS_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Worker:
    """What carries out timers, and the routes by which it is watched."""

    carrier: Carrier
    app: Starlette


@asynccontextmanager
async def create_worker(settings: Settings) -> AsyncIterator[Worker]:
    """Give what carries out timers for these settings, ready to run.

    Raises:
        ValueError: there is no database address.
        BusDriverMissing, StorageDriverMissing, TracingLibraryMissing: an event bus, an object store or a collector is
            set, and what it needs is not installed.
    """
    if settings.database_url is None:
        raise ValueError("the worker needs the address of a database")
    engine = open_engine(settings.database_url, size=settings.database_pool_size, application="fieldgraph worker")
    listener = open_engine(settings.direct_url, size=1, application="fieldgraph listener")
    timers = open_engine(settings.direct_url, size=1, application="fieldgraph timers")
    figures = Figures()
    watch_process(figures, service=settings.service_name, version=settings.service_version)
    traces = traces_of(settings, (engine, listener, timers))
    client = WebClient(traces)
    async with system_transaction(engine) as connection:
        identity = await log.identity(connection)
    bus_url = settings.event_bus_url
    subject = f"fieldgraph.wake.{identity.epoch}"
    wake_ups: Notifications | EventBus = Notifications(listener)
    if bus_url is not None:
        wake_ups = EventBus(driver_of(bus_url), bus_url, subject, traces=traces)
    writer = writer_of(settings, engine, wake_ups.tell, identity, figures)
    works = (wake_ups.run(lambda _: None), forgetting(writer, traces), keeping_promises(writer, traces))
    beside = [asyncio.create_task(work) for work in works]
    try:
        files = files_of(settings, FileAddresses.of_log(identity.cursor_key, settings.public_url or ""), traces)
        posts = outlets_of(settings, client, traces)
        works_by_kind = handlers(writer, files, posts)
        carrier = Carrier(timers, works_by_kind, figures=figures, traces=traces, taken_over_after=settings.job_takeover)
        health = Health(
            engine=engine,
            service=settings.service_name,
            version=settings.service_version,
            event_bus=wake_ups.is_connected if isinstance(wake_ups, EventBus) else None,
        )
        scraping = Scraping(figures, engine, token=settings.scrape_token)
        yield Worker(carrier, Starlette(routes=[*health.routes(), scraping.route]))
    finally:
        for task in beside:
            task.cancel()
        await asyncio.wait(beside, timeout=_LAST_TASKS_SECONDS)
        await client.aclose()
        for each in (engine, listener, timers):
            await each.dispose()
        await traces.close()
