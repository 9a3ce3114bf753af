"""Statements are named by verb and table, and each that is carried out is told of once."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.engine import driver_of, open_engine
from app.db.statements import trace_statements
from app.tracing.statements import StatementNames
from app.tracing.traces import Step, Traces
from tests.cli.command import free_port

NAMES = StatementNames({"tickets", "users", "event_heads", "idempotency_results"})
ID = "0197f3c0-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("SELECT id FROM tickets WHERE title = $1", "SELECT tickets"),
        ("select extract(epoch FROM created_at) from users", "SELECT"),
        ("SELECT extract(epoch FROM created_at) FROM users", "SELECT users"),
        ("SELECT concat('{\"x\":', (SELECT t.id FROM tickets AS t)) FROM (VALUES (1)) AS v", "SELECT tickets"),
        (f"BEGIN READ ONLY; SELECT set_config('app.organization_id', '{ID}', true)", "BEGIN"),
        (f"SELECT set_config('app.organization_id', '{ID}', false)", "SELECT"),
        ("COMMIT", "COMMIT"),
        ("ROLLBACK", "ROLLBACK"),
        ("  INSERT INTO tickets (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET id = $1", "INSERT tickets"),
        ("UPDATE tickets SET title = 'DELETE FROM users'", "UPDATE tickets"),
        ("UPDATE tickets AS t SET title = $1 FROM users", "UPDATE tickets"),
        ("DELETE FROM tickets", "DELETE tickets"),
        ("SELECT 1 FROM tickets FOR UPDATE", "SELECT tickets"),
        ("WITH old AS (SELECT 1 FROM users) DELETE FROM idempotency_results USING old", "DELETE idempotency_results"),
        ("WITH raised AS (UPDATE event_heads SET head = 1 RETURNING head) SELECT 1", "UPDATE event_heads"),
        ("WITH seen AS (SELECT 1 FROM users) SELECT 1 FROM seen", "SELECT users"),
        ("FETCH 100 FROM rows_to_come", "FETCH"),
        ("CREATE TEMPORARY TABLE bulk_tickets (id int)", "OTHER"),
        ("INSERT INTO secrets_of_others VALUES (1)", "OTHER"),
        ("", "OTHER"),
    ],
)
def test_a_statement_is_called_by_its_verb_and_a_table_of_ours(text: str, summary: str) -> None:
    assert NAMES.of(text).summary == summary


class Heard(Traces):
    """What was told of statements: their texts, and how they ended."""

    collected = True

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ended: list[tuple[str, str]] = []

    def statement(self, text: str) -> Step:
        self.begun.append(text)
        return _Heard(text, self)


class _Heard(Step):
    def __init__(self, text: str, heard: Heard) -> None:
        self._text, self._heard, self._code = text, heard, "OK"

    def failed(self, code: str) -> None:
        self._code = code

    def over(self) -> None:
        self._heard.ended.append((self._text, self._code))


@pytest.fixture
def heard() -> Heard:
    """Nothing yet."""
    return Heard()


@pytest.fixture
async def told_of(database_url: str, heard: Heard) -> AsyncIterator[AsyncEngine]:
    """Connections whose statements are heard."""
    opened = open_engine(database_url, size=2)
    trace_statements(opened, heard)
    yield opened
    await opened.dispose()


async def test_each_statement_is_told_of_once_whichever_way_it_goes(told_of: AsyncEngine, heard: Heard) -> None:
    async with told_of.connect() as connection:
        driver = await driver_of(connection)
        # What opening a connection takes is nobody's statement.
        assert heard.begun == []
        await connection.execute(sa.text("SELECT 1"))
        await connection.exec_driver_sql("CREATE TEMPORARY TABLE t (a int)")
        await connection.execute(sa.text("INSERT INTO t VALUES (:a)"), [{"a": 1}, {"a": 2}])
        await driver.execute("SET statement_timeout = 50")
        assert await driver.fetchval("SELECT $1::int", 3) == 3
        assert len(await driver.fetch("SELECT a FROM t")) == 2
        await driver.executemany("DELETE FROM t WHERE a = $1", [(1,)])
        await driver.copy_records_to_table("t", columns=["a"], records=[(4,)])

    assert heard.ended == [
        (text, "OK")
        for text in (
            "SELECT 1",
            "CREATE TEMPORARY TABLE t (a int)",
            "INSERT INTO t VALUES ($1)",
            "SET statement_timeout = 50",
            "SELECT $1::int",
            "SELECT a FROM t",
            "DELETE FROM t WHERE a = $1",
            "COPY",
        )
    ]


async def test_a_statement_that_fails_ends_with_the_databases_code(told_of: AsyncEngine, heard: Heard) -> None:
    async with told_of.connect() as connection:
        driver = await driver_of(connection)
        await driver.execute("SET statement_timeout = 20")
        with pytest.raises(DBAPIError):
            await connection.execute(sa.text("SELECT 1/0"))
        with pytest.raises(asyncpg.DivisionByZeroError):
            await driver.execute("SELECT 2/0")
        with pytest.raises(asyncpg.QueryCanceledError):
            await driver.fetchval("SELECT pg_sleep($1)", 5)

    assert heard.ended[1:] == [("SELECT 1/0", "22012"), ("SELECT 2/0", "22012"), ("SELECT pg_sleep($1)", "57014")]


@pytest.mark.parametrize("directly", [False, True])
async def test_a_statement_that_nobody_waits_for_any_longer_ends_too(
    told_of: AsyncEngine, heard: Heard, directly: bool
) -> None:
    async with told_of.connect() as connection:
        driver = await driver_of(connection)
        text = "SELECT pg_sleep(5)"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await (driver.execute(text) if directly else connection.execute(sa.text(text)))

    assert heard.ended == [("SELECT pg_sleep(5)", "CancelledError")]


async def test_a_database_that_is_away_is_no_statement(heard: Heard) -> None:
    engine = open_engine(f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    trace_statements(engine, heard)

    with pytest.raises(OSError, match="Connect call failed"):
        await engine.connect()

    assert heard.begun == []
