import shutil
import socket
from collections.abc import Iterator

import asyncpg
import pytest

from app.db import preflight
from app.db.embedded.server import EmbeddedServer
from app.db.preflight import (
    AddressUnusable,
    DatabaseMissing,
    DatabaseUnreachable,
    LoginRefused,
    ServerTooOld,
    check_database,
)
from tests.folders import new_folder


@pytest.fixture
def own_server() -> Iterator[EmbeddedServer]:
    folder = new_folder("fg-login-")
    server = EmbeddedServer(folder / "home", shared=folder / "shared", fast=True)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


def ask_for_password(server: EmbeddedServer, login: str) -> None:
    rules = server.places.data / "pg_hba.conf"
    rules.write_text(f"local all {login} scram-sha-256\n" + rules.read_text())


async def test_a_database_that_answers_passes(database_server: EmbeddedServer) -> None:
    await check_database(database_server.url())


async def test_a_wrong_password_is_told_apart_from_a_server_that_is_away(own_server: EmbeddedServer) -> None:
    connection = await asyncpg.connect(own_server.url())
    await connection.execute("CREATE ROLE guest LOGIN PASSWORD 'right'")
    ask_for_password(own_server, "guest")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()
    right = own_server.url().replace("fieldgraph@", "guest:right@", 1)
    await check_database(right)

    with pytest.raises(LoginRefused, match="refuses the login 'guest'") as caught:
        await check_database(right.replace("right", "wrong-one"))

    assert "wrong-one" not in str(caught.value)


async def test_a_missing_database_is_named(database_server: EmbeddedServer) -> None:
    with pytest.raises(DatabaseMissing, match="has no database 'elsewhere'"):
        await check_database(database_server.url("elsewhere"))


async def test_a_closed_port_is_told() -> None:
    with pytest.raises(DatabaseUnreachable, match=r"127\.0\.0\.1:1 cannot be reached"):
        await check_database("postgresql://u:hunter2@127.0.0.1:1/field")


async def test_a_server_that_says_nothing_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "_CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]

        with pytest.raises(DatabaseUnreachable, match="no answer within"):
            await check_database(f"postgresql://u@127.0.0.1:{port}/field")


async def test_an_old_server_is_refused(database_server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "OLDEST_SERVER", 990_000)

    with pytest.raises(ServerTooOld, match="is PostgreSQL 18; 99 or newer is needed"):
        await check_database(database_server.url())


async def test_a_parameter_that_the_driver_does_not_know_is_named(database_server: EmbeddedServer) -> None:
    with pytest.raises(AddressUnusable, match="colour"):
        await check_database(f"{database_server.url()}&colour=blue")
