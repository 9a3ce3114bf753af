"""An organisation that sends tables to and fro: its people by their tokens, its rows in SQL."""

import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.transaction import transaction
from app.domain.people import Role
from tests.serving import Served, token
from tests.world import World

# A connection that rests may be closed by the server just when it is used again.
_LIMITS = httpx.Limits(max_keepalive_connections=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A served organisation, and another one in the same database."""

    served: Served
    engine: AsyncEngine
    world: World
    other: World

    def address(self, path: str) -> str:
        """Return the address of a route, such as /imports/parts.csv."""
        return f"http://127.0.0.1:{self.served.port}{path}"

    @property
    def exports(self) -> str:
        """The address of exports."""
        return f"http://127.0.0.1:{self.served.port}/exports/tickets.csv"

    @property
    def imports(self) -> str:
        """The address of imports."""
        return f"http://127.0.0.1:{self.served.port}/imports/tickets.csv"

    def bearer(self, name: str, *, world: World | None = None, roles: list[Role] | None = None) -> dict[str, str]:
        """Return the headers of the world's user of this name."""
        return {"Authorization": f"Bearer {token(world or self.world, name, roles=roles)}"}

    async def export(
        self, name: str = "dispatcher", *, world: World | None = None, what: str = "tickets", **asked: Any
    ) -> httpx.Response:
        """Return the answer to an export; filter and orderBy are spelled as JSON."""
        address = self.address(f"/exports/{what}.csv")
        parameters = {each: _spelled(value) for each, value in asked.items()}
        async with httpx.AsyncClient(timeout=60, limits=_LIMITS) as client:
            return await client.get(address, params=parameters, headers=self.bearer(name, world=world))

    @asynccontextmanager
    async def exporting(self, name: str = "dispatcher") -> AsyncIterator[httpx.Response]:
        """Give an export that has begun and is read by the block."""
        async with (
            httpx.AsyncClient(timeout=60) as client,
            client.stream("GET", self.exports, headers=self.bearer(name)) as answer,
        ):
            yield answer

    async def send(
        self, content: bytes | str, name: str = "dispatcher", *, world: World | None = None, **more: Any
    ) -> httpx.Response:
        """Return the answer to an import: of `what`, `dry_run`, `key`, and more headers."""
        address = self.address(f"/imports/{more.pop('what', 'tickets')}.csv")
        headers = {"Content-Type": "text/csv", **self.bearer(name, world=world, roles=more.pop("roles", None))}
        parameters = {"dryRun": "true"} if more.pop("dry_run", False) else {}
        key = more.pop("key", None)
        if key is not None:
            headers["Idempotency-Key"] = key
        async with httpx.AsyncClient(timeout=60, limits=_LIMITS) as client:
            return await client.post(address, content=content, params=parameters, headers={**headers, **more})

    async def sql(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        """Return the rows of a statement, as the organisation's tables hold them."""
        return await self.sql_of(self.world, statement, **values)

    async def sql_of(self, world: World, statement: str, **values: Any) -> list[dict[str, Any]]:
        """Return the rows of a statement, as the tables of one of the organisations hold them."""
        async with transaction(self.engine, world.organization_id, timeout_seconds=120) as connection:
            found = await connection.execute(sa.text(statement), {**values, "organization": world.organization_id})
            return [dict(row) for row in found.mappings()] if found.returns_rows else []

    async def sessions(self) -> list[int]:
        """Return which sessions of the database an export has under way; the login sees what roles below it do not."""
        query = (
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'fieldgraph exports'"
            " AND datname = current_database() AND state <> 'idle'"
        )
        async with self.engine.connect() as connection:
            return [row.pid for row in await connection.execute(sa.text(query))]

    async def end_session(self, pid: int) -> None:
        """End a session of the database, as whoever runs it may."""
        async with self.engine.connect() as connection:
            await connection.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})


def table(text: str) -> list[dict[str, str]]:
    """Return the rows of a file by the names in its header, as a reader other than ours has them."""
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def _spelled(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
