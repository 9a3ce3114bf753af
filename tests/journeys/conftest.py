from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.read_pool import ReadPool
from tests.journeys.stage import Stage
from tests.journeys.statements import Statements
from tests.serving import serving
from tests.world import World


@pytest.fixture
async def stage(database_url: str, engine: AsyncEngine, world: World, tmp_path: Path) -> AsyncIterator[Stage]:
    """The small organisation behind a real server, and whoever of it a story needs."""
    async with serving(database_url, max_cost=100_000, upload_dir=tmp_path) as served, AsyncExitStack() as leaving:
        yield Stage(served=served, engine=engine, world=world, leaving=leaving)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statements]:
    """Count from here on."""
    counting = Statements()
    sa.event.listen(Engine, "before_cursor_execute", counting.note)
    fetch = ReadPool.fetch

    async def noted(pool: ReadPool, organization_id: UUID, statement: str, arguments: Sequence[Any]) -> bytes:
        counting.note(None, None, statement)
        return await fetch(pool, organization_id, statement, arguments)

    monkeypatch.setattr(ReadPool, "fetch", noted)
    yield counting
    sa.event.remove(Engine, "before_cursor_execute", counting.note)
