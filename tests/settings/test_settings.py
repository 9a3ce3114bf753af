import re
from pathlib import Path

import pytest

from app.settings import Settings, env_name, load_settings
from app.settings_reference import env_example, settings_page
from tests.settings.refusing import refusal

ROOT = Path(__file__).parents[2]
NAMES = [env_name(field) for field in Settings.model_fields]
LONG = "x" * 64


def test_without_settings_the_database_is_embedded() -> None:
    settings = load_settings()

    assert settings.embedded
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.unused == ()


def test_port_wins_over_its_other_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_PORT", "8002")
    assert load_settings().port == 8002

    monkeypatch.setenv("PORT", "8005")
    assert load_settings().port == 8005


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("SERVICE_NAME=from-file\nLOG_LEVEL=debug\n")
    monkeypatch.setenv("SERVICE_NAME", "from-environment")

    settings = load_settings()

    assert (settings.service_name, settings.log_level) == ("from-environment", "DEBUG")


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("PORT", "")

    assert load_settings().embedded
    assert load_settings().port == 8000


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({"DB_HOST": "db"}, "postgresql://fieldgraph@db:5432/fieldgraph"),
        ({"DB_NAME": "field", "DB_USER": "me"}, "postgresql://me@localhost:5432/field"),
        ({"DB_PASSWORD": "p@ss/w"}, "postgresql://fieldgraph:p%40ss%2Fw@localhost:5432/fieldgraph"),
        ({"DB_HOST": "db", "DB_PORT": "6432"}, "postgresql://fieldgraph@db:6432/fieldgraph"),
        ({"DB_HOST": "db", "DATABASE_URL": "postgres://a@b/c"}, "postgres://a@b/c"),
        ({"DB_PORT": "6432", "DB_USER": "me"}, None),
    ],
)
def test_the_parts_of_a_database_address_make_one(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], url: str | None
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    settings = load_settings()

    assert settings.database_url == settings.database_direct_url == url


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_each_spelling_of_a_database_address_is_taken(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://user:secret@host/name")

    assert not load_settings().embedded


def test_the_keys_are_looked_for_below_the_identity_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH_SERVICE_URL", "https://id.example/")
    assert load_settings().auth_jwks_url == "https://id.example/.well-known/jwks.json"

    monkeypatch.setenv("AUTH_JWKS_URL", "https://keys.example/set")
    assert load_settings().auth_jwks_url == "https://keys.example/set"


def test_algorithms_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH_ALGORITHMS", "RS512, ES384")

    assert load_settings().auth_algorithms == ("RS512", "ES384")


def test_files_are_kept_at_home_unless_it_is_said_where(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().upload_folder == Path(".fieldgraph/uploads")
    assert load_settings().file_limits.max_bytes == 50 * 1024 * 1024

    monkeypatch.setenv("UPLOAD_DIR", "/app/uploads")
    monkeypatch.setenv("ALLOWED_FILE_EXTENSIONS", ".PDF, docx")
    monkeypatch.setenv("PUBLIC_URL", "https://files.example/base/")
    settings = load_settings()
    assert settings.upload_folder == Path("/app/uploads")
    assert settings.file_limits.extensions == ("pdf", "docx")
    assert settings.public_url == "https://files.example/base"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PORT", "many", "PORT=many cannot be used: give a number from 0 to 65535"),
        ("PORT", "65536", "PORT=65536 cannot be used"),
        ("DATABASE_POOL_SIZE", "0", "DATABASE_POOL_SIZE=0 cannot be used: give a number from 1 to 200"),
        ("LOG_LEVEL", "loud", "give DEBUG, INFO, WARNING or ERROR"),
        ("AUTH_ALGORITHMS", "HS256", "AUTH_ALGORITHMS=HS256 cannot be used"),
        ("AUTH_ALGORITHMS", ",", "AUTH_ALGORITHMS=, cannot be used"),
        ("AUTH_JWKS_URL", "ftp://x", "give an address that begins with https:// or http://"),
        ("JWT_ALGORITHM", "none", "give HS256, HS384 or HS512"),
        ("MAX_FILE_SIZE_MB", "2001", "give a number from 1 to 2000"),
        ("ALLOWED_FILE_EXTENSIONS", "pdf,svg", "ALLOWED_FILE_EXTENSIONS=pdf,svg cannot be used"),
        ("STORAGE_URL", "file:///tmp", "not the address of a store"),
        ("STORAGE_URL", "s3://key:secret@bucket", "credentials and options belong into the environment"),
        ("CLAMD_URL", "tcp://host", "give an address such as tcp://host:3310"),
        ("CLAMD_URL", "unix://run/clamd.ctl", "not the address of a scanner"),
        ("PUBLIC_URL", "ftp://files", "give an address that begins with https:// or http://"),
        ("PG_BIN_DIR", "/does/not/exist", "there is no such folder"),
        ("REPLAY_DAYS", "0", "give a number of days from 1 to 3650"),
    ],
)
def test_a_wrong_value_is_named_with_what_would_be_right(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)

    assert says in refusal()


