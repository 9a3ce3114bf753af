"""How the database goes about a statement."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.engine import driver_of
from app.db.transaction import Mode, transaction


async def explain(engine: AsyncEngine, organization_id: UUID, statement: str, arguments: Sequence[Any]) -> list[str]:
    """Run a read as one organisation sees it and return the plan and its times, line by line."""
    async with transaction(engine, organization_id, mode=Mode.READ) as connection:
        driver = await driver_of(connection)
        rows = await driver.fetch(f"EXPLAIN (ANALYZE, BUFFERS) {statement}", *arguments)
    return [str(row[0]) for row in rows]
