"""The two kinds of login that a deployment may have: the embedded superuser, and one plain external login."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from app.db.embedded.server import EmbeddedServer
from app.db.migrate import upgrade
from app.db.transaction import DatabaseRole
from tests.folders import new_folder

_LOGIN = "fieldservice"
_PASSWORD = "open-sesame"
_DATABASE = "service"


@contextmanager
def external_login(*, may_create_roles: bool = True) -> Iterator[str]:
    """Give a server where one login, no superuser, owns its database and has migrated it itself.

    The server is the block's own, because roles belong to a whole cluster: here nobody has made
    them before, except the administrator for a login that may not create roles.
    """
    folder = new_folder("fg-external-")
    server = EmbeddedServer(folder / "home", shared=folder / "shared", fast=True)
    server.start()
    try:
        asyncio.run(_hand_out(server, may_create_roles=may_create_roles))
        url = server.url(_DATABASE).replace("fieldgraph@", f"{_LOGIN}:{_PASSWORD}@", 1)
        upgrade(url)
        yield url
    finally:
        server.stop()
        shutil.rmtree(folder)


async def _hand_out(server: EmbeddedServer, *, may_create_roles: bool) -> None:
    rules = server.places.data / "pg_hba.conf"
    rules.write_text(f"local all {_LOGIN} scram-sha-256\n" + rules.read_text())
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        await connection.execute("SELECT pg_reload_conf()")
        await connection.execute(f"CREATE ROLE {_LOGIN} LOGIN PASSWORD '{_PASSWORD}'")
        if may_create_roles:
            await connection.execute(f"ALTER ROLE {_LOGIN} CREATEROLE")
        else:
            for role in (*DatabaseRole, "fieldgraph_search", "fieldgraph_erasure"):
                await connection.execute(f"CREATE ROLE {role} NOLOGIN")
                await connection.execute(f"GRANT {role} TO {_LOGIN} WITH SET TRUE")
        await connection.execute(f"CREATE DATABASE {_DATABASE} OWNER {_LOGIN}")
    finally:
        await connection.close()
