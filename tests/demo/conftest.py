from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest_asyncio

from app.db.embedded.server import EmbeddedServer
from app.demo.load import load_benchmark, load_demo
from tests.database import database

NOW = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
BENCHMARK_TICKETS = 1_000


def ignore_progress(_stage: str, _done: int, _total: int) -> None:
    """Nobody watches."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def loaded_url(database_server: EmbeddedServer, database_template: str) -> AsyncIterator[str]:
    """The address of a database with all three example organisations; tests only read it."""
    async with database(database_server, database_template) as url:
        await load_demo(url, now=NOW, progress=ignore_progress)
        await load_benchmark(url, tickets=BENCHMARK_TICKETS, now=NOW, progress=ignore_progress)
        yield url
