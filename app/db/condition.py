"""The condition of a database: its revision, whether its roles can be taken and keep organisations apart, its clock."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from app.db.engine import async_url
from app.db.migrate import current_revision, newest_revision

ROLES = ("fieldgraph_app", "fieldgraph_system", "fieldgraph_search", "fieldgraph_erasure")

_CONNECT_SECONDS = 10

_ROLES = sa.text(
    "SELECT rolname, rolsuper OR rolbypassrls AS sees_all, pg_has_role(current_user, oid, 'SET') AS can_be_taken"
    " FROM pg_roles WHERE rolname = ANY(:names)"
)
# What the two roles of transactions cannot do without; to_regclass is null where nothing is migrated.
_RIGHTS = sa.text(
    "SELECT role, relation, needed FROM (VALUES"
    " ('fieldgraph_app', 'tickets', 'SELECT'), ('fieldgraph_app', 'tickets', 'INSERT'),"
    " ('fieldgraph_app', 'tickets', 'UPDATE'), ('fieldgraph_app', 'events', 'INSERT'),"
    " ('fieldgraph_system', 'events', 'SELECT')) AS wanted (role, relation, needed)"
    " WHERE role IN (SELECT rolname FROM pg_roles) AND to_regclass(relation) IS NOT NULL"
    " AND NOT has_table_privilege(role, to_regclass(relation), needed)"
)

_UNREADABLE = sa.text(
    "SELECT coalesce(NOT has_table_privilege(current_user, to_regclass('alembic_version'), 'SELECT'), false)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What was found in a database.

    `revision` is None for one without a schema, and where it is `unreadable` by the login. `skew` is how far the
    database's clock is ahead of ours, give or take `uncertainty`, half of what asking took. `lacking` names rights
    as `role: RIGHT on table`.
    """

    revision: str | None
    unreadable: bool
    newest: str
    missing: tuple[str, ...]
    untakable: tuple[str, ...]
    all_seeing: tuple[str, ...]
    lacking: tuple[str, ...]
    skew: timedelta
    uncertainty: timedelta


async def condition_of(url: str, clock: Callable[[], datetime]) -> Condition:
    """Look at a database that is known to answer; nothing is changed, and it waits at most 10 s.

    Raises:
        TimeoutError: it took longer.
        SQLAlchemyError: it went away meanwhile.
    """
    engine = create_async_engine(async_url(url), poolclass=NullPool)
    try:
        async with asyncio.timeout(_CONNECT_SECONDS), engine.connect() as connection:
            return await look_at(connection, clock)
    finally:
        await engine.dispose()


async def look_at(connection: AsyncConnection, clock: Callable[[], datetime]) -> Condition:
    """Look at a database as the login, or the role, of a connection."""
    found = {row.rolname: row for row in await connection.execute(_ROLES, {"names": list(ROLES)})}
    lacking = await connection.execute(_RIGHTS)
    rights = tuple(f"{row.role}: {row.needed} on {row.relation}" for row in lacking)
    # Asked after the connection is warm, so that the round trip is short.
    before = clock()
    theirs = (await connection.execute(sa.text("SELECT clock_timestamp()"))).scalar_one()
    half = (clock() - before) / 2
    unreadable = bool((await connection.execute(_UNREADABLE)).scalar_one())
    return Condition(
        revision=None if unreadable else await current_revision(connection),
        unreadable=unreadable,
        newest=newest_revision(),
        missing=tuple(name for name in ROLES if name not in found),
        untakable=tuple(name for name in ROLES if name in found and not found[name].can_be_taken),
        all_seeing=tuple(name for name in ROLES if name in found and found[name].sees_all),
        lacking=rights,
        skew=theirs - (before + half),
        uncertainty=half,
    )
