"""The event bus is killed, held still and started again while two servers write and follow."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import quote

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db import log
from app.db.transaction import system_transaction
from schema.ids import global_id
from tests.integrations.bus_servers import KINDS, PASSWORD, BusServer, bus_server
from tests.journeys.operations import BOARD, BOARD_FILTER
from tests.journeys.people import Person, Stream
from tests.journeys.process import ServerProcess, server_process
from tests.journeys.stage import dispatcher_at, ticket_for
from tests.world import World

pytestmark = [pytest.mark.fault, pytest.mark.parametrize("kind", KINDS)]


@dataclass(slots=True, kw_only=True)
class Pair:
    """A writer at one server, a board at the other, and what they saw; `slowest` is the slowest mutation."""

    bus: BusServer
    servers: tuple[ServerProcess, ServerProcess]
    writing: Person
    board: Stream
    told: list[str] = field(default_factory=list)
    slowest: float = 0.0

    async def write(self, count: int, *, pause: float = 0.02) -> None:
        """Make tickets, one after the other."""
        for _ in range(count):
            begun = time.perf_counter()
            await ticket_for(self.writing)
            self.slowest = max(self.slowest, time.perf_counter() - begun)
            await asyncio.sleep(pause)

    async def hear(self, count: int, *, within: float) -> None:
        """Wait for the board's next events."""
        async with asyncio.timeout(within):
            for _ in range(count):
                # A test that takes long hears heartbeats too.
                while (message := await self.board.next())["__typename"] == "StreamHeartbeat":
                    pass
                self.told.append(message["id"])

    async def join(self) -> None:
        """Wait until both servers are on the bus."""
        for server in self.servers:
            await server.joins_the_bus()

    def lines(self, event: str) -> list[int]:
        """Return how often each server has logged this."""
        return [server.said().count(f'"{event}"') for server in self.servers]


@asynccontextmanager
async def pair(
    kind: str, database_url: str, engine: AsyncEngine, world: World, *, poll_seconds: int, started: bool = True
) -> AsyncIterator[Pair]:
    """Run two servers on a bus."""
    with bus_server(kind, started=started) as bus:
        settings = {"LOG_POLL_SECONDS": str(poll_seconds), "EVENT_BUS_URL": bus.url, "COST_BUCKET": "1000000000"}
        async with (
            server_process(database_url, **settings) as here,
            server_process(database_url, **settings) as there,
            AsyncExitStack() as leaving,
        ):
            writing = await dispatcher_at(here.served, engine, world, leaving)
            reading = await dispatcher_at(there.served, engine, world, leaving)
            async with reading.following(BOARD, filter=BOARD_FILTER) as board:
                await board.ready()
                yield Pair(bus=bus, servers=(here, there), writing=writing, board=board)
            said = here.said() + there.said()
    assert PASSWORD not in said
    assert quote(PASSWORD, safe="") not in said
    assert "Traceback" not in said


async def logged(engine: AsyncEngine, world: World) -> list[str]:
    """Return the ids of all events in the order of the log."""
    async with system_transaction(engine) as connection:
        events = await log.read(connection, world.organization_id, after=0, limit=5000)
    return [global_id("Event", event.id) for event in events]


async def test_events_written_while_the_bus_dies_and_returns_all_arrive_in_order_once(
    kind: str, database_url: str, engine: AsyncEngine, world: World
) -> None:
    async with pair(kind, database_url, engine, world, poll_seconds=1) as two:
        await two.join()
        hearing = asyncio.create_task(two.hear(150, within=300))
        writing = asyncio.create_task(two.write(150, pause=0.05))
        for _ in range(2):
            await asyncio.sleep(1)
            two.bus.kill()
            await asyncio.sleep(2.5)
            two.bus.start()
            await two.join()
        await writing
        await hearing
        lost, connected = two.lines("event_bus.lost"), two.lines("event_bus.connected")

    assert two.told == await logged(engine, world)
    assert two.slowest < 2
    assert (lost, connected) == ([2, 2], [3, 3])


async def test_after_a_restart_what_was_missed_is_read_and_wake_ups_work_again(
    kind: str, database_url: str, engine: AsyncEngine, world: World
) -> None:
    """They poll so seldom that only the bus can have brought what is heard here."""
    took = []
    async with pair(kind, database_url, engine, world, poll_seconds=120) as two:
        await two.join()
        two.bus.kill()
        hearing = asyncio.create_task(two.hear(5, within=60))
        await two.write(5)
        await asyncio.sleep(2)
        assert two.told == []
        two.bus.start()
        await hearing
        await two.join()
        for _ in range(10):
            begun = time.perf_counter()
            await asyncio.gather(two.write(1), two.hear(1, within=20))
            took.append(time.perf_counter() - begun)

    assert two.told == await logged(engine, world)
    assert max(took) < 10


async def test_a_bus_that_is_down_at_the_start_stops_nobody_and_is_used_when_it_comes(
    kind: str, database_url: str, engine: AsyncEngine, world: World
) -> None:
    async with pair(kind, database_url, engine, world, poll_seconds=1, started=False) as two:
        await two.write(3)
        await two.hear(3, within=60)
        assert two.lines("event_bus.lost") == [1, 1]

        two.bus.start()
        await two.join()
        await two.write(3)
        await two.hear(3, within=60)

    assert two.told == await logged(engine, world)


async def test_a_bus_that_hangs_slows_no_mutation_and_its_streams_go_on_by_polling(
    kind: str, database_url: str, engine: AsyncEngine, world: World
) -> None:
    async with pair(kind, database_url, engine, world, poll_seconds=1) as two:
        await two.join()
        await two.write(20)
        await two.hear(20, within=60)
        usual, two.slowest = two.slowest, 0.0

        with two.bus.held():
            await two.write(40, pause=0.1)
            await two.hear(40, within=60)
        await two.join()

    assert two.told == await logged(engine, world)
    assert two.slowest < max(1.0, 3 * usual)
