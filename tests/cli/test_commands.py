import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest

from app.auth.tokens import SecretVerifier
from app.cli.commands import Commands
from app.demo.plots import FEWEST
from app.demo.users import DEMO_USERS
from tests.cli.command import Workplace

ELSEWHERE = "postgresql://someone:hunter2@127.0.0.1:1/field"


async def ask(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        return str(await connection.fetchval("SELECT current_database()"))
    finally:
        await connection.close()


# These are started afresh elsewhere: by the static checks, and where what traces need is missing.
STARTED_ELSEWHERE = {"migrate", "schema", "settings", "diagrams", "serve", "worker"}


@pytest.mark.parametrize("command", sorted({*Commands().list_commands(None)} - STARTED_ELSEWHERE))
def test_every_command_can_be_imported_alone(workplace: Workplace, command: str) -> None:
    done = workplace.run_afresh(command, "--help")

    assert (done.returncode, done.stderr) == (0, "")
    assert f"-c {command}" in done.stdout


def test_the_database_starts_is_reached_and_stops(workplace: Workplace) -> None:
    before = workplace.run("database", "status")
    assert (before.returncode, before.stdout.splitlines()[0]) == (3, "state: stopped")

    assert workplace.run("database", "start").stdout == "Started.\n"
    assert workplace.run("database", "start").stdout == "Already running.\n"
    assert f"process {workplace.server.pid()}" in workplace.run("database", "status").stdout
    assert asyncio.run(ask(workplace.run("database", "url").stdout.strip())) == "fieldgraph"

    assert workplace.run("database", "stop").stdout == "Stopped.\n"
    assert workplace.run("database", "stop").stdout == "Was not running.\n"
    assert workplace.server.pid() is None


def test_a_database_of_ones_own_is_not_started_or_stopped(workplace: Workplace) -> None:
    done = workplace.run("database", "stop", DATABASE_URL=ELSEWHERE)

    assert done.returncode == 1
    assert done.stderr.startswith("fieldgraph: A database of your own is set")


def test_a_token_is_signed_with_a_secret_that_is_made_once_and_kept_private(workplace: Workplace) -> None:
    first = workplace.run("token", "--user", "dispatcher")
    secret = workplace.folder / ".fieldgraph/jwt_secret"
    made = secret.read_text()
    workplace.run("token", "--user", "technician")

    claims = asyncio.run(SecretVerifier(made).verify(first.stdout.strip(), now=datetime.now(UTC)))

    assert claims.user_id == DEMO_USERS["dispatcher"].user_id
    assert claims.organization_id == DEMO_USERS["dispatcher"].organization_id
    assert secret.read_text() == made
    assert secret.stat().st_mode & 0o777 == 0o600
    assert made not in first.stdout + first.stderr


def test_a_token_is_signed_with_the_secret_that_is_set(workplace: Workplace) -> None:
    secret = "s" * 64
    done = workplace.run("token", "--user", "lead", JWT_SECRET_KEY=secret, JWT_ALGORITHM="HS512")

    claims = asyncio.run(SecretVerifier(secret, "HS512").verify(done.stdout.strip(), now=datetime.now(UTC)))

    assert claims.user_id == DEMO_USERS["lead"].user_id
    assert not (workplace.folder / ".fieldgraph").exists()


def test_a_secret_that_was_spoiled_is_not_used(workplace: Workplace) -> None:
    (workplace.folder / ".fieldgraph").mkdir()
    (workplace.folder / ".fieldgraph/jwt_secret").write_text("short")

    done = workplace.run("token", "--user", "lead")

    assert done.returncode == 1
    assert "jwt_secret is too short" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "env", "says"),
    [
        (("token", "--user", "nobody"), {}, "There is no user 'nobody'. There are: dispatcher, lead"),
        (("serve",), {"PORT": "many"}, "PORT=many cannot be used: give a number from 0 to 65535."),
        (("serve",), {"JWT_SECRET_KEY": "hunter2"}, "JWT_SECRET_KEY is too short for HS256"),
        (("serve",), {"DATABASE_URL": ELSEWHERE}, "Nothing says how bearer tokens are checked"),
        (
            ("serve", "--port", "0"),
            {"DATABASE_URL": ELSEWHERE, "JWT_SECRET_KEY": "s" * 32},
            "The database at 127.0.0.1:1 cannot be reached",
        ),
        (("serve",), {"HOST": "no-such-host.invalid"}, "HOST=no-such-host.invalid is not an address"),
        (("migrate",), {"DATABASE_URL": ELSEWHERE}, "The database at 127.0.0.1:1 cannot be reached"),
        (
            ("token", "--user", "lead"),
            {"AUTH_JWKS_URL": "https://id.example/keys"},
            "Tokens come from your identity provider",
        ),
    ],
)
def test_what_the_user_can_put_right_is_one_sentence(
    workplace: Workplace, arguments: tuple[str, ...], env: dict[str, str], says: str
) -> None:
    done = workplace.run(*arguments, **env)

    assert done.returncode == 1
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith(f"fieldgraph: {says}")
    assert "hunter2" not in line


def test_the_sql_of_the_migrations_is_printed_without_a_database(workplace: Workplace) -> None:
    done = workplace.run("migrate", "--sql")

    assert done.returncode == 0
    assert "CREATE TABLE tickets" in done.stdout
    assert not (workplace.folder / ".fieldgraph").exists()


def test_a_database_can_be_migrated_up_and_down(workplace: Workplace) -> None:
    workplace.run("database", "start")

    async def tables() -> int:
        connection = await asyncpg.connect(workplace.server.url())
        try:
            return int(await connection.fetchval("SELECT count(*) FROM pg_tables WHERE tablename = 'tickets'"))
        finally:
            await connection.close()

    assert workplace.run("migrate").returncode == 0
    assert asyncio.run(tables()) == 1
    assert workplace.run("migrate", "--down-to", "base").returncode == 0
    assert asyncio.run(tables()) == 0


def test_the_examples_are_loaded_into_an_empty_database_only(workplace: Workplace) -> None:
    first = workplace.run("demo", "--tickets", str(FEWEST))
    again = workplace.run("demo", "--tickets", str(FEWEST))

    assert first.returncode == 0
    assert f"demo: {FEWEST}\n" in first.stderr
    assert again.returncode == 1
    assert "fieldgraph: The database is not empty" in again.stderr
    assert workplace.server.pid() is None


def test_a_read_is_explained_down_to_the_database(workplace: Workplace) -> None:
    query = "query($first: Int) { tickets(first: $first) { eventCursor nodes { title requester { name } } } }"
    (workplace.folder / "board.graphql").write_text(query)
    (workplace.folder / "events.graphql").write_text('{ events(after: "x") { hasMore } }')
    (workplace.folder / "wrong.graphql").write_text("{ nonsense }")
    workplace.run("demo", "--tickets", str(FEWEST))

    told = workplace.run("explain", "board.graphql", "--variables", '{"first": 7}')
    ordinary = workplace.run("explain", "events.graphql")
    wrong = workplace.run("explain", "wrong.graphql")

    assert told.returncode == 0, told.stderr
    assert "class DISPATCH; one statement" in told.stdout
    assert "value_0_0 = 7" in told.stdout
    assert "SELECT convert_to(concat('{\"tickets\":'" in told.stdout
    assert "Execution Time" in told.stdout
    # What cursors are signed with stays secret.
    assert "cursor_inner = …" in told.stdout
    assert (ordinary.returncode, wrong.returncode) == (1, 1)
    assert "answered field by field: Query.events" in ordinary.stderr
    assert "Cannot query field 'nonsense'" in wrong.stderr
