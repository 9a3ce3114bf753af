"""Databases for tests: one throw-away server for a run, and a fresh clone of a migrated template.

The process that starts pytest owns the server's folder and ends the server with the run; its
workers and whatever they start find it through an environment variable.
"""

import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.embedded.server import EmbeddedServer
from app.db.engine import open_engine
from app.db.migrate import upgrade
from tests.folders import folders, new_folder

T = TypeVar("T")

_FOLDER = "FIELDGRAPH_TEST_SERVER"
_PREFIX = "fg-tests-"


def open_folder() -> Path:
    """Make and return the folder of this run's server, and clear away those of runs that were killed."""
    for folder in folders(_PREFIX):
        owner = int(folder.name.removeprefix(_PREFIX).split("-")[0])
        # Another run that starts now may be clearing the same folder away.
        with suppress(FileNotFoundError):
            if folder.stat().st_uid == os.geteuid() and not _is_alive(owner):
                _remove(folder)
    made = new_folder(f"{_PREFIX}{os.getpid()}-")
    os.environ[_FOLDER] = str(made)
    return made


def close_folder() -> None:
    """End the server of this run, if there ever was one, and remove all it stored."""
    _remove(Path(os.environ.pop(_FOLDER)))


def running_server() -> EmbeddedServer:
    """Return this run's server, started by whoever asks first."""
    server = _server(Path(os.environ[_FOLDER]))
    server.start()
    return server


def migrated_template(server: EmbeddedServer) -> str:
    """Return the name of a database with the newest schema and no rows, migrated once in a run."""
    done = Path(os.environ[_FOLDER]) / "template"
    with done.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            upgrade(server.url())
            done.touch()
    return "fieldgraph"


async def furnished(
    server: EmbeddedServer, template: str, furnish: Callable[[AsyncEngine], Awaitable[T]]
) -> tuple[str, T]:
    """Make a template with rows from one without; return its name and what `furnish` has made. The run ends it."""
    name = f"template_{uuid4().hex}"
    await _execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    engine = open_engine(server.url(name), size=2)
    try:
        made = await furnish(engine)
    finally:
        await engine.dispose()
    return name, made


@asynccontextmanager
async def database(server: EmbeddedServer, template: str | None = None) -> AsyncIterator[str]:
    """Make a database for the block, empty or cloned from `template`; the value is its address."""
    name = f"test_{uuid4().hex}"
    source = "template0" if template is None else template
    # Copying files takes half of what logging every page does; here nothing is logged for long.
    await _execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{source}" STRATEGY FILE_COPY')
    try:
        yield server.url(name)
    finally:
        await _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


async def _execute(server: EmbeddedServer, statement: str) -> None:
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _server(folder: Path) -> EmbeddedServer:
    return EmbeddedServer(folder / "home", fast=True, shared=folder / "shared")


def _remove(folder: Path) -> None:
    _server(folder).stop()
    shutil.rmtree(folder)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
