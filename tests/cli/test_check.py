import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest
from joserfc.jwk import ECKey
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.cli.check_database import MOST_SKEW, database_findings
from app.cli.findings import State
from app.clock import now
from app.db.condition import ROLES, Condition, condition_of, look_at
from tests.auth.key_server import serving
from tests.cli.command import Workplace, free_port
from tests.files.clamd import fake_clamd
from tests.integrations.bus_servers import KINDS, bus_server
from tests.invitations.diary import KEY
from tests.invitations.mail import PASSWORD, USER, mail_server
from tests.tracing.collector import collecting

SECRET = "s" * 32


async def told(workplace: Workplace, **env: str) -> tuple[int, dict[str, dict[str, Any]], str]:
    """Run the check and return its status, its findings by subject, and all that it said."""
    done = await asyncio.to_thread(workplace.run, "check", "--json", **env)
    assert "Traceback" not in done.stderr
    said = json.loads(done.stdout)
    found = {finding["subject"]: finding for finding in said["findings"]}
    assert said["ok"] is (done.returncode == 0)
    for finding in found.values():
        assert (finding["remedy"] is not None) is (finding["state"] == "wrong")
    return done.returncode, found, done.stdout + done.stderr


def states(found: dict[str, dict[str, Any]], state: str) -> set[str]:
    return {subject for subject, finding in found.items() if finding["state"] == state}


def own(url: str, **env: str) -> dict[str, str]:
    return {"DATABASE_URL": url, "JWT_SECRET_KEY": SECRET, **env}


async def execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_where_all_is_in_order_nothing_is_wrong(workplace: Workplace, database_url: str) -> None:
    status, found, _ = await told(workplace, **own(database_url))

    assert status == 0
    assert states(found, "ok") == {"settings", "tokens", "database", "migrations", "roles", "clock", "storage"}
    assert states(found, "not used") == {
        "event bus",
        "scanner",
        "identity provider",
        "traces",
        "e-mail",
        "calendars",
    }


async def test_people_read_a_line_for_each_subject_and_what_helps(
    workplace: Workplace, empty_database_url: str
) -> None:
    done = await asyncio.to_thread(workplace.run, "check", **own(empty_database_url))

    lines = done.stdout.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("wrong          migrations: "))
    assert "has no schema" in lines[place]
    assert lines[place + 1].strip().startswith("→ Run `fieldgraph migrate`.")
    assert done.returncode == 1


async def test_wrong_settings_are_all_named_and_nothing_else_is_tried(workplace: Workplace) -> None:
    status, found, _ = await told(workplace, PORT="many", LOG_POLL_SECONDS="0")

    assert status == 1
    assert states(found, "wrong") == {"settings"}
    assert "PORT=many" in found["settings"]["detail"]
    assert "LOG_POLL_SECONDS=0" in found["settings"]["detail"]
    assert states(found, "not looked at") == set(found) - {"settings"}


async def test_a_database_that_cannot_be_reached_is_told_without_its_password(workplace: Workplace) -> None:
    url = f"postgresql://someone:hunter2@127.0.0.1:{free_port()}/field"
    status, found, said = await told(workplace, DATABASE_URL=url)

    assert status == 1
    assert states(found, "wrong") == {"database", "tokens"}
    assert states(found, "not looked at") == {"migrations", "roles", "clock"}
    assert "hunter2" not in said


async def test_a_login_that_may_act_as_no_role_is_told(engine: AsyncEngine) -> None:
    # Roles are the whole server's, and this one goes with the transaction.
    async with engine.connect() as connection:
        await connection.execute(text("BEGIN"))
        await connection.execute(text("CREATE ROLE limited_by_a_test"))
        await connection.execute(text("SET LOCAL ROLE limited_by_a_test"))
        found = await look_at(connection, now)
        await connection.execute(text("ROLLBACK"))

    assert found.untakable == ROLES
    [migrations, roles, _] = database_findings(found)
    assert (migrations.state, roles.state) == (State.WRONG, State.WRONG)
    assert "may not read" in migrations.detail
    assert "may not act as fieldgraph_app, fieldgraph_system, fieldgraph_search" in roles.detail


