import subprocess
import sys

import asyncpg
import pytest

from app.db.migrate import newest_revision


@pytest.mark.parametrize("turn", [1, 2])
async def test_each_test_gets_a_migrated_database_without_rows(database_url: str, turn: int) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        revision = await connection.fetchval("SELECT version_num FROM alembic_version")
        await connection.execute("CREATE TABLE only_here (n int)")
        await connection.execute("INSERT INTO only_here VALUES ($1)", turn)
        rows = await connection.fetch("SELECT n FROM only_here")
    finally:
        await connection.close()

    assert revision == newest_revision()
    assert [row["n"] for row in rows] == [turn]


async def test_an_empty_database_has_no_tables(empty_database_url: str) -> None:
    connection = await asyncpg.connect(empty_database_url)
    try:
        tables = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    finally:
        await connection.close()

    assert tables == 0


def test_a_process_that_a_test_starts_reaches_its_database(database_url: str) -> None:
    script = (
        "import asyncio, asyncpg, sys\n"
        "async def ask():\n"
        "    connection = await asyncpg.connect(sys.argv[1])\n"
        "    print(await connection.fetchval('SELECT current_database()'))\n"
        "    await connection.close()\n"
        "asyncio.run(ask())"
    )

    done = subprocess.run([sys.executable, "-c", script, database_url], capture_output=True, text=True, check=True)

    assert done.stdout.strip() in database_url
