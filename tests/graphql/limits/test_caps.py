"""How many connections and subscriptions one user and one address may have."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.graphql.socket_client import Socket, opened, talking
from tests.serving import Served, serving, token
from tests.world import World

_FOLLOWED = """subscription {
  dispatchBoard(filter: { from: "2026-01-01T00:00:00Z", to: "2027-01-01T00:00:00Z" }) { __typename }
}"""


async def test_who_opens_too_many_sockets_is_refused_and_may_come_again(database_url: str, world: World) -> None:
    async with serving(database_url, max_sockets_per_user=2, max_sockets_per_ip=3) as served:
        async with talking(served, token(world, "dispatcher")), talking(served, token(world, "dispatcher")):
            async with opened(served) as third:
                init = {"Authorization": f"Bearer {token(world, 'dispatcher')}"}
                await third.say({"type": "connection_init", "payload": init})
                assert await third.closed() == 4429
            async with talking(served, token(world, "admin")):
                with pytest.raises(ConnectionClosed):
                    async with connect(served.websocket, subprotocols=[Subprotocol("graphql-transport-ws")]) as fourth:
                        await fourth.recv()
                assert fourth.close_code == 4429
        async with talking(served, token(world, "dispatcher")):
            pass


async def test_who_follows_too_much_is_told_so_and_may_go_on_when_something_ends(
    database_url: str, world: World
) -> None:
    async with (
        serving(database_url, max_subscriptions_per_user=2, max_subscriptions_per_ip=3) as served,
        talking(served, token(world, "dispatcher")) as socket,
        talking(served, token(world, "admin")) as other,
    ):
        async with followed_over_http(served, token(world, "dispatcher")):
            assert await begun(socket, "1") == "StreamReady"
            assert await begun(socket, "2") == "2 subscriptions are open, the most for one user: try again in 30 s."
            assert await begun(other, "1") == "StreamReady"
            assert await begun(other, "2") == "3 subscriptions are open, the most for one address: try again in 30 s."
        assert await soon_begun(socket, "2") == "StreamReady"
        await socket.say({"type": "complete", "id": "1"})
        assert await soon_begun(socket, "3") == "StreamReady"


async def test_a_stream_too_many_over_http_ends_with_the_reason(database_url: str, world: World) -> None:
    async with serving(database_url, max_subscriptions_per_user=1) as served:
        bearer = token(world, "dispatcher")
        async with followed_over_http(served, bearer), httpx.AsyncClient(timeout=10) as client:
            headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {bearer}"}
            answer = await client.post(served.http, json={"query": _FOLLOWED}, headers=headers)

    assert '"code":"THROTTLED"' in answer.text
    assert '"retryAfter":30' in answer.text
    assert answer.text.endswith("event: complete\ndata:\n\n")


async def begun(socket: Socket, key: str) -> str:
    """Begin to follow the board; return what the first message is, or why there is none."""
    await socket.subscribe(key, _FOLLOWED)
    while (heard := await socket.hear()).get("id") != key:
        pass
    if heard["type"] == "error":
        assert heard["payload"][0]["extensions"]["code"] == "THROTTLED"
        return str(heard["payload"][0]["message"])
    return str(heard["payload"]["data"]["dispatchBoard"]["__typename"])


async def soon_begun(socket: Socket, key: str) -> str:
    """Begin as soon as the server has noticed that something else has ended."""
    said = ""
    for _ in range(200):
        said = await begun(socket, key)
        if not said.startswith("2 subscriptions"):
            break
        await asyncio.sleep(0.02)
    return said


@asynccontextmanager
async def followed_over_http(served: Served, bearer: str) -> AsyncIterator[None]:
    """Follow the board over HTTP while the block lasts."""
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {bearer}"}
    async with (
        httpx.AsyncClient(timeout=10) as client,
        client.stream("POST", served.http, json={"query": _FOLLOWED}, headers=headers) as events,
    ):
        lines = events.aiter_lines()
        while "StreamReady" not in await anext(lines):
            pass
        yield