async def test_a_right_that_was_taken_away_is_named(database_url: str) -> None:
    await execute(database_url, "REVOKE INSERT ON tickets FROM fieldgraph_app")

    found = await condition_of(database_url, now)

    assert found.lacking == ("fieldgraph_app: INSERT on tickets",)
    [_, roles, _] = database_findings(found)
    assert roles.state is State.WRONG
    assert "INSERT on tickets" in roles.detail


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_clock_that_is_wrong_is_told_in_its_direction(database_url: str, hours: int) -> None:
    found = await condition_of(database_url, lambda: datetime.now(UTC) + timedelta(hours=hours))

    [_, _, clock] = database_findings(found)

    assert clock.state is State.WRONG
    assert ("behind" if hours > 0 else "ahead of") in clock.detail


def condition(**different: Any) -> Condition:
    fine: dict[str, Any] = {
        "revision": "0002",
        "newest": "0002",
        "unreadable": False,
        "missing": (),
        "untakable": (),
        "all_seeing": (),
        "lacking": (),
        "skew": timedelta(0),
        "uncertainty": timedelta(0),
    }
    return Condition(**(fine | different))


@pytest.mark.parametrize(
    ("different", "subject", "says"),
    [
        ({"revision": None}, "migrations", "has no schema"),
        ({"revision": "0001"}, "migrations", "is at 0001; this release needs 0002"),
        ({"missing": ("fieldgraph_search",)}, "roles", "Roles are missing: fieldgraph_search"),
        ({"all_seeing": ("fieldgraph_app",)}, "roles", "open to fieldgraph_app"),
        ({"skew": MOST_SKEW + timedelta(seconds=1)}, "clock", "3.0 s ahead of"),
    ],
)
def test_each_thing_that_is_wrong_is_the_only_finding(different: dict[str, Any], subject: str, says: str) -> None:
    findings = database_findings(condition(**different))

    [only] = [finding for finding in findings if finding.state is State.WRONG]
    assert only.subject == subject
    assert says in only.detail


def test_a_slow_answer_is_not_taken_for_a_wrong_clock() -> None:
    skew = MOST_SKEW + timedelta(seconds=1)
    findings = database_findings(condition(skew=skew, uncertainty=timedelta(seconds=1)))

    assert {finding.state for finding in findings} == {State.OK}


async def test_a_folder_that_cannot_be_written_to_is_told(workplace: Workplace, database_url: str) -> None:
    (workplace.folder / "taken").write_text("a file, not a folder")

    status, found, _ = await told(workplace, **own(database_url, UPLOAD_DIR=str(workplace.folder / "taken/uploads")))

    assert (status, states(found, "wrong")) == (1, {"storage"})


async def test_an_object_store_that_is_not_there_is_told(workplace: Workplace, database_url: str) -> None:
    store = {
        "STORAGE_URL": "s3://photos",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "someone",
        "AWS_SECRET_ACCESS_KEY": "hunter2",
    }
    status, found, said = await told(workplace, **own(database_url, **store))

    assert (status, states(found, "wrong")) == (1, {"storage"})
    assert "hunter2" not in said


@pytest.mark.parametrize("kind", KINDS)
async def test_a_bus_is_heard_refuses_or_is_gone(workplace: Workplace, database_url: str, kind: str) -> None:
    with bus_server(kind) as bus:
        status, found, _ = await told(workplace, **own(database_url, EVENT_BUS_URL=bus.url))
        assert (status, found["event bus"]["state"]) == (0, "ok")

        status, found, said = await told(workplace, **own(database_url, EVENT_BUS_URL=bus.url_for("hunter2")))
        assert (status, states(found, "wrong")) == (1, {"event bus"})
        assert found["event bus"]["detail"] == "It does not let us in."
        assert "hunter2" not in said

        bus.kill()
        status, found, _ = await told(workplace, **own(database_url, EVENT_BUS_URL=bus.url))
        assert (status, states(found, "wrong")) == (1, {"event bus"})


async def test_a_scanner_looks_or_fails(workplace: Workplace, database_url: str) -> None:
    async with fake_clamd() as clamd:
        status, found, _ = await told(workplace, **own(database_url, CLAMD_URL=clamd.url))
        assert (status, found["scanner"]["state"]) == (0, "ok")
        assert clamd.commands == [b"INSTREAM"]

        clamd.says = b"stream: no database ERROR"
        status, found, _ = await told(workplace, **own(database_url, CLAMD_URL=clamd.url))
        assert (status, states(found, "wrong")) == (1, {"scanner"})

    status, found, _ = await told(workplace, **own(database_url, CLAMD_URL=clamd.url))
    assert (status, states(found, "wrong")) == (1, {"scanner"})


