"""Short ways to import, to roll back, and to see what came over."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.legacy_source import legacy_source, legacy_writer
from app.legacy.importing import Progress, import_all
from app.legacy.platforms import Platform
from app.legacy.report import Report
from app.legacy.rollback import RolledBack, roll_back
from tests.demo.reading import fetch
from tests.legacy.old import OldDatabase
from tests.world import World

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
JOBS = """
    SELECT p.external_id AS engineer, a.status, a.sequence, a.reason, a.tier_level, a.assigned_at,
        a.accepted_at, a.started_at, a.completed_at, a.outcome, a.version, a.id
    FROM assignments a
    JOIN legacy_rows w ON w.kind = 'Ticket' AND w.id = a.ticket_id
    JOIN technicians p ON (p.organization_id, p.id) = (a.organization_id, a.technician_id)
    WHERE w.legacy_key = $1 ORDER BY a.sequence
"""


def ignore(_stage: str, _done: int, _total: int) -> None:
    """Nobody watches."""


@dataclass(slots=True, kw_only=True)
class Coming:
    """An organisation and the older database it comes from."""

    engine: AsyncEngine
    world: World
    old: OldDatabase
    url: str

    async def all(
        self, *, dry: bool = False, batch: int = 100, now: datetime = NOW, progress: Progress = ignore
    ) -> Mapping[Platform, Report]:
        """Import what is there."""
        async with legacy_source(self.old.url) as source:
            return await import_all(
                self.engine, self.world.organization_id, source, now=now, progress=progress, dry=dry, batch=batch
            )

    async def tickets(self, **how: Any) -> Report:
        """Import the platform of tickets."""
        return (await self.all(**how))[Platform.TICKETS]

    async def back(self, *, dry: bool = False) -> RolledBack:
        """Write current assignments back."""
        async with legacy_writer(self.old.url) as (driver, source):
            return await roll_back(self.engine, self.world.organization_id, driver, source, dry=dry)

    async def ticket(self, key: str) -> Mapping[str, Any]:
        """Return the ticket that came of an old one."""
        query = (
            "SELECT t.* FROM tickets t JOIN legacy_rows w ON w.id = t.id WHERE w.kind = 'Ticket' AND legacy_key = $1"
        )
        return dict((await fetch(self.url, query, key))[0])

    async def jobs(self, key: str) -> list[Mapping[str, Any]]:
        """Return the jobs that came of an old ticket."""
        return [dict(row) for row in await fetch(self.url, JOBS, key)]
