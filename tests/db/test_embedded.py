import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest

from app.db.embedded.binaries import DataOfAnotherVersion, ProgramsUnusable
from app.db.embedded.lease import keep, leased, release
from app.db.embedded.places import DataGone, UnsafeFolder
from app.db.embedded.processes import _listed, is_server_of
from app.db.embedded.server import EmbeddedServer
from tests.folders import new_folder

AS_ROOT = os.geteuid() == 0


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not pytest's own folder: that one is private, so root's server would put its data elsewhere.
    path = new_folder("fg-")
    yield path
    for lock in path.rglob("lock"):
        EmbeddedServer(lock.parent.parent).stop()
    shutil.rmtree(path)


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(folder / "home", shared=folder / "shared", fast=True)
    yield server
    server.stop()


@pytest.fixture
def durable_server(folder: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(folder / "home", shared=folder / "shared")
    yield server
    server.stop()


def run(server: EmbeddedServer, *statements: str) -> list[int]:
    async def asked() -> list[int]:
        connection = await asyncpg.connect(server.url())
        try:
            rows: list[asyncpg.Record] = []
            for statement in statements:
                rows = await connection.fetch(statement)
            return [row[0] for row in rows]
        finally:
            await connection.close()

    return asyncio.run(asked())


def kill(server: EmbeddedServer) -> None:
    pid = server.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while is_server_of(pid, server.places.data):
        time.sleep(0.01)


def test_a_stopped_server_starts_again_with_its_data(server: EmbeddedServer) -> None:
    assert server.start()
    run(server, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (1), (2)")
    assert not server.start()

    assert server.stop()
    assert not server.stop()
    assert server.pid() is None
    assert server.start()

    assert run(server, "SELECT n FROM kept ORDER BY n") == [1, 2]
    assert server.places.socket.parent.stat().st_mode & 0o777 == 0o700


def test_a_dropped_database_is_made_again_at_the_next_start(server: EmbeddedServer) -> None:
    server.start()

    async def drop() -> None:
        connection = await asyncpg.connect(server.url("postgres"))
        await connection.execute("DROP DATABASE fieldgraph")
        await connection.close()

    asyncio.run(drop())
    server.start()

    assert run(server, "SELECT 1") == [1]


@pytest.mark.fault
def test_a_killed_server_starts_again_with_everything_committed(durable_server: EmbeddedServer) -> None:
    server = durable_server
    server.start()
    run(server, "CREATE TABLE kept (n int)")
    acknowledged: list[int] = []
    ended = threading.Event()

    async def write() -> None:
        connection = await asyncpg.connect(server.url())
        try:
            for number in range(100_000):
                await connection.execute("INSERT INTO kept VALUES ($1)", number)
                acknowledged.append(number)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
            ended.set()
        finally:
            connection.terminate()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(asyncio.run, write())
        while len(acknowledged) < 50:
            time.sleep(0.01)
        kill(server)
        assert server.start()
        writing.result(timeout=10)

    assert ended.is_set()
    kept = run(server, "SELECT n FROM kept ORDER BY n")
    assert kept[: len(acknowledged)] == acknowledged
    assert len(kept) - len(acknowledged) in {0, 1}


@pytest.mark.fault
def test_a_pid_file_that_names_a_stranger_is_not_believed(server: EmbeddedServer) -> None:
    server.start()
    kill(server)
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    lines = server.places.pid_file.read_text().splitlines()
    server.places.pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")

    try:
        assert server.pid() is None
        assert server.start()
        assert stranger.poll() is None
    finally:
        stranger.communicate(b"\n")
    assert run(server, "SELECT 1") == [1]


def test_half_made_data_is_thrown_away(server: EmbeddedServer) -> None:
    server.prepare()
    server.places.half_made.mkdir(parents=True)
    (server.places.half_made / "PG_VERSION").write_text("18\n")

    assert server.start()

    assert not server.places.half_made.exists()
    assert run(server, "SELECT 1") == [1]


def test_of_two_starts_at_once_one_starts_and_both_can_work(server: EmbeddedServer, folder: Path) -> None:
    other = EmbeddedServer(folder / "home", shared=folder / "shared")

    with ThreadPoolExecutor(2) as pool:
        started = sorted(pool.map(EmbeddedServer.start, [server, other]))

    assert started == [False, True]
    assert run(server, "SELECT 1") == run(other, "SELECT 1") == [1]


def test_a_server_starts_from_a_private_folder(folder: Path) -> None:
    private = folder / "private"
    private.mkdir(mode=0o700)
    server = EmbeddedServer(private / "home", shared=folder / "shared")

    try:
        assert server.start()
        assert run(server, "SELECT 1") == [1]
        # Only root's server runs as somebody else, who must not be let into the private folder.
        assert (private / "home/postgres").is_symlink() is AS_ROOT
        assert private.stat().st_mode & 0o777 == 0o700
    finally:
        server.stop()


def test_a_link_to_data_that_is_gone_is_not_taken_for_new(folder: Path) -> None:
    (folder / "home").mkdir()
    (folder / "home/postgres").symlink_to(folder / "gone")

    with pytest.raises(DataGone, match="gone"):
        EmbeddedServer(folder / "home").start()


def test_a_long_path_puts_the_socket_into_the_temporary_folder(folder: Path) -> None:
    server = EmbeddedServer(folder / ("long" * 20) / "home it's", shared=folder / "shared", fast=True)

    try:
        server.start()
        assert run(server, "SELECT 1") == [1]
        assert server.places.sockets.parent == Path(tempfile.gettempdir())
    finally:
        server.stop()
        server.places.sockets.rmdir()


def test_a_link_in_the_place_of_the_socket_folder_is_refused(folder: Path) -> None:
    server = EmbeddedServer(folder / ("long" * 20) / "home", shared=folder / "shared", fast=True)
    server.prepare()
    (folder / "elsewhere").mkdir()
    server.places.sockets.symlink_to(folder / "elsewhere")

    try:
        with pytest.raises(UnsafeFolder):
            server.start()
    finally:
        server.places.sockets.unlink()


def test_data_of_another_major_version_is_left_alone(server: EmbeddedServer) -> None:
    server.start()
    server.stop()
    (server.places.data / "PG_VERSION").write_text("17\n")

    with pytest.raises(DataOfAnotherVersion, match="17"):
        server.start()


def test_an_old_installation_is_refused(folder: Path) -> None:
    programs = folder / "bin"
    programs.mkdir()
    (programs / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 15.4'\n")
    (programs / "postgres").chmod(0o755)

    with pytest.raises(ProgramsUnusable, match="PostgreSQL 15; 18 or newer"):
        EmbeddedServer(folder / "home", programs, shared=folder / "shared").start()


def test_the_last_lease_to_end_stops_the_server(server: EmbeddedServer) -> None:
    with leased(server) as first:
        with leased(server) as second:
            assert (first, second) == (True, False)
        assert server.pid() is not None

    assert server.pid() is None


@pytest.mark.fault
def test_a_lease_takes_over_from_a_process_that_was_killed(server: EmbeddedServer) -> None:
    script = (
        "import sys; from pathlib import Path; from app.db.embedded.server import EmbeddedServer; "
        "from app.db.embedded.lease import leased\n"
        "with leased(EmbeddedServer(Path(sys.argv[1]), shared=Path(sys.argv[2]))): "
        "print('up', flush=True); input()"
    )
    home = server.places.root.parent
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(home), str(home.parent / "shared")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"up\n"
    child.kill()
    child.communicate()
    assert server.pid() is not None

    with leased(server) as started:
        assert not started

    assert server.pid() is None


def test_a_kept_server_outlives_leases(server: EmbeddedServer) -> None:
    assert keep(server)
    with leased(server):
        pass
    assert server.pid() is not None

    assert release(server)
    with leased(server):
        pass
    assert server.pid() is None


def test_processes_are_told_apart_without_proc_as_well(server: EmbeddedServer) -> None:
    server.start()
    pid, places = server.pid(), server.places

    listed = {process.pid: process.command for process in _listed()}

    assert pid is not None
    assert f" -D {places.data}" in listed[pid]
    assert sum(f"postgres: {places.cluster}: " in command for command in listed.values()) >= 3
