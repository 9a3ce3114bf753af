"""`fieldgraph worker`: carries out what is due; any number of them, beside any number of servers."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog
import uvicorn
import uvloop
from starlette.applications import Starlette

from app.cli.listener import address_of, listener
from app.cli.migrate import bring_up
from app.cli.signals import ended_by_signals
from app.cli.workplace import begin, database_ready
from app.main.worker import create_worker
from app.settings import Settings

log = structlog.get_logger(__name__)


def worker() -> None:
    """Carry out timers, such as offers that expire, until asked to end."""
    with ended_by_signals(), database_ready(begin()) as ready:
        bring_up(ready)
        uvloop.run(_run(ready))


async def _run(settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    async with create_worker(settings) as made, _watched(settings, made.app):
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(each, made.carrier.end)
        log.info("worker.started")
        await made.carrier.run()
    log.info("worker.ended")


class _Server(uvicorn.Server):
    """A server that leaves signals to the worker."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def _watched(settings: Settings, app: Starlette) -> AsyncIterator[None]:
    """Answer those who watch the worker for the block, where a port is set. Raises CannotListen."""
    if settings.worker_port is None:
        yield
        return
    with listener(settings.host, settings.worker_port) as listening:
        server = _Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        log.info("worker.watched", url=address_of(listening))
        try:
            yield
        finally:
            server.should_exit = True
            await serving
