from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

import httpx
import pytest
from starlette.applications import Starlette

from app.db.engine import open_engine
from app.health import Health
from tests.serving import serving


@pytest.fixture
async def served(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        serving(database_url) as server,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=30) as client,
    ):
        yield client


@asynccontextmanager
async def health_of(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the health routes alone, for databases with which the server itself does not start."""
    engine = open_engine(database_url, size=1)
    routes = Health(engine=engine, service="fieldgraph", version="1").routes()
    transport = httpx.ASGITransport(Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://health") as client:
        yield client
    await engine.dispose()


@pytest.mark.parametrize("path", ["/health", "/healthz", "/readyz"])
async def test_a_server_that_is_well_says_so_without_a_token(served: httpx.AsyncClient, path: str) -> None:
    answer = await served.get(path)

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "service": "fieldgraph",
        "version": version("fieldgraph"),
        "database": "up",
    }


async def test_a_database_that_cannot_be_reached_leaves_the_process_alive_and_unready() -> None:
    async with health_of("postgresql://nobody@127.0.0.1:1/nothing") as client:
        alive, ready = await client.get("/health"), await client.get("/readyz")

    assert (alive.status_code, alive.json()["status"], alive.json()["database"]) == (200, "degraded", "down")
    assert (ready.status_code, ready.json()["status"], ready.json()["database"]) == (503, "unavailable", "down")


@pytest.mark.parametrize("scheme", ["nats", "redis"])
@pytest.mark.parametrize("path", ["/health", "/healthz", "/readyz"])
async def test_a_server_without_its_event_bus_is_ready_and_says_so(database_url: str, scheme: str, path: str) -> None:
    async with (
        serving(database_url, event_bus_url=f"{scheme}://127.0.0.1:1") as server,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=30) as client,
    ):
        answer = await client.get(path)

    assert answer.status_code == 200
    told = answer.json()
    assert (told["status"], told["database"], told["event_bus"]) == ("degraded", "up", "down")


async def test_a_database_without_the_newest_schema_is_not_ready(empty_database_url: str) -> None:
    async with health_of(empty_database_url) as client:
        alive, ready = await client.get("/health"), await client.get("/readyz")

    assert (alive.status_code, alive.json()["database"]) == (200, "up")
    assert (ready.status_code, ready.json()["database"]) == (503, "not migrated")
