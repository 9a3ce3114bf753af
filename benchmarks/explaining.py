"""How the database went about what this project asked of it."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.db.engine import driver_of

Asked = tuple[str, tuple[Any, ...]]


async def explained(
    engine: AsyncEngine, connection: AsyncConnection, ask: Callable[[AsyncConnection], Awaitable[Any]]
) -> list[str]:
    """Ask something, and return the plan and times of the last statement that it took, line by line."""
    asked: list[Asked] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        asked.append((statement, tuple(parameters)))

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        await ask(connection)
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", note)
    statement, parameters = asked[-1]
    driver = await driver_of(connection)
    rows = await driver.fetch(f"EXPLAIN (ANALYZE, BUFFERS) {statement}", *parameters)
    return [str(row[0]) for row in rows]
