from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.journeys.stage import Stage
from tests.serving import serving
from tests.world import World


@pytest.fixture
async def stage(database_url: str, engine: AsyncEngine, world: World, tmp_path: Path) -> AsyncIterator[Stage]:
    """The small organisation behind a real server, and whoever of it a story needs."""
    async with serving(database_url, max_cost=100_000, upload_dir=tmp_path) as served, AsyncExitStack() as leaving:
        yield Stage(served=served, engine=engine, world=world, leaving=leaving)
