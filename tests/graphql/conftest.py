from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.embedded.server import EmbeddedServer
from app.db.engine import open_engine
from tests.database import database
from tests.serving import Served, serving
from tests.world import World, make_world


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A served organisation that the tests of one file share, and connections to its database."""

    world: World
    served: Served
    engine: AsyncEngine
    client: httpx.AsyncClient


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(database_server: EmbeddedServer, database_template: str) -> AsyncIterator[House]:
    """One server for the tests of a file; they only read, or write rows of their own."""
    async with database(database_server, database_template) as url:
        engine = open_engine(url, size=5)
        world = await make_world(engine)
        async with serving(url) as served, httpx.AsyncClient(timeout=30) as client:
            yield House(world=world, served=served, engine=engine, client=client)
        await engine.dispose()
