import asyncio
from collections.abc import AsyncIterator
from copy import deepcopy
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.embedded.server import EmbeddedServer
from app.db.engine import open_engine
from app.db.transaction import transaction
from tests.database import database, furnished
from tests.reads.seed import make_seed
from tests.serving import serving
from tests.sheets.office import Office
from tests.world import World, make_world


@pytest.fixture(scope="session")
def stocked(database_server: EmbeddedServer, database_template: str) -> tuple[str, tuple[World, World]]:
    """The name of a database with some sixty tickets, to clone; their organisation, and another beside it."""
    return asyncio.run(furnished(database_server, database_template, _stock))


async def _stock(engine: AsyncEngine) -> tuple[World, World]:
    seed, other = await make_seed(engine), await make_world(engine, "Elsewhere")
    # The tickets have numbers that nobody counted.
    counted = sa.text(
        "INSERT INTO ticket_counters (organization_id, year, last_number)"
        " SELECT :organization, year, 1000 FROM generate_series(2026, 2100) AS year"
    )
    async with transaction(engine, seed.world.organization_id) as connection:
        await connection.execute(counted, {"organization": seed.world.organization_id})
    return seed.world, other


@pytest.fixture
async def office(
    database_server: EmbeddedServer, stocked: tuple[str, tuple[World, World]], tmp_path: Path
) -> AsyncIterator[Office]:
    """Some sixty tickets behind a server, and another organisation beside them."""
    template, organisations = stocked
    world, other = deepcopy(organisations)
    async with database(database_server, template) as url:
        engine = open_engine(url, size=20)
        async with serving(url, max_cost=100_000, upload_dir=tmp_path) as served:
            yield Office(served=served, engine=engine, world=world, other=other)
        await engine.dispose()
