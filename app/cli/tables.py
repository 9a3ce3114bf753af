"""`fieldgraph tables`: the tables and what points to what, as a document."""

import asyncio
import sys

from app.cli.migrate import bring_up
from app.cli.workplace import begin, database_ready
from app.db.drawing import drawing
from app.db.engine import open_engine


def tables() -> None:
    """Print the tables of the database as a drawing (Markdown with Mermaid)."""
    with database_ready(begin()) as ready:
        bring_up(ready)
        sys.stdout.write(asyncio.run(_drawn(ready.direct_url)))


async def _drawn(url: str) -> str:
    engine = open_engine(url, size=1)
    try:
        async with engine.connect() as connection:
            return await drawing(connection)
    finally:
        await engine.dispose()
