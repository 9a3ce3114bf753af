from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.legacy.coming import Coming
from tests.legacy.old import OldDatabase, opened
from tests.world import World


@pytest.fixture
async def old(empty_database_url: str) -> AsyncIterator[OldDatabase]:
    """An older platform's database, without tables yet."""
    async with opened(empty_database_url) as database:
        yield database


@pytest.fixture
def coming(engine: AsyncEngine, world: World, old: OldDatabase, database_url: str) -> Coming:
    """The way from the older database into the organisation."""
    return Coming(engine=engine, world=world, old=old, url=database_url)
