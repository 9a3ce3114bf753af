"""Brings a database to a revision of the schema, and tells which revision it has."""

import asyncio
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from app.db.engine import async_url

# Two servers that start together must not migrate at once; the number only has to be ours.
_LOCK = 0x6669656C64
_NO_RIGHT = "42501"


class MayNotMigrate(Exception):
    """The login lacks a right that a step needs; the text says which helps."""

    def __init__(self) -> None:
        super().__init__(
            "The database's login may not make what Fieldgraph needs. Let it own the database, and either give "
            "it CREATEROLE or make the roles fieldgraph_app, fieldgraph_system, fieldgraph_search and "
            "fieldgraph_erasure and grant them to it."
        )


def upgrade(url: str, revision: str = "head") -> None:
    """Run the steps up to `revision` in one transaction. Waits for another migration to end.

    Raises:
        MayNotMigrate: the login lacks a right.
    """
    _with_lock(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str, revision: str) -> None:
    """Undo the steps down to `revision` in one transaction."""
    _with_lock(url, lambda config: command.downgrade(config, revision))


def statements(revision: str = "head") -> str:
    """Return the SQL of all steps up to `revision`, without a database."""
    config, out = _config(), StringIO()
    config.output_buffer = out
    command.upgrade(config, revision, sql=True)
    return out.getvalue()


def newest_revision() -> str:
    """Return the newest revision this release knows."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise LookupError("the release carries no migrations")
    return revision


async def current_revision(connection: AsyncConnection) -> str | None:
    """Return the revision of the database, None for an empty one."""
    return await connection.run_sync(_current)


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[2] / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def _with_lock(url: str, run: Callable[[Config], Any]) -> None:
    asyncio.run(_locked(url, run))


async def _locked(url: str, run: Callable[[Config], Any]) -> None:
    engine = create_async_engine(async_url(url), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            await connection.run_sync(_run, run)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _NO_RIGHT:
            raise MayNotMigrate from error
        raise
    finally:
        await engine.dispose()


def _run(connection: Connection, run: Callable[[Config], Any]) -> None:
    config = _config()
    config.attributes["connection"] = connection
    run(config)
