"""What no setting may be: whoever starts is told its name and what would be right, before anything begins."""

from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
from pydantic.fields import FieldInfo

from app.settings import Settings, accepted, env_name, is_secret, load_settings
from tests.cli.command import Workplace
from tests.settings.refusing import refusal

FIELDS = {env_name(name): field for name, field in Settings.model_fields.items()}
UNUSED = frozenset({"TICKET_SERVICE_URL", "API_V1_PREFIX", "GOOGLE_CALENDAR_API_KEY"})
USED = sorted(set(FIELDS) - UNUSED)
NUMBERS = sorted(
    name for name, field in FIELDS.items() if {int, float, Decimal} & {field.annotation, *get_args(field.annotation)}
)
SWITCHES = sorted(name for name, field in FIELDS.items() if bool in {field.annotation, *get_args(field.annotation)})
# Names and passwords are whatever they are.
TEXTS = frozenset(
    {
        *("SERVICE_NAME", "SERVICE_VERSION", "OTEL_SERVICE_NAME", "DB_NAME", "DB_USER", "DB_PASSWORD"),
        *("AUTH_AUDIENCE", "AUTH_ISSUER", "GOOGLE_CALENDAR_CLIENT_ID", "GOOGLE_CALENDAR_CLIENT_SECRET"),
        *("MICROSOFT_GRAPH_CLIENT_ID", "MICROSOFT_GRAPH_CLIENT_SECRET", "FIELDGRAPH_HOME", "UPLOAD_DIR"),
    }
)
HUGE = "9" * 5000


def told(name: str, field: FieldInfo, value: str) -> None:
    """Check that a refusal is one line which names the setting and what would be right, and repeats no secret."""
    said = refusal()
    assert len(said.splitlines()) == 1, said
    assert said.startswith(name), said
    assert len(said) < 700, said
    assert accepted(field) in said or "it needs at least 32" in said or "Give pairs" in said, said
    if is_secret(field) and value.strip():
        assert value not in said


def test_the_settings_are_looked_at() -> None:
    assert len(USED) > 80
    assert len(NUMBERS) > 40
    assert len(SWITCHES) > 6
    assert set(USED) >= TEXTS


@pytest.mark.parametrize("name", USED)
def test_what_is_blank_or_no_text_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for value in (" ", "\t", " \u00a0 ", "one\ntwo", "one\x7f", "one\udcff"):
        monkeypatch.setenv(name, value)
        told(name, FIELDS[name], value)


