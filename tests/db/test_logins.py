"""Which logins of a server of one's own can migrate; docs/operations.md tells operators the same."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest

from app.db.embedded.server import EmbeddedServer
from app.db.engine import open_engine
from app.db.migrate import MayNotMigrate, current_revision, newest_revision, upgrade


@asynccontextmanager
async def ordinary_login(server: EmbeddedServer, *grants: str) -> AsyncIterator[str]:
    """Make a login that may not create roles, and a database that it owns; the value is its address."""
    name = f"login_{uuid4().hex}"
    administrator = await asyncpg.connect(server.url("postgres"))
    try:
        await administrator.execute(f"CREATE ROLE {name} LOGIN")
        await administrator.execute(f"CREATE DATABASE {name} OWNER {name}")
        for role in grants:
            await administrator.execute(f"GRANT {role} TO {name} WITH SET TRUE")
        yield server.url(name).replace("//fieldgraph@", f"//{name}@", 1)
    finally:
        await administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await administrator.execute(f"DROP ROLE {name}")
        await administrator.close()


@pytest.mark.usefixtures("database_template")
async def test_a_login_that_may_not_create_roles_migrates_with_roles_made_for_it(
    database_server: EmbeddedServer,
) -> None:
    roles = ("fieldgraph_app", "fieldgraph_system", "fieldgraph_search", "fieldgraph_erasure")
    async with ordinary_login(database_server, *roles) as url:
        await asyncio.to_thread(upgrade, url)
        engine = open_engine(url, size=1)
        async with engine.connect() as connection:
            revision = await current_revision(connection)
        await engine.dispose()

    assert revision == newest_revision()


@pytest.mark.usefixtures("database_template")
async def test_a_login_without_the_roles_cannot_migrate(database_server: EmbeddedServer) -> None:
    async with ordinary_login(database_server) as url:
        with pytest.raises(MayNotMigrate, match="CREATEROLE"):
            await asyncio.to_thread(upgrade, url)