async def test_a_provider_has_keys_none_or_is_gone(workplace: Workplace, database_url: str) -> None:
    async with serving(ECKey.generate_key("P-256")) as server:
        env = own(database_url, AUTH_JWKS_URL=server.url)
        status, found, _ = await told(workplace, **env)
        assert (status, found["identity provider"]["state"]) == (0, "ok")

        server.publish()
        status, found, _ = await told(workplace, **env)
        assert (status, states(found, "wrong")) == (1, {"identity provider"})
        assert "no key" in found["identity provider"]["detail"]

    status, found, _ = await told(workplace, **env)
    assert (status, states(found, "wrong")) == (1, {"identity provider"})


async def test_a_mail_server_lets_us_in_or_not(workplace: Workplace, database_url: str) -> None:
    async with mail_server(login=True) as server:
        env = own(database_url, MAIL_FROM="service@test.example")
        url = f"smtp://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{server.port}"
        status, found, _ = await told(workplace, **env, SMTP_URL=url)
        assert (status, found["e-mail"]["state"]) == (0, "ok")

        status, found, said = await told(workplace, **env, SMTP_URL=f"smtp://{USER}:hunter2@127.0.0.1:{server.port}")
        assert (status, states(found, "wrong")) == (1, {"e-mail"})
        assert "does not let us in" in found["e-mail"]["detail"]
        assert "hunter2" not in said
        assert server.letters == []

    status, found, _ = await told(workplace, **env, SMTP_URL=url)
    assert (status, states(found, "wrong")) == (1, {"e-mail"})

    status, found, _ = await told(workplace, **own(database_url, SMTP_URL=url))
    assert (status, states(found, "wrong")) == (1, {"e-mail"})
    assert "MAIL_FROM is unset" in found["e-mail"]["detail"]


async def test_calendars_are_set_up_wholly_or_not_at_all(workplace: Workplace, database_url: str) -> None:
    half = own(database_url, GOOGLE_CALENDAR_CLIENT_ID="client")
    status, found, _ = await told(workplace, **half)
    assert (status, states(found, "wrong")) == (1, {"calendars"})
    assert "GOOGLE" in found["calendars"]["detail"]

    no_key = {**half, "GOOGLE_CALENDAR_CLIENT_SECRET": "hunter2"}
    status, found, said = await told(workplace, **no_key)
    assert (status, states(found, "wrong")) == (1, {"calendars"})
    assert "CALENDAR_TOKEN_KEY" in found["calendars"]["detail"]

    status, found, said = await told(workplace, **no_key, CALENDAR_TOKEN_KEY=KEY)
    assert (status, found["calendars"]["state"]) == (0, "ok")
    assert "hunter2" not in said


async def test_a_collector_that_takes_traces_is_told(workplace: Workplace, database_url: str) -> None:
    async with collecting() as collector:
        env = {"OTEL_EXPORTER_OTLP_HEADERS": "Authorization=hunter2", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        status, found, _ = await told(workplace, **own(database_url, **env))

        assert (status, found["traces"]["state"]) == (0, "ok")
        assert [each["authorization"] for each in collector.headers] == ["hunter2"]
        # Nobody finds a trace of it.
        assert collector.spans == []


@pytest.mark.parametrize(
    ("answer", "detail", "remedy"),
    [
        (401, "It does not let us in (401).", "OTEL_EXPORTER_OTLP_HEADERS"),
        (404, "It does not take traces (404).", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        (None, "It cannot be reached (ConnectError).", "OTEL_EXPORTER_OTLP_ENDPOINT"),
    ],
)
async def test_a_collector_that_takes_no_traces_is_told(
    workplace: Workplace, database_url: str, answer: int | None, detail: str, remedy: str
) -> None:
    async with collecting() as collector:
        collector.status = answer or 200
        url = f"http://127.0.0.1:{free_port()}" if answer is None else collector.url
        status, found, said = await told(
            workplace,
            **own(database_url, OTEL_EXPORTER_OTLP_ENDPOINT=url, OTEL_EXPORTER_OTLP_HEADERS="Authorization=hunter2"),
        )

    assert (status, found["traces"]["detail"]) == (1, detail)
    assert remedy in found["traces"]["remedy"]
    assert "hunter2" not in said
