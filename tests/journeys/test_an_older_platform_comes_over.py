"""An operator brings an older platform over by the command line, goes back, and comes again."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.db.migrate import downgrade, upgrade
from app.db.tables.legacy import legacy_rows
from tests.cli.command import Workplace
from tests.demo.reading import fetch
from tests.legacy.old import OldDatabase, opened

pytestmark = pytest.mark.usefixtures("world")
BEFORE_LEGACY = "0011"
DROPPED = "ALTER TABLE service_tickets DROP COLUMN assigned_engineer_name, DROP COLUMN assignment_tier_name"
CURRENT = """
    SELECT p.external_id, v.assignment_tier, v.status FROM current_ticket_assignments v
    JOIN technicians p ON p.organization_id = v.organization_id AND p.id = v.engineer_id
    JOIN legacy_rows w ON w.kind = 'Ticket' AND w.id = v.ticket_id ORDER BY w.legacy_key
"""


@pytest.fixture
async def old(empty_database_url: str) -> AsyncIterator[OldDatabase]:
    """An older platform with forty tickets."""
    async with opened(empty_database_url) as database:
        await database.ticket_platform(tickets=40)
        yield database


async def counts(url: str) -> tuple[Any, ...]:
    query = "SELECT (SELECT count(*) FROM tickets), (SELECT count(*) FROM assignments), (SELECT count(*) FROM events)"
    return tuple((await fetch(url, query))[0])


def cells(said: str) -> list[list[str]]:
    """Return the rows of the tables that were printed."""
    return [[cell.strip() for cell in line.split("│")] for line in said.splitlines() if "│" in line]


async def test_an_older_platform_comes_over_goes_back_and_comes_again(
    workplace: Workplace, database_url: str, old: OldDatabase
) -> None:
    def run(*arguments: str) -> Any:
        return workplace.run(*arguments, "--from", old.url, DATABASE_URL=database_url)

    before = await old.inline()
    foretold = await asyncio.to_thread(run, "import-legacy", "--dry-run")
    assert (foretold.returncode, (await counts(database_url))[0]) == (0, 0)

    done = await asyncio.to_thread(run, "import-legacy")
    assert done.returncode == 0
    assert "came over" in done.stdout
    assert cells(foretold.stdout) == cells(done.stdout)
    assert len(cells(done.stdout)) == 3
    imported = await counts(database_url)
    assert imported[0] == 40
    current = [tuple(row) for row in await fetch(database_url, CURRENT)]
    assert len(current) > 10
    assert {row[2] for row in current} <= {"assigned", "accepted", "in_progress"}

    again = await asyncio.to_thread(run, "import-legacy")
    assert again.returncode == 0
    assert await counts(database_url) == imported

    await old.execute(DROPPED)
    watched = await asyncio.to_thread(run, "rollback-legacy", "--dry-run")
    assert watched.stdout == "40 tickets came over; 36 differ, 0 are gone there.\n"
    back = await asyncio.to_thread(run, "rollback-legacy")
    assert back.stdout == "40 tickets came over; 36 written back, 0 are gone there.\n"
    assert await old.inline() == before

    await asyncio.to_thread(downgrade, database_url, BEFORE_LEGACY)
    assert await counts(database_url) == imported
    await asyncio.to_thread(upgrade, database_url)
    assert await fetch(database_url, f"SELECT * FROM {legacy_rows.name}") == []  # noqa: S608  # a table of ours
    assert await counts(database_url) == imported


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://someone:hunter2@127.0.0.1:1/field", "cannot be reached"),
        ("nonsense:hunter2", "cannot be reached"),
        ("mysql://someone:hunter2@127.0.0.1:1/field", "cannot be reached"),
    ],
)
async def test_an_address_that_leads_nowhere_is_told_without_its_password(
    workplace: Workplace, database_url: str, address: str, words: str
) -> None:
    done = await asyncio.to_thread(
        workplace.run, "import-legacy", "--from", address, DATABASE_URL=database_url
    )  # fmt: skip

    assert done.returncode == 1
    assert words in done.stderr
    assert "hunter2" not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


async def test_the_organisation_must_be_there_and_the_tables_too(
    workplace: Workplace, database_url: str, empty_database_url: str
) -> None:
    def run(command: str, *arguments: str) -> str:
        done = workplace.run(command, "--from", empty_database_url, *arguments, DATABASE_URL=database_url)
        assert done.returncode == 1
        return done.stderr

    nobody = "00000000-0000-7000-8000-000000000000"
    assert f"There is no organisation {nobody}." in await asyncio.to_thread(
        run, "import-legacy", "--organization", nobody
    )
    assert "has none of these tables" in await asyncio.to_thread(run, "import-legacy")
    assert "No ticket of service_tickets came over" in await asyncio.to_thread(run, "rollback-legacy")
