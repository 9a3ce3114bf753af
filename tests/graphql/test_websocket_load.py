"""Many at once on websockets: what each is told is fresh, and nobody holds up anybody."""

import asyncio
import socket as sockets

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from schema.execution import outbox
from schema.ids import global_id
from tests.graphql.socket_client import talking
from tests.graphql.test_websocket import BOARD, VIEWER, YEAR
from tests.graphql.work import Work
from tests.serving import serving, token
from tests.world import World

_STATES = (
    "SELECT DISTINCT state FROM pg_stat_activity "
    "WHERE datname = current_database() AND application_name = 'fieldgraph' AND pid <> pg_backend_pid()"
)


async def connection_states(database_url: str) -> set[str]:
    """Return what the connections of the server do."""
    watcher = await asyncpg.connect(database_url)
    try:
        return {row["state"] for row in await watcher.fetch(_STATES)}
    finally:
        await watcher.close()


async def at_rest(database_url: str) -> None:
    """Wait until no connection of the server is within a transaction."""
    async with asyncio.timeout(5):
        while True:
            if await connection_states(database_url) == {"idle"}:
                return
            await asyncio.sleep(0.02)


async def test_each_event_shows_the_job_as_it_is_by_then(database_url: str, engine: AsyncEngine, world: World) -> None:
    work = Work(engine, world)
    query = "subscription { jobUpdates { __typename ... on JobEvent { assignment { status version } } } }"
    seen = []
    async with serving(database_url) as served, talking(served, token(world, "ann")) as socket:
        await socket.ready("1", query)
        job_id = await work.assign(await work.create(), "ann")
        seen.append((await socket.told())[1]["assignment"])
        await work.accept(job_id, "ann")
        seen.append((await socket.told())[1]["assignment"])
        await work.start(job_id, "ann")
        seen.append((await socket.told())[1]["assignment"])
    assert seen == [
        {"status": "ASSIGNED", "version": 1},
        {"status": "ACCEPTED", "version": 2},
        {"status": "IN_PROGRESS", "version": 3},
    ]


async def test_a_query_sees_what_a_mutation_before_it_wrote(
    database_url: str, engine: AsyncEngine, world: World
) -> None:
    ticket = global_id("Ticket", await Work(engine, world).create())
    count = f'{{ ticket(id: "{ticket}") {{ comments {{ totalCount }} }} }}'
    say = f'mutation {{ addComment(input: {{ticketId: "{ticket}", body: "b"}}) {{ errors {{ __typename }} }} }}'
    async with serving(database_url) as served, talking(served, token(world, "dispatcher")) as socket:
        counts = []
        for query in (count, say, count, say, count):
            await socket.subscribe("1", query)
            _, told = await socket.told()
            assert await socket.hear() == {"type": "complete", "id": "1"}
            if "comments" in told:
                counts.append(told["comments"]["totalCount"])
    assert counts == [0, 1, 2]


async def test_fifty_idle_subscriptions_hold_no_connection(
    database_url: str, engine: AsyncEngine, world: World
) -> None:
    ticket = global_id("Ticket", await Work(engine, world).create())
    follow = f'subscription {{ ticketUpdates(ticketId: "{ticket}") {{ __typename }} }}'
    async with (
        serving(database_url, database_pool_size=3) as served,
        talking(served, token(world, "dispatcher")) as socket,
    ):
        for n in range(50):
            await socket.subscribe(str(n), BOARD if n % 2 else follow)
        assert {(await socket.told())[1]["__typename"] for _ in range(50)} == {"StreamReady"}
        states = await connection_states(database_url)
        await socket.subscribe("query", VIEWER)
        assert await socket.told() == ("query", {"roles": ["DISPATCHER"]})
    assert states == {"idle"}


async def test_after_many_operations_and_sudden_ends_the_pool_has_every_connection_back(
    database_url: str, engine: AsyncEngine, world: World
) -> None:
    ticket = global_id("Ticket", await Work(engine, world).create())
    node = f'{{ ticket(id: "{ticket}") {{ title requester {{ name }} comments {{ totalCount }} }} }}'
    async with serving(database_url, database_pool_size=2) as served:
        for end in ("complete", "close", "abort"):
            async with talking(served, token(world, "dispatcher")) as socket:
                for n in range(30):
                    await socket.subscribe(str(n), node if n % 2 else BOARD)
                if end == "complete":
                    for n in range(30):
                        await socket.say({"type": "complete", "id": str(n)})
                if end == "abort":
                    socket.raw.transport.abort()
        await at_rest(database_url)
        async with talking(served, token(world, "dispatcher")) as socket:
            for n in range(10):
                await socket.subscribe(str(n), node)
            heard = [(await socket.hear())["type"] for _ in range(20)]
    assert sorted(heard) == ["complete"] * 10 + ["next"] * 10


async def test_a_client_that_does_not_read_holds_up_nobody(
    database_url: str, engine: AsyncEngine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "LONGEST", 4)
    work = Work(engine, world)
    fields = " ".join(f"text{n}: description" for n in range(10))
    large = f"subscription {{ dispatchBoard({YEAR}) {{ __typename ... on TicketEvent {{ ticket {{ {fields} }} }} }} }}"
    small = f"subscription {{ dispatchBoard({YEAR}) {{ __typename ... on TicketEvent {{ ticket {{ id }} }} }} }}"
    narrow = sockets.socket()
    narrow.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    async with serving(database_url, database_pool_size=2) as served:
        narrow.connect(("127.0.0.1", served.port))
        narrow.setblocking(False)
        async with (
            talking(served, token(world, "manager"), sock=narrow, max_queue=1) as slow,
            talking(served, token(world, "dispatcher")) as quick,
        ):
            for n in range(20):
                await slow.ready(str(n), large)
            await quick.ready("quick", small)
            for _ in range(5):
                # 20 subscriptions to each of 5 events of 200 kB are more than any buffer on the way takes.
                ticket_id = await work.create(description="x" * 20_000)
                async with asyncio.timeout(3):
                    _, event = await quick.told()
                assert event["ticket"] == {"id": global_id("Ticket", ticket_id)}
            await at_rest(database_url)
            await quick.subscribe("query", VIEWER)
            assert await quick.told() == ("query", {"roles": ["DISPATCHER"]})
            slow.raw.transport.abort()


async def test_a_server_that_stops_closes_every_socket_with_1012(database_url: str, world: World) -> None:
    stopping = serving(database_url)
    served = await stopping.__aenter__()
    bearer = token(world, "dispatcher")
    async with talking(served, bearer) as listening, talking(served, bearer) as idle:
        await listening.ready("1", BOARD)
        stopped = asyncio.create_task(stopping.__aexit__(None, None, None))
        assert [await listening.closed(), await idle.closed()] == [1012, 1012]
        await stopped
