"""Many clients come and go while much is written, the listening connection is cut and the server is killed.

`make soak-live` runs it with 200 clients, 20,000 events and five kills.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from random import Random
from typing import Any

import orjson
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from websockets.exceptions import WebSocketException

from app.db import log
from app.db.transaction import system_transaction
from app.domain.events import Event
from app.services.comments.add_comment import AddComment, add_comment
from schema.ids import global_id
from tests.graphql.socket_client import talking
from tests.graphql.work import Work
from tests.journeys.process import ServerProcess, server_process
from tests.serving import token
from tests.world import World, writer_for

_CLIENTS = int(os.environ.get("SOAK_CLIENTS", "20"))
_EVENTS = int(os.environ.get("SOAK_EVENTS", "800"))
_KILLS = int(os.environ.get("SOAK_KILLS", "1"))
_WRITERS = 8
# Much longer than from one heartbeat to the next.
_PATIENCE_SECONDS = 45
# Two hundred clients are told four million times.
_LONGEST_SECONDS = 120 + _CLIENTS * _EVENTS // 2000
_BOARD = """subscription($after: EventCursor) {
  dispatchBoard(filter: { from: "2026-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z" }, after: $after) {
    __typename
    ... on TicketEvent { id cursor } ... on StreamReady { cursor } ... on StreamHeartbeat { cursor }
    ... on StreamReset { reason cursor }
  }
}"""


class Client:
    """A board whose connection is lost now and then, and which comes back behind the last thing it was told."""

    def __init__(self, server: ServerProcess, bearer: str, cursor: str, number: int) -> None:
        self.seen: list[str] = []
        self.resets: list[str] = []
        self.connections = 0
        self._server = server
        self._bearer = bearer
        self._cursor = cursor
        self._chance = Random(number)

    async def follow(self, last: "asyncio.Future[str]") -> None:
        """Follow until the last event is known and seen."""
        while not (last.done() and self.seen[-1:] == [last.result()]):
            with suppress(WebSocketException, OSError, TimeoutError, AssertionError):
                await self._once(last)
            await asyncio.sleep(self._chance.uniform(0, 0.2))

    async def _once(self, last: "asyncio.Future[str]") -> None:
        until_lost = self._chance.randint(20, 2 * _EVENTS)
        time = asyncio.get_running_loop().time
        async with talking(self._server.served, self._bearer) as socket, asyncio.timeout(_PATIENCE_SECONDS) as patience:
            self.connections += 1
            await socket.subscribe("1", _BOARD, {"after": self._cursor})
            async for text in socket.raw:
                patience.reschedule(time() + _PATIENCE_SECONDS)
                message = orjson.loads(text)["payload"]["data"]["dispatchBoard"]
                self._cursor = message["cursor"]
                if message["__typename"] == "StreamReset":
                    self.resets.append(message["reason"])
                elif "id" in message:
                    self.seen.append(message["id"])
                    until_lost -= 1
                if until_lost == 0:
                    socket.raw.transport.abort()
                    return
                if last.done() and self.seen[-1:] == [last.result()]:
                    return


@pytest.fixture
async def server(database_url: str) -> AsyncIterator[ServerProcess]:
    """A server of its own that as many may use as like."""
    many = ("MAX_SOCKETS_PER_USER", "MAX_SOCKETS_PER_IP", "MAX_SUBSCRIPTIONS_PER_USER", "MAX_SUBSCRIPTIONS_PER_IP")
    caps = {**dict.fromkeys(many, "10000"), "COST_BUCKET": "100000000"}
    async with server_process(database_url, **caps) as running:
        yield running


async def _write(engine: AsyncEngine, world: World, tickets: list[Any], number: int, count: int) -> None:
    writer, actor, chance = writer_for(engine), world.actor("dispatcher"), Random(number)
    for n in range(count):
        await add_comment(writer, actor, AddComment(ticket_id=chance.choice(tickets), body=f"{number}: {n}"))
        if chance.random() < 0.3:
            async with engine.connect() as connection:
                await connection.exec_driver_sql("NOTIFY fieldgraph_log")
        await asyncio.sleep(chance.uniform(0, 0.01))


async def _trouble(server: ServerProcess, engine: AsyncEngine, writing: "asyncio.Future[Any]") -> int:
    """Cut the listening connection and kill the server, again and again; return how often it was killed."""
    chance, killed = Random(5), 0
    while killed < _KILLS:
        await asyncio.sleep(chance.uniform(0.5, 1.5))
        async with engine.connect() as connection:
            await connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'fieldgraph listener' AND datname = current_database()"
            )
        await asyncio.sleep(chance.uniform(0.2, max(1.0, _EVENTS / 2000)))
        server.kill()
        killed += 1
        await server.start()
    assert not writing.done() or _EVENTS < 5_000
    return killed


async def test_clients_that_come_and_go_miss_nothing_and_hear_nothing_twice(
    server: ServerProcess, engine: AsyncEngine, world: World
) -> None:
    work = Work(engine, world)
    tickets = [await work.create() for _ in range(5)]
    bearer = token(world, "dispatcher")
    start = await server.served.ask(bearer, "{ viewer { organization { latestEventCursor } } }")
    cursor = start["data"]["viewer"]["organization"]["latestEventCursor"]
    last: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    clients = [Client(server, bearer, cursor, number) for number in range(_CLIENTS)]

    async with asyncio.timeout(_LONGEST_SECONDS), asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(client.follow(last))
        writing = asyncio.gather(*(_write(engine, world, tickets, n, _EVENTS // _WRITERS) for n in range(_WRITERS)))
        killed = await _trouble(server, engine, writing)
        await writing
        events = await _log(engine, world)
        last.set_result(global_id("Event", events[-1].id))

    expected = [str(global_id("Event", event.id)) for event in events[len(tickets) :]]
    assert killed == _KILLS
    assert len(expected) == _EVENTS
    for client in clients:
        assert client.resets == []
        assert client.connections > killed
        assert client.seen == expected


async def _log(engine: AsyncEngine, world: World) -> list[Event]:
    async with system_transaction(engine) as connection:
        return await log.read(connection, world.organization_id, after=0, limit=100_000)