def test_every_wrong_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "a")
    monkeypatch.setenv("LOG_LEVEL", "b")

    assert [line.split("=")[0] for line in refusal().splitlines()] == ["PORT", "LOG_LEVEL"]


@pytest.mark.parametrize(
    "url",
    ["mysql://u:hunter2@h/d", "postgres://u:hunter2@h", "postgres://u:hunter2@h:many/d", "hunter2"],
)
def test_a_wrong_database_address_is_refused_without_repeating_it(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", url)

    said = refusal()

    assert said.startswith("DATABASE_URL cannot be used (")
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "url",
    [
        "amqp://u:hunter2@h",
        "hunter2",
        "nats://",
        "nats://u:hunter2@",
        "nats://u:hunter2@h:many",
        "nats://u:[hunter2]@h",
        "nats://u:hunter2@h/1",
        "redis://u:hunter2@h/name",
        "redis://u:hunter2@h?ssl=1",
    ],
)
def test_a_wrong_bus_address_is_refused_without_repeating_it(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("EVENT_BUS_URL", url)

    said = refusal()

    assert said.startswith("EVENT_BUS_URL cannot be used (")
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "url", ["nats://h", "nats://token@h:4222/", "nats://u:p@h", "redis://h", "redis://:p@h:6379/3", "redis://[::1]/"]
)
def test_each_spelling_of_a_bus_address_is_taken(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("EVENT_BUS_URL", url)

    assert load_settings().event_bus_url == url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("collector:4318", "it must begin with http:// or https://"),
        ("http://", "it names no host"),
        ("http://hunter2:many", "its host or its port is none"),
        ("http://u:hunter2@collector:4318", "belongs into OTEL_EXPORTER_OTLP_HEADERS"),
        ("http://collector:4318?key=hunter2", "belongs into OTEL_EXPORTER_OTLP_HEADERS"),
    ],
)
def test_a_wrong_address_of_a_collector_is_refused(monkeypatch: pytest.MonkeyPatch, url: str, reason: str) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)

    said = refusal()

    assert reason in said
    assert said.endswith("give an address such as http://collector:4318.")
    assert "hunter2" not in said


def test_spans_go_below_the_collectors_address_with_the_headers_it_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.example/otlp/")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer%20a%2Cb, x-tenant = two ,")

    settings = load_settings()

    assert settings.traces_url == "https://collector.example/otlp/v1/traces"
    assert settings.traces_headers == {"authorization": "Bearer a,b", "x-tenant": "two"}


@pytest.mark.parametrize("headers", ["hunter2", "=hunter2", "a b=hunter2", "a=hunter2%0Ab: c"])
def test_wrong_headers_are_refused_without_repeating_them(monkeypatch: pytest.MonkeyPatch, headers: str) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", headers)

    said = refusal()

    assert said.startswith("OTEL_EXPORTER_OTLP_HEADERS cannot be used: ")
    assert "hunter2" not in said


@pytest.mark.parametrize(("algorithm", "longest_refused"), [("HS256", 31), ("HS384", 47), ("HS512", 63)])
def test_a_short_secret_is_refused_without_repeating_it(
    monkeypatch: pytest.MonkeyPatch, algorithm: str, longest_refused: int
) -> None:
    monkeypatch.setenv("JWT_ALGORITHM", algorithm)
    monkeypatch.setenv("JWT_SECRET_KEY", LONG[:longest_refused])
    said = refusal()

    assert said.startswith("JWT_SECRET_KEY is too short")
    assert LONG[:longest_refused] not in said
    monkeypatch.setenv("JWT_SECRET_KEY", LONG[: longest_refused + 1])
    assert load_settings().jwt_secret_key is not None


def test_settings_show_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://u:hunter2@h/d")
    monkeypatch.setenv("DB_PASSWORD", "hunter2")
    monkeypatch.setenv("EVENT_BUS_URL", "nats://u:hunter2@h")
    monkeypatch.setenv("JWT_SECRET_KEY", "hunter2" * 9)

    settings = load_settings()

    assert "hunter2" not in f"{settings!r} {settings}"


def test_settings_that_nothing_uses_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKET_SERVICE_URL", "http://tickets")
    monkeypatch.setenv("API_V1_PREFIX", "/api/v1")

    assert load_settings().unused == ("TICKET_SERVICE_URL", "API_V1_PREFIX")


def test_code_example_and_documentation_name_the_same_settings() -> None:
    example = re.findall(r"^#?([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    page = re.findall(r"^\| `([A-Z0-9_]+)` \|", (ROOT / "docs/settings.md").read_text(), re.MULTILINE)

    assert example == page == NAMES


def test_example_and_documentation_are_as_the_code_writes_them() -> None:
    assert (ROOT / ".env.example").read_text() == env_example()
    assert (ROOT / "docs/settings.md").read_text() == settings_page()


def test_the_example_uncommented_changes_nothing() -> None:
    lines = [line.removeprefix("#") for line in env_example().splitlines() if re.match(r"#[A-Z_0-9]+=", line)]
    Path(".env").write_text("\n".join(lines))

    from_example = load_settings()
    Path(".env").unlink()

    assert from_example == load_settings()


def test_every_setting_is_described() -> None:
    assert all(field.description for field in Settings.model_fields.values())
