from collections.abc import AsyncIterator

import pytest_asyncio

from app.db.embedded.server import EmbeddedServer
from app.db.engine import open_engine
from tests.database import database
from tests.reads.seed import Seed, make_seed


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def seed(database_server: EmbeddedServer, database_template: str) -> AsyncIterator[Seed]:
    """Rows that the tests of a file share; they only read them."""
    async with database(database_server, database_template) as url:
        engine = open_engine(url, size=3)
        yield await make_seed(engine)
        await engine.dispose()
