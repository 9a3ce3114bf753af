"""`fieldgraph worker`: carries out what is due; any number of them, beside any number of servers."""

import asyncio
import signal

import structlog
import uvloop

from app.cli.migrate import bring_up
from app.cli.signals import ended_by_signals
from app.cli.workplace import begin, database_ready
from app.main import create_worker
from app.settings import Settings

log = structlog.get_logger(__name__)


def worker() -> None:
    """Carry out timers, such as offers that expire, until asked to end."""
    with ended_by_signals(), database_ready(begin()) as ready:
        bring_up(ready)
        uvloop.run(_run(ready))


async def _run(settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    async with create_worker(settings) as carrier:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(each, carrier.end)
        log.info("worker.started")
        await carrier.run()
    log.info("worker.ended")
