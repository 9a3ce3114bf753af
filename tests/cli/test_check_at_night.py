"""`fieldgraph check` against what is broken, silent, or never done: it says so, and comes to its end."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.cli.check_services import room_for
from app.cli.findings import State
from tests.cli.command import Workplace, free_port
from tests.cli.test_check import execute, own, states, told
from tests.files.object_store import fake_s3

# What the database and what is outside may take, one after the other, and what a busy machine needs to begin.
MOST_SECONDS = 60.0
MEGABYTE = 1024 * 1024

Env = Mapping[str, str]


@asynccontextmanager
async def silent() -> AsyncIterator[int]:
    """Take connections and say nothing; give the port."""
    async with _listening(b"", None) as port:
        yield port


@asynccontextmanager
async def dripping(beginning: bytes) -> AsyncIterator[int]:
    """Answer with a beginning, and then with a letter now and then that never comes to an end; give the port."""
    async with _listening(beginning, b"x") as port:
        yield port


@asynccontextmanager
async def _listening(beginning: bytes, again: bytes | None) -> AsyncIterator[int]:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(beginning)
            while not writer.is_closing():
                if again is not None:
                    writer.write(again)
                    await writer.drain()
                await asyncio.sleep(0.2)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


BUCKET = {
    "STORAGE_URL": "s3://photos",
    "AWS_ALLOW_HTTP": "true",
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "someone",
    "AWS_SECRET_ACCESS_KEY": "hunter2",
}
PLACES: dict[str, Callable[[int], Env]] = {
    "storage": lambda port: {**BUCKET, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"},
    "event bus": lambda port: {"EVENT_BUS_URL": f"nats://u:hunter2@127.0.0.1:{port}"},
    "scanner": lambda port: {"CLAMD_URL": f"tcp://127.0.0.1:{port}"},
    "identity provider": lambda port: {"AUTH_JWKS_URL": f"http://127.0.0.1:{port}/keys"},
    "traces": lambda port: {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}"},
    "e-mail": lambda port: {"SMTP_URL": f"smtp://u:hunter2@127.0.0.1:{port}", "MAIL_FROM": "a@there.example"},
}
BEGINNINGS = {"scanner": b"stream: ", "e-mail": b"220-", "event bus": b"INFO {"}
A_HEADER = b"HTTP/1.1 200 OK\r\nx-never-ends: "


async def all_of(workplace: Workplace, port: int, database_url: str) -> None:
    """Check that whatever is at a port is told of by each subject, with a remedy, in time and without its password."""
    env = own(database_url)
    for place in PLACES.values():
        env |= place(port)
    began = time.monotonic()
    status, found, said = await told(workplace, **env)

    assert time.monotonic() - began < MOST_SECONDS
    assert (status, states(found, "wrong")) == (1, set(PLACES))
    assert "hunter2" not in said


async def test_what_never_answers_is_told_in_time(workplace: Workplace, database_url: str) -> None:
    async with silent() as port:
        await all_of(workplace, port, database_url)


@pytest.mark.parametrize("subject", sorted(PLACES))
async def test_what_never_comes_to_an_end_is_told_in_time(
    workplace: Workplace, database_url: str, subject: str
) -> None:
    async with dripping(BEGINNINGS.get(subject, A_HEADER)) as port:
        began = time.monotonic()
        status, found, said = await told(workplace, **own(database_url, **PLACES[subject](port)))

    assert time.monotonic() - began < MOST_SECONDS
    assert (status, states(found, "wrong")) == (1, {subject})
    assert "hunter2" not in said


async def test_a_database_that_never_answers_is_told_in_time(workplace: Workplace) -> None:
    async with silent() as port:
        began = time.monotonic()
        status, found, said = await told(workplace, **own(f"postgresql://u:hunter2@127.0.0.1:{port}/name"))

    assert time.monotonic() - began < MOST_SECONDS
    assert (status, states(found, "wrong")) == (1, {"database"})
    assert "no answer within 10 s" in found["database"]["detail"]
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda url: url.replace("//fieldgraph@", "//nobody:hunter2@"), "refuses the login 'nobody'"),
        (lambda url: re.sub(r"/test_\w+", "/elsewhere", url), "has no database 'elsewhere'"),
        (lambda url: f"{url}&sslmode=whatever", "cannot be used"),
        (lambda url: f"{url}&whatever=1", "cannot be used"),
        (lambda url: url.replace("port=", "port=many"), "cannot be understood"),
        (lambda _: "postgresql://u:hunter2@nowhere.invalid/name", "nowhere.invalid cannot be reached"),
    ],
)
async def test_an_address_of_a_database_that_is_wrong_is_told_by_what_is_wrong_with_it(
    workplace: Workplace, database_url: str, wrong: Callable[[str], str], says: str
) -> None:
    status, found, said = await told(workplace, **own(wrong(database_url)))

    assert (status, states(found, "wrong")) == (1, {"database"})
    assert says in found["database"]["detail"]
    assert states(found, "not looked at") == {"migrations", "roles", "clock"}
    assert "hunter2" not in said


@pytest.mark.parametrize("revision", ["0001", "9999"])
async def test_a_database_of_another_release_is_told(workplace: Workplace, database_url: str, revision: str) -> None:
    await execute(database_url, f"UPDATE alembic_version SET version_num = '{revision}'")  # noqa: S608 - one of two words

    status, found, _ = await told(workplace, **own(database_url))

    assert (status, states(found, "wrong")) == (1, {"migrations"})
    assert f"The database is at {revision}; this release needs " in found["migrations"]["detail"]
    assert "fieldgraph migrate" in found["migrations"]["remedy"]


async def test_a_bucket_that_is_missing_or_not_ours_is_told(workplace: Workplace, database_url: str) -> None:
    async with fake_s3() as store:
        env = own(database_url, STORAGE_URL="s3://photos", **store.environment)
        status, found, _ = await told(workplace, **env)
        assert (status, found["storage"]["state"]) == (0, "ok")
        assert store.objects == {}

        status, found, _ = await told(workplace, **{**env, "AWS_SECRET_ACCESS_KEY": "hunter2"})
        assert (status, states(found, "wrong")) == (1, {"storage"})
        assert "PermissionDeniedError" in found["storage"]["detail"]

        store.missing = "photos"
        status, found, _ = await told(workplace, **env)
        assert (status, states(found, "wrong")) == (1, {"storage"})
        assert "no such bucket" in found["storage"]["detail"]


async def test_the_folder_is_tried_even_where_files_are_kept_elsewhere(workplace: Workplace, database_url: str) -> None:
    (workplace.folder / "taken").write_text("a file, not a folder")
    async with fake_s3() as store:
        env = own(database_url, STORAGE_URL="s3://photos", **store.environment)
        status, found, _ = await told(workplace, **env, UPLOAD_DIR=str(workplace.folder / "taken/uploads"))

    assert (status, states(found, "wrong")) == (1, {"storage"})
    assert "Not a directory" in found["storage"]["detail"]
    assert "UPLOAD_DIR" in found["storage"]["remedy"]


@pytest.mark.parametrize("folder", ["/proc/uploads", "/dev/full/uploads"])
async def test_a_folder_that_nobody_may_make_is_told(workplace: Workplace, database_url: str, folder: str) -> None:
    status, found, _ = await told(workplace, **own(database_url, UPLOAD_DIR=folder))

    assert (status, states(found, "wrong")) == (1, {"storage"})
    assert folder in found["storage"]["detail"]


def test_a_disk_that_is_full_is_told_before_a_file_comes() -> None:
    full = room_for(Path("/files"), 49 * MEGABYTE, 50 * MEGABYTE)
    enough = room_for(Path("/files"), 50 * MEGABYTE, 50 * MEGABYTE)

    assert (full.state, enough.state) == (State.WRONG, State.OK)
    assert full.detail == "On the disk of /files 49 MB are free, and a file may have 50 MB."
    assert full.remedy is not None


async def test_a_mail_server_that_is_away_is_told_by_the_failures_name(workplace: Workplace, database_url: str) -> None:
    env = own(database_url, **PLACES["e-mail"](free_port()))

    status, found, said = await told(workplace, **env)

    assert (status, states(found, "wrong")) == (1, {"e-mail"})
    assert found["e-mail"]["detail"] == "The mail server cannot be used (SMTPConnectError)."
    assert "hunter2" not in said