@pytest.mark.parametrize("name", sorted(set(USED) - TEXTS))
def test_what_is_of_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    may_be = {"HOST": {"nan", "inf"}, "DB_HOST": {"nan", "inf"}, "MICROSOFT_GRAPH_TENANT": {"nan", "inf"}}
    # Long enough, and nothing else is asked of it.
    may_be |= {"METRICS_TOKEN": {HUGE}, "JWT_SECRET_KEY": {HUGE}}
    for value in ("no such thing!", "-1", HUGE, "nan", "inf", "[1", "http://[::1"):
        monkeypatch.setenv(name, value)
        if value in may_be.get(name, ()):
            load_settings()
        else:
            told(name, FIELDS[name], value)


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_beyond_its_bounds_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    bounds = {type(each).__name__: each for each in FIELDS[name].metadata}
    least = bounds["Ge"].ge
    beyond = [least - 1]
    if "Le" in bounds:
        beyond.append(bounds["Le"].le + 1)
        assert f"{least:g}" in accepted(FIELDS[name])
        assert str(bounds["Le"].le) in accepted(FIELDS[name])

    for value in beyond:
        monkeypatch.setenv(name, str(value))
        told(name, FIELDS[name], str(value))


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_is_on_or_off(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for value in ("maybe", "2", "truee"):
        monkeypatch.setenv(name, value)
        told(name, FIELDS[name], value)


@pytest.mark.parametrize("name", [name for name in USED if not is_secret(FIELDS[name])])
def test_blanks_around_a_value_change_nothing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    values = {
        **{each: "http://there.example" for each in FIELDS if each.endswith("_URL")},
        **dict.fromkeys(NUMBERS, "1"),
        **{each: "1000" for each in NUMBERS if each.endswith("_RESOLUTION_HOURS")},
        **dict.fromkeys(SWITCHES, "true"),
        "LOG_LEVEL": "debug",
        "ENVIRONMENT": "production",
        "JWT_ALGORITHM": "HS256",
        "PG_BIN_DIR": "/",
        "TRUSTED_DOCUMENTS": "/",
        "TRUSTED_DOCUMENTS_MODE": "allow",
        "AUTH_ALGORITHMS": "ES256",
        "ALLOWED_ORIGINS": "http://there.example",
        "ALLOWED_FILE_EXTENSIONS": "pdf",
        "MAIL_FROM": "a@there.example",
        "OTEL_TRACES_SAMPLER": "always_on",
        "CLAMD_URL": "tcp://there:1",
        "MAX_BODY_BYTES": "2000",
        "MAX_FRAME_BYTES": "2000",
        "MAX_TOKENS": "100",
    }
    value = values.get(name, "there")
    monkeypatch.setenv(name, value)
    plain = load_settings()
    monkeypatch.setenv(name, f"  {value} ")

    assert load_settings() == plain


def test_a_password_keeps_its_blanks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PASSWORD", " hunter2 ")

    assert load_settings().database_url == "postgresql://fieldgraph: hunter2 @localhost:5432/fieldgraph"


def test_a_token_that_no_header_can_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for token in ("grüße " * 5, " hunter2 " * 5):
        monkeypatch.setenv("METRICS_TOKEN", token)
        assert "no header can hold it" in refusal()
    monkeypatch.setenv("METRICS_TOKEN", "a token of several words")

    assert load_settings().scrape_token == "a token of several words"


ADDRESSES = (
    *("DATABASE_URL", "EVENT_BUS_URL", "STORAGE_URL", "SMTP_URL", "OTEL_EXPORTER_OTLP_ENDPOINT", "CLAMD_URL"),
    *("AUTH_JWKS_URL", "AUTH_SERVICE_URL", "PUBLIC_URL", "GOOGLE_CALENDAR_URL", "MICROSOFT_LOGIN_URL"),
)
SCHEMES = {
    "DATABASE_URL": "postgresql",
    "EVENT_BUS_URL": "nats",
    "STORAGE_URL": "s3",
    "SMTP_URL": "smtp",
    "CLAMD_URL": "tcp",
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_an_address_that_leads_nowhere_is_refused_without_repeating_its_password(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    nowhere = ("there:many", "there:0", "there:65536", "[there", "u:hunter2@the re:1", "u:hunter2@th\u2100re")
    # A database's host may be left out.
    for rest in nowhere if name == "DATABASE_URL" else (*nowhere, ":1", "/"):
        value = f"{SCHEMES.get(name, 'https')}://{rest}/name"
        monkeypatch.setenv(name, value)
        told(name, FIELDS[name], value)
        if is_secret(FIELDS[name]):
            assert "hunter2" not in refusal()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"SLA_P1_RESPONSE_HOURS": "5"},
            "SLA_P1_RESPONSE_HOURS=5 cannot be used: give at most SLA_P1_RESOLUTION_HOURS, which is 4, or raise that.",
        ),
        (
            {"SLA_P3_RESPONSE_HOURS": "10", "SLA_P3_RESOLUTION_HOURS": "9.5"},
            "SLA_P3_RESPONSE_HOURS=10 cannot be used: give at most SLA_P3_RESOLUTION_HOURS, which is 9.5, or raise",
        ),
        (
            {"DATABASE_DIRECT_URL": "postgresql://u:hunter2@there/name"},
            "DATABASE_DIRECT_URL cannot be used alone: set DATABASE_URL",
        ),
        (
            {"TRUSTED_DOCUMENTS_MODE": "enforce"},
            "TRUSTED_DOCUMENTS_MODE=enforce needs TRUSTED_DOCUMENTS",
        ),
        (
            {"JWT_ALGORITHM": "HS512", "JWT_SECRET_KEY": "hunter2 " * 7},
            "JWT_SECRET_KEY is too short for HS512: it needs at least 64 characters",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], says: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    said = refusal()
    assert said.startswith(says)
    assert "hunter2" not in said


def test_every_contradiction_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        **{f"SLA_P{number}_RESPONSE_HOURS": "8760" for number in (1, 2)},
        "TRUSTED_DOCUMENTS_MODE": "enforce",
        "JWT_SECRET_KEY": "short",
        "OTEL_EXPORTER_OTLP_HEADERS": "none",
        "DATABASE_DIRECT_URL": "postgresql://there/name",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    assert {line.partition(" ")[0].partition("=")[0] for line in refusal().splitlines()} == set(given)


@pytest.mark.parametrize("name", ["UPLOAD_DIR", "FIELDGRAPH_HOME"])
def test_a_folder_is_no_file_and_no_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    for value, reason in (
        ("s3://bucket/folder", "it is an address"),
        ("file:///var/files", "it is an address"),
        (str(tmp_path / "file"), "there is a file of that name"),
    ):
        monkeypatch.setenv(name, value)
        assert reason in refusal()
    monkeypatch.setenv(name, str(tmp_path / "new"))
    load_settings()


@pytest.mark.parametrize("name", ["PG_BIN_DIR", "TRUSTED_DOCUMENTS"])
def test_what_the_system_cannot_look_at_is_not_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    (tmp_path / "file").write_text("")
    for value in ("x" * 5000, str(tmp_path / "file" / "below"), "gone"):
        monkeypatch.setenv(name, value)
        assert "there is no such folder" in refusal()


def test_a_long_value_is_shown_by_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9" * 1000)

    assert refusal() == f"PORT={'9' * 100}… cannot be used: give a number from 0 to 65535."


def test_the_port_is_named_as_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_PORT", "many")

    assert refusal() == "SERVICE_PORT=many cannot be used: give a number from 0 to 65535."


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_commands_begin_nothing_with_wrong_settings(workplace: Workplace, command: str) -> None:
    given = {"LOG_LEVEL": "loud", "SLA_P1_RESPONSE_HOURS": "\n", "JWT_SECRET_KEY": "hunter2\n"}

    done = workplace.run(command, **given)

    assert done.returncode == 1
    assert done.stdout == ""
    assert sorted(line.partition(" cannot")[0] for line in done.stderr.splitlines()) == [
        "fieldgraph: JWT_SECRET_KEY",
        "fieldgraph: LOG_LEVEL=LOUD",
        "fieldgraph: SLA_P1_RESPONSE_HOURS='\\n'",
    ]
    assert list(workplace.folder.iterdir()) == []
