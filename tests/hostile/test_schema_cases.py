"""Operations that schemathesis makes up from the schema, as three roles: whatever they ask, nothing breaks."""

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.graphql import nodes

from app.db.embedded.server import EmbeddedServer
from app.db.engine import open_engine
from tests.database import database
from tests.serving import serving, token
from tests.world import World, make_world

# Five thousand and more by `make hostile`.
_CASES = int(os.environ.get("SCHEMA_CASES", "500"))
_ROLES = ("customer", "ann", "admin")
_SDL = Path(__file__).parents[2] / "schema" / "schema.graphql"
_OPERATIONS = 20

schemathesis.graphql.scalar("DateTime", st.datetimes().map(lambda at: nodes.String(f"{at:%Y-%m-%dT%H:%M:%SZ}")))
schemathesis.graphql.scalar("Date", st.dates().map(lambda day: nodes.String(day.isoformat())))
schemathesis.graphql.scalar("Decimal", st.decimals(0, 999, places=2).map(lambda value: nodes.String(str(value))))
schemathesis.graphql.scalar("TimeZone", st.sampled_from(["Europe/Berlin", "UTC"]).map(nodes.String))
schemathesis.graphql.scalar("EventCursor", st.text(max_size=20).map(nodes.String))
schemathesis.graphql.scalar("JSON", st.integers(-5, 5).map(nodes.Int))


class Outpost:
    """A server in a thread of its own, for tests that are not asynchronous."""

    def __init__(self, server: EmbeddedServer, template: str) -> None:
        self._server, self._template = server, template
        self._ready, self._stop = threading.Event(), asyncio.Event()
        self.address = ""
        self.bearers: dict[str, str] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with database(self._server, self._template) as url:
            engine = open_engine(url, size=2)
            world: World = await make_world(engine)
            await engine.dispose()
            async with serving(url) as served:
                self.address = served.http
                self.bearers = {role: token(world, role) for role in _ROLES}
                self._ready.set()
                await self._stop.wait()


@pytest.fixture(scope="module")
def outpost(database_server: EmbeddedServer, database_template: str) -> Iterator[Outpost]:
    with Outpost(database_server, database_template) as running:
        yield running


def test_no_operation_that_the_schema_allows_is_an_internal_error(outpost: Outpost) -> None:
    described = schemathesis.graphql.from_path(_SDL)
    operations = [each.ok() for each in described.get_all_operations() if isinstance(each, Ok)]
    assert len(operations) >= _OPERATIONS
    tried = 0
    with httpx.Client(timeout=30) as client:
        for operation in operations:

            @settings(
                max_examples=max(1, _CASES // len(operations) // len(_ROLES) + 1),
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
                derandomize=True,
                database=None,
            )
            @given(case=operation.as_strategy())
            def ask(case: Any) -> None:
                nonlocal tried
                for bearer in outpost.bearers.values():
                    tried += 1
                    answer = client.post(
                        outpost.address, json={"query": case.body}, headers={"Authorization": f"Bearer {bearer}"}
                    )
                    assert answer.status_code < 500, (case.body, answer.text)
                    told = answer.json()
                    assert set(told) <= {"data", "errors", "extensions"}
                    codes = [error["extensions"]["code"] for error in told.get("errors", ())]
                    assert "INTERNAL" not in codes, (case.body, told)

            ask()
    assert tried >= _CASES
