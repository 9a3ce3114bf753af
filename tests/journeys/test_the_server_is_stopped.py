"""A server is asked to end while everybody is at it: nobody is left hanging, and nothing acknowledged is lost."""

import asyncio
from collections.abc import Awaitable
from contextlib import AsyncExitStack, suppress
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import orjson
import pytest
from websockets.exceptions import ConnectionClosed

from schema.ids import global_id
from tests.graphql.socket_client import Socket, talking
from tests.journeys.process import ServerProcess, server_process
from tests.serving import token
from tests.world import World

_YEAR = 'filter: { from: "2026-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z" }'
_BOARD = f"subscription {{ dispatchBoard({_YEAR}) {{ __typename ... on TicketEvent {{ id }} }} }}"
_CREATE = """mutation($key: String!) { createTicket(input: {
  title: "Leaking pump", description: "It leaks.", category: INCIDENT, priority: P3, idempotencyKey: $key
}) { ticket { id } errors { __typename } } }"""
# No more queries than there are connections to read by, so that all are seen to be under way.
_SOCKETS, _STREAMS, _QUERIES, _WRITERS = 50, 10, 8, 8
_BUSY = 50


class Client:
    """Somebody who asks over HTTP, and notes what came of it."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client = client
        self._url = url
        self.codes: list[int] = []
        self.acknowledged: list[str] = []
        self.busy = asyncio.Event()

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return the response to an operation."""
        answer = await self._client.post(self._url, json={"query": query, "variables": variables})
        self.codes.append(answer.status_code)
        found: dict[str, Any] = answer.json()
        return found

    async def write_until_refused(self, name: str) -> None:
        """Create one ticket after the other until nobody answers any more."""
        with suppress(httpx.TransportError):
            for number in range(100_000):
                told = await self.ask(_CREATE, key=f"{name}-{number}")
                created = (told.get("data") or {}).get("createTicket")
                if created is None:
                    assert told["errors"][0]["extensions"]["code"] in {"UNAVAILABLE", "TIMEOUT"}
                    return
                assert created["errors"] == []
                self.acknowledged.append(created["ticket"]["id"])
                if len(self.acknowledged) == _BUSY:
                    self.busy.set()

    async def follow(self, ready: asyncio.Event) -> list[bytes]:
        """Follow the board as a stream of events; return its lines once it is over."""
        lines = []
        headers = {"Accept": "text/event-stream"}
        async with self._client.stream("POST", self._url, json={"query": _BOARD}, headers=headers) as response:
            async for line in response.aiter_lines():
                ready.set()
                lines.append(line.encode())
        return lines


@pytest.fixture
def headers(world: World) -> dict[str, str]:
    """A dispatcher's headers."""
    return {"Authorization": f"Bearer {token(world, 'dispatcher')}"}


async def _how_it_ended(socket: Socket) -> tuple[int | None, str | None]:
    with suppress(ConnectionClosed):
        while True:
            await socket.raw.recv()
    await socket.raw.wait_closed()
    return socket.raw.close_code, socket.raw.close_reason


async def _counted(database_url: str, question: str, *values: str) -> int:
    connection = await asyncpg.connect(database_url)
    try:
        found: int = await connection.fetchval(question, *values)
    finally:
        await connection.close()
    return found


async def _tickets(database_url: str) -> list[UUID]:
    connection = await asyncpg.connect(database_url)
    try:
        return [row["id"] for row in await connection.fetch("SELECT id FROM tickets")]
    finally:
        await connection.close()


async def _until_waiting(database_url: str, queries: int, application: str = "fieldgraph reads") -> None:
    """Wait until so many queries wait for the lock; one that is still on its way may rightly be turned away."""
    waiting = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name = $1 AND wait_event_type = 'Lock'"
    )
    for _ in range(1000):
        if await _counted(database_url, waiting, application) >= queries:
            return
        await asyncio.sleep(0.01)
    raise TimeoutError("the queries do not wait for the lock")


