from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.reads.seed import make_seed
from tests.serving import serving
from tests.sheets.office import Office
from tests.world import make_world


@pytest.fixture
async def office(database_url: str, engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[Office]:
    """Some sixty tickets behind a server, and another organisation beside them."""
    seed, other = await make_seed(engine), await make_world(engine, "Elsewhere")
    async with serving(database_url, max_cost=100_000, upload_dir=tmp_path) as served:
        office = Office(served=served, engine=engine, world=seed.world, other=other)
        # The tickets have numbers that nobody counted.
        await office.sql(
            "INSERT INTO ticket_counters (organization_id, year, last_number)"
            " SELECT :organization, year, 1000 FROM generate_series(2026, 2100) AS year"
        )
        yield office
