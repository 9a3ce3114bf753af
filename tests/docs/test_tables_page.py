"""The drawing of the tables is that of the database; `make generate` renews it."""

import os
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.drawing import drawing

PAGE = Path(__file__).parents[2] / "docs/tables.md"


async def test_the_page_draws_the_tables_as_they_are(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        drawn = await drawing(connection)
    if "RENEW_GOLDENS" in os.environ:
        PAGE.write_text(drawn)

    assert PAGE.read_text() == drawn
    for line in ("tickets ||--o{ assignments", "assignments ||--|o assignments", "technicians ||--o{ shifts"):
        assert line in drawn
