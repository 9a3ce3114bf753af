"""Two server processes on one database: what is written at one reaches who follows the other, by each kind of wake-up.

They poll so seldom that nothing but a wake-up can have done it.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.integrations.bus_servers import bus_server
from tests.journeys.operations import BOARD, BOARD_FILTER
from tests.journeys.process import server_process
from tests.journeys.stage import dispatcher_at, ticket_for
from tests.world import World

SELDOM = "60"
LISTENING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = 'fieldgraph listener'"
)


@pytest.fixture(params=["postgres", "nats", "redis"])
async def settings(request: pytest.FixtureRequest) -> AsyncIterator[dict[str, str]]:
    """The settings of servers that are woken by each kind of wake-up in turn."""
    if request.param == "postgres":
        yield {"LOG_POLL_SECONDS": SELDOM}
        return
    with bus_server(request.param) as bus:
        yield {"LOG_POLL_SECONDS": SELDOM, "EVENT_BUS_URL": bus.url}


async def test_a_mutation_at_one_server_reaches_a_board_at_the_other_at_once(
    settings: dict[str, str], database_url: str, engine: AsyncEngine, world: World
) -> None:
    took = []
    async with (
        server_process(database_url, **settings) as here,
        server_process(database_url, **settings) as there,
        AsyncExitStack() as leaving,
    ):
        await here.joins_the_bus()
        await there.joins_the_bus()
        writing = await dispatcher_at(here.served, engine, world, leaving)
        reading = await dispatcher_at(there.served, engine, world, leaving)
        async with reading.following(BOARD, filter=BOARD_FILTER) as board:
            await board.ready()
            for _ in range(10):
                ticket = await ticket_for(writing)
                answered = time.perf_counter()
                event = await board.next()
                took.append(time.perf_counter() - answered)
                assert (event["type"], event["ticket"]["id"]) == ("TICKET_CREATED", ticket)
        connection = await asyncpg.connect(database_url)
        listening = await connection.fetchval(LISTENING)
        await connection.close()

    assert max(took) < 10
    assert sorted(took)[5] < 0.25
    assert listening == (0 if "EVENT_BUS_URL" in settings else 2)


@pytest.mark.parametrize("kind", ["nats", "redis"])
async def test_servers_that_do_not_share_a_bus_do_not_wake_each_other(
    kind: str, database_url: str, engine: AsyncEngine, world: World
) -> None:
    """The test above would fail without its wake-ups: only the poll is left here."""
    with bus_server(kind) as one, bus_server(kind) as other:
        async with (
            server_process(database_url, LOG_POLL_SECONDS=SELDOM, EVENT_BUS_URL=one.url) as here,
            server_process(database_url, LOG_POLL_SECONDS=SELDOM, EVENT_BUS_URL=other.url) as there,
            AsyncExitStack() as leaving,
        ):
            await here.joins_the_bus()
            await there.joins_the_bus()
            writing = await dispatcher_at(here.served, engine, world, leaving)
            reading = await dispatcher_at(there.served, engine, world, leaving)
            async with reading.following(BOARD, filter=BOARD_FILTER) as board:
                await board.ready()
                await ticket_for(writing)

                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(4):
                        await board.next()
