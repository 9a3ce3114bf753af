"""A client of `graphql-transport-ws` that says whatever the test wants and hears what comes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.serving import Served
from tests.waiting import PATIENCE_SECONDS


class Socket:
    """One websocket."""

    def __init__(self, raw: ClientConnection) -> None:
        self.raw = raw

    async def say(self, message: Any) -> None:
        """Send a message as JSON."""
        await self.raw.send(orjson.dumps(message).decode())

    async def hear(self) -> dict[str, Any]:
        """Return the next message."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            message: dict[str, Any] = orjson.loads(await self.raw.recv())
        return message

    async def subscribe(self, key: str, query: str, variables: dict[str, Any] | None = None) -> None:
        """Begin an operation."""
        await self.say({"type": "subscribe", "id": key, "payload": {"query": query, "variables": variables}})

    async def told(self) -> tuple[str, dict[str, Any]]:
        """Return the next result: the operation's id, and the one field of its data."""
        message = await self.hear()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        (field,) = message["payload"]["data"].values()
        return message["id"], field

    async def ready(self, key: str, query: str, variables: dict[str, Any] | None = None) -> None:
        """Begin a subscription and wait until it is live."""
        await self.subscribe(key, query, variables)
        assert await self.told() == (key, {"__typename": "StreamReady"})

    async def closed(self) -> int:
        """Return the code with which the server closes, whatever it says before."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            with suppress(ConnectionClosed):
                while True:
                    await self.raw.recv()
            await self.raw.wait_closed()
        assert self.raw.close_code is not None
        return self.raw.close_code


@asynccontextmanager
async def opened(served: Served, *protocols: str, **options: Any) -> AsyncIterator[Socket]:
    """Open a websocket, with the protocol unless others are named, and say nothing yet."""
    offered = [Subprotocol(name) for name in protocols or ("graphql-transport-ws",)]
    async with connect(
        served.websocket,
        subprotocols=offered,
        proxy=None,
        ping_interval=None,
        compression=None,
        close_timeout=2,
        **options,
    ) as raw:
        yield Socket(raw)


@asynccontextmanager
async def talking(served: Served, bearer: str, **options: Any) -> AsyncIterator[Socket]:
    """Open a websocket as the token's user."""
    async with opened(served, **options) as socket:
        await socket.say({"type": "connection_init", "payload": {"Authorization": f"Bearer {bearer}"}})
        assert await socket.hear() == {"type": "connection_ack"}
        yield socket
