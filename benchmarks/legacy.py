"""How long it takes to come from an older platform of many tickets: import, again, the way back, and again.

The older database is made by a formula. Printed are seconds, and whether the way back restored every column.
"""

import argparse
import asyncio
import sys
from time import perf_counter

import asyncpg

from app.clock import now
from app.db.engine import open_engine
from app.db.legacy_source import legacy_source, legacy_writer
from app.legacy.importing import import_all
from app.legacy.platforms import Platform
from app.legacy.report import Report
from app.legacy.rollback import RolledBack, roll_back
from benchmarks.place import workplace
from tests.legacy.old import OldDatabase, opened
from tests.world import make_world

_OLD = "older_platform"
_GONE = """
    ALTER TABLE service_tickets DROP COLUMN assigned_engineer_id, DROP COLUMN assigned_engineer_name,
        DROP COLUMN assignment_tier, DROP COLUMN assignment_tier_name
"""


async def measured(url: str, old: OldDatabase) -> None:
    """Measure and print."""
    engine = open_engine(url, size=4)
    world = await make_world(engine)

    async def bring(*, dry: bool = False) -> Report:
        async with legacy_source(old.url) as source:
            found = await import_all(
                engine, world.organization_id, source, now=now(), progress=lambda *_: None, dry=dry
            )  # fmt: skip
        return found[Platform.TICKETS]

    async def back() -> RolledBack:
        async with legacy_writer(old.url) as (driver, source):
            return await roll_back(engine, world.organization_id, driver, source, dry=False)

    before = await old.inline()
    for what, dry in (("dry run", True), ("import", False), ("second run", False)):
        began = perf_counter()
        report = await bring(dry=dry)
        _say(what, began, f"{report.imported['Ticket']} tickets, {report.imported['Assignment']} assignments")
    await old.execute(_GONE)
    began = perf_counter()
    done = await back()
    same = "every column as it was" if await old.inline() == before else "NOT as it was"
    _say("way back", began, f"{done.changed} tickets written, {same}")
    began = perf_counter()
    report = await bring()
    _say("import again", began, f"{report.imported['Ticket']} tickets, {report.known['Ticket']} known")
    await engine.dispose()


def _say(what: str, began: float, more: str) -> None:
    sys.stdout.write(f"| {what} | {perf_counter() - began:.1f} s | {more} |\n")
    sys.stdout.flush()


async def run(url: str, old_url: str, tickets: int) -> None:
    """Make the older database and measure."""
    connection = await asyncpg.connect(url)
    await connection.execute(f"CREATE DATABASE {_OLD}")
    await connection.close()
    async with opened(old_url) as old:
        await old.ticket_platform(tickets=tickets)
        await measured(url, old)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=100_000)
    chosen = parser.parse_args()
    with workplace() as place:
        asyncio.run(run(place.server.url(), place.server.url(_OLD), chosen.tickets))


if __name__ == "__main__":
    main()