async def _stopped(server: ServerProcess, meanwhile: Awaitable[None] | None = None) -> tuple[int, float]:
    """Ask the server to end; return its code, and how many seconds it took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    server.ask_to_end()
    if meanwhile is not None:
        await meanwhile
    code = await server.ended()
    return code, loop.time() - began


async def test_sigterm_ends_everything_in_order_within_ten_seconds(
    database_url: str, world: World, headers: dict[str, str]
) -> None:
    caps = {"MAX_SOCKETS_PER_USER": "1000", "MAX_SOCKETS_PER_IP": "1000"}
    limits = httpx.Limits(max_connections=200)
    async with (
        server_process(database_url, **caps) as server,
        AsyncExitStack() as leaving,
        httpx.AsyncClient(timeout=30, headers=headers, limits=limits) as http,
    ):
        bearer = token(world, "dispatcher")
        sockets = [await leaving.enter_async_context(talking(server.served, bearer)) for _ in range(_SOCKETS)]
        for socket in sockets:
            await socket.ready("1", _BOARD)
        client = Client(http, server.served.http)
        flowing = [asyncio.Event() for _ in range(_STREAMS)]
        streams = [asyncio.create_task(client.follow(each)) for each in flowing]
        await asyncio.gather(*(each.wait() for each in flowing))
        writers = [asyncio.create_task(client.write_until_refused(f"w{n}")) for n in range(_WRITERS)]
        ends = [asyncio.create_task(_how_it_ended(socket)) for socket in sockets]
        await client.busy.wait()
        # Queries that wait for a lock until after the server was asked to end.
        holder = await asyncpg.connect(database_url)
        held = holder.transaction()
        await held.start()
        await holder.execute("LOCK TABLE technicians IN ACCESS EXCLUSIVE MODE")
        slow = [
            asyncio.create_task(client.ask("{ technicians { totalCount nodes { name } } }")) for _ in range(_QUERIES)
        ]
        await _until_waiting(database_url, _QUERIES)

        async def let_go() -> None:
            await asyncio.sleep(1)
            await held.rollback()
            await holder.close()

        code, seconds = await _stopped(server, let_go())
        closed = await asyncio.gather(*ends)
        lines = await asyncio.gather(*streams)
        answers = await asyncio.gather(*slow)
        await asyncio.gather(*writers)
        with pytest.raises(httpx.TransportError):
            await client.ask("{ viewer { roles } }")

    assert (code, seconds < 10) == (0, True), f"{code} after {seconds:.1f} s"
    assert set(closed) == {(1012, "The server stops: come again")}
    assert all(answer["data"]["technicians"]["totalCount"] == 4 for answer in answers)
    for each in lines:
        # Whole events and no end of the subscription: the client comes again with the last id.
        assert each[-1] == b""
        assert b"event: complete" not in each
        assert all(orjson.loads(line[6:])["data"] for line in each if line.startswith(b"data: "))
    kept = await _counted(database_url, "SELECT count(*) FROM tickets")
    told = await _counted(database_url, "SELECT count(*) FROM events WHERE type = 'TICKET_CREATED'")
    # What was not acknowledged any more is there whole, or not at all.
    assert len(client.acknowledged) <= kept <= len(client.acknowledged) + _WRITERS
    assert told == kept
    assert len(set(client.acknowledged)) == len(client.acknowledged)
    there = {global_id("Ticket", key) for key in await _tickets(database_url)}
    assert set(client.acknowledged) <= there


async def test_a_query_that_would_take_longer_than_the_server_is_told_so(
    database_url: str, headers: dict[str, str]
) -> None:
    async with server_process(database_url) as server, httpx.AsyncClient(timeout=30, headers=headers) as http:
        client = Client(http, server.served.http)
        holder = await asyncpg.connect(database_url)
        held = holder.transaction()
        await held.start()
        await holder.execute("LOCK TABLE technicians IN ACCESS EXCLUSIVE MODE")
        stuck = asyncio.create_task(client.ask("{ technicians { totalCount } }"))
        # The first to wait is the look at who asks.
        await _until_waiting(database_url, 1, "fieldgraph")
        code, seconds = await _stopped(server)
        answer = await stuck
        await held.rollback()
        await holder.close()
    assert (code, seconds < 10) == (0, True), f"{code} after {seconds:.1f} s"
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["TIMEOUT"]
