"""Whatever arrives is answered, or its connection closed: never an error of ours, nor at the cost of others."""

import os
import resource
from collections.abc import AsyncIterator

import httpx
import orjson
import pytest
import pytest_asyncio

from app.db.embedded.server import EmbeddedServer
from app.db.engine import open_engine
from tests.database import database
from tests.graphql.socket_client import opened, talking
from tests.hostile.mutating import Mutator
from tests.serving import Served, serving, token
from tests.world import World, make_world

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Ten times as many by `make hostile`.
_BODIES = int(os.environ.get("HOSTILE_BODIES", "1000"))
_FRAMES = int(os.environ.get("HOSTILE_FRAMES", "500"))
_CLOSED = {1002, 1003, 1007, 1009}
_FLAT_BYTES = 60 * 1024 * 1024


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(database_server: EmbeddedServer, database_template: str) -> AsyncIterator[tuple[Served, World]]:
    async with database(database_server, database_template) as url:
        engine = open_engine(url, size=2)
        world = await make_world(engine)
        await engine.dispose()
        async with serving(url, max_sockets_per_user=5000, max_sockets_per_ip=5000) as served:
            yield served, world


def largest() -> int:
    """Return the most memory that this process, which is the server's too, ever had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def test_spoiled_bodies_are_answered_with_a_code(place: tuple[Served, World]) -> None:
    served, world = place
    mutator = Mutator(20261126)
    headers = {"Authorization": f"Bearer {token(world, 'dispatcher')}", "Content-Type": "application/json"}
    wrong: list[str] = []
    before = 0
    async with httpx.AsyncClient(timeout=30) as client:
        for number in range(_BODIES):
            body = mutator.body()
            answer = await client.post(served.http, content=body, headers=headers)
            told = answer.json()
            if answer.status_code >= 500 or "INTERNAL" in answer.text:
                wrong.append(f"{body[:300]!r}: {answer.status_code} {answer.text[:200]}")
            for error in told.get("errors", ()):
                assert error["extensions"]["code"], told
            if number == _BODIES // 2:
                before = largest()
    assert wrong == []
    assert largest() - before < _FLAT_BYTES


async def test_spoiled_frames_close_their_own_connection(place: tuple[Served, World]) -> None:
    served, world = place
    mutator = Mutator(7)
    bearer = token(world, "dispatcher")
    codes: dict[int, int] = {}
    for _ in range(_FRAMES):
        async with opened(served) as socket:
            if mutator.dice.random() < 0.5:
                await socket.say({"type": "connection_init", "payload": {"Authorization": f"Bearer {bearer}"}})
                await socket.hear()
            transport = socket.raw.transport
            transport.write(mutator.frame())
            code = await socket.closed()
            codes[code] = codes.get(code, 0) + 1
    assert set(codes) <= _CLOSED | set(range(4400, 4500)), codes
    assert len(codes) >= 3


async def test_wrong_messages_end_their_operation_and_the_socket_stays(place: tuple[Served, World]) -> None:
    served, world = place
    mutator = Mutator(11)
    async with talking(served, token(world, "dispatcher")) as socket:
        for number in range(_FRAMES):
            await socket.say({"type": "subscribe", "id": str(number), "payload": mutator.payload()})
            heard = await socket.hear()
            assert heard["id"] == str(number)
            assert "INTERNAL" not in orjson.dumps(heard).decode(), heard
            if heard["type"] == "next":
                assert (await socket.hear())["type"] == "complete"
            else:
                assert heard["type"] == "error"
                assert heard["payload"][0]["extensions"]["code"]
        await socket.say({"type": "subscribe", "id": "last", "payload": {"query": "{ viewer { roles } }"}})
        assert (await socket.hear())["payload"]["data"] == {"viewer": {"roles": ["DISPATCHER"]}}


async def test_a_message_that_is_too_large_closes_its_connection(place: tuple[Served, World]) -> None:
    served, world = place
    async with talking(served, token(world, "dispatcher")) as socket:
        await socket.raw.send("x" * 70_000)
        assert await socket.closed() == 1009
