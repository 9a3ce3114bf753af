import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from app.db.engine import open_engine
from app.db.migrate import current_revision, downgrade, newest_revision, statements, upgrade
from tests.migrations.catalogue import catalogue, tables
from tests.services.scene import fill_every_table
from tests.world import make_world

FOLDER = Path(__file__).parents[2] / "migrations"
REVISIONS = [each.revision for each in reversed(list(ScriptDirectory(str(FOLDER)).walk_revisions()))]


async def fill(url: str) -> None:
    engine = open_engine(url, size=2)
    for name in ("Mine", "Theirs"):
        await fill_every_table(engine, await make_world(engine, name))
    await engine.dispose()


async def revision_of(url: str) -> str | None:
    engine = open_engine(url, size=1)
    async with engine.connect() as connection:
        found = await current_revision(connection)
    await engine.dispose()
    return found


async def fetch(url: str, query: str) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


def test_the_steps_form_one_line() -> None:
    assert len(REVISIONS) >= 6
    assert sorted(REVISIONS) == REVISIONS
    assert REVISIONS[-1] == newest_revision()


async def test_every_step_goes_down_and_up_again_on_data(database_url: str) -> None:
    await fill(database_url)
    newest = await catalogue(database_url)
    stages = {REVISIONS[-1]: newest}

    for revision in (*reversed(REVISIONS[:-1]), "base"):
        await asyncio.to_thread(downgrade, database_url, revision)
        assert await revision_of(database_url) == (None if revision == "base" else revision)
        stages[revision] = await catalogue(database_url)

    assert await tables(database_url) == {"alembic_version"}
    assert stages["base"]["functions"] == set()
    for revision in REVISIONS:
        await asyncio.to_thread(upgrade, database_url, revision)
        assert await catalogue(database_url) == stages[revision]
    await fill(database_url)


async def test_the_last_step_keeps_the_data_it_is_not_about(database_url: str) -> None:
    await fill(database_url)
    query = "SELECT organization_id, position, id, recorded_at FROM events ORDER BY 1, 2"
    before = await fetch(database_url, query)

    await asyncio.to_thread(downgrade, database_url, REVISIONS[-2])
    await asyncio.to_thread(upgrade, database_url)

    assert len(before) > 10
    assert await fetch(database_url, query) == before


async def test_going_up_twice_changes_nothing(database_url: str) -> None:
    await fill(database_url)
    before = await catalogue(database_url)
    identity = await fetch(database_url, "SELECT * FROM log_identity")

    await asyncio.to_thread(upgrade, database_url)

    assert await catalogue(database_url) == before
    assert await fetch(database_url, "SELECT * FROM log_identity") == identity


async def test_a_step_that_fails_leaves_nothing_behind(empty_database_url: str) -> None:
    connection = await asyncpg.connect(empty_database_url)
    await connection.execute("CREATE TABLE assignments (in_the_way int)")
    await connection.close()

    with pytest.raises(Exception, match='relation "assignments" already exists'):
        await asyncio.to_thread(upgrade, empty_database_url)

    assert await tables(empty_database_url) == {"assignments"}
    assert await revision_of(empty_database_url) is None


async def test_the_printed_sql_makes_the_same_database(database_url: str, empty_database_url: str) -> None:
    connection = await asyncpg.connect(empty_database_url)
    await connection.execute(statements())
    await connection.close()

    assert await catalogue(empty_database_url) == await catalogue(database_url)
    assert await revision_of(empty_database_url) == newest_revision()


# Each says when it has started and waits for a word, so that all begin at the same moment.
UPGRADE = """
import sys
from app.db import migrate
print("ready", flush=True)
sys.stdin.readline()
migrate.upgrade(sys.argv[1])
"""
UPGRADE_WITHOUT_THE_LOCK = """
import sys
from sqlalchemy import text
from app.db import migrate
migrate.text = lambda statement: text("SELECT :lock ::bigint")
print("ready", flush=True)
sys.stdin.readline()
migrate.upgrade(sys.argv[1])
"""


def run_at_once(script: str, url: str, processes: int) -> list[str]:
    """Run a script in several processes at the same time; return the last words of those that failed."""
    pipe = subprocess.PIPE
    running = [
        subprocess.Popen([sys.executable, "-c", script, url], stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        for _ in range(processes)
    ]
    for each in running:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in running:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    said = [(each.communicate(timeout=60)[1], each.returncode) for each in running]
    return [words.strip().splitlines()[-1] for words, status in said if status != 0]


async def test_servers_that_start_together_migrate_one_after_the_other(
    database_url: str, empty_database_url: str
) -> None:
    failed = await asyncio.to_thread(run_at_once, UPGRADE, empty_database_url, 3)

    assert failed == []
    assert await revision_of(empty_database_url) == newest_revision()
    assert await catalogue(empty_database_url) == await catalogue(database_url)
    assert await fetch(empty_database_url, "SELECT count(*) FROM log_identity") == [(1,)]


async def test_without_their_lock_servers_that_start_together_would_fail(empty_database_url: str) -> None:
    failed = await asyncio.to_thread(run_at_once, UPGRADE_WITHOUT_THE_LOCK, empty_database_url, 3)

    assert failed != []
