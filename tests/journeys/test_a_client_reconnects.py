"""Clients lose their sockets while 200 changes are made and the server is killed; they miss nothing."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from gql.transport.exceptions import TransportError, TransportQueryError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.services.comments.add_comment import AddComment, add_comment
from schema.ids import global_id
from tests.journeys.node import node_client
from tests.journeys.operations import BOARD, BOARD_FILTER, EVENTS
from tests.journeys.people import Person
from tests.journeys.process import ServerProcess, server_process
from tests.journeys.stage import Stage, key, ticket_for
from tests.world import World, writer_for

EACH = 25
OVER_HTTP = ("dispatcher", "lead", "ann", "bob")
BESIDE = ("manager", "admin", "cleo", "dan")
CHANGES = EACH * (len(OVER_HTTP) + len(BESIDE))
LOG = "SELECT id, position, change_id, type FROM events WHERE position > :after ORDER BY position"


@pytest.fixture
async def server(database_url: str) -> AsyncIterator[ServerProcess]:
    """A server of its own on the test's database."""
    async with server_process(database_url) as running:
        yield running


@pytest.fixture
async def stage(server: ServerProcess, engine: AsyncEngine, world: World) -> AsyncIterator[Stage]:
    """The world behind that server."""
    async with AsyncExitStack() as leaving:
        yield Stage(served=server.served, engine=engine, world=world, leaving=leaving)


class Writers:
    """Eight people who comment at once: four through the server, four through another process than it."""

    def __init__(self, stage: Stage, tickets: list[str]) -> None:
        self.acknowledged: list[str] = []
        self.are_under_way = asyncio.Event()
        self._stage = stage
        self._tickets = tickets
        self._chance = random.Random(8)

    async def work(self) -> None:
        """Make all changes, each once."""
        await asyncio.gather(*map(self._over_http, OVER_HTTP), *map(self._beside, BESIDE))

    async def _over_http(self, name: str) -> None:
        person = await self._stage.enter(name)
        for number in range(EACH):
            change_id = await self._insist(person, name, number)
            self._acknowledge(change_id)

    async def _insist(self, person: Person, name: str, number: int) -> str:
        asked = {"ticketId": self._ticket(), "body": f"{name} {number}", "idempotencyKey": f"{name}-{number}"}
        async with asyncio.timeout(30):
            while True:
                try:
                    change_id: str = (await person.do("addComment", **asked))["changeId"]
                except TransportQueryError:
                    raise
                except TransportError:
                    await asyncio.sleep(0.05)
                else:
                    return change_id

    async def _beside(self, name: str) -> None:
        writer, actor = writer_for(self._stage.engine), self._stage.world.actor(name)
        for number in range(EACH):
            command = AddComment(ticket_id=key(self._ticket()), body=f"{name} {number}")
            written = await add_comment(writer, actor, command)
            self._acknowledge(global_id("Change", written.change_id))
            await asyncio.sleep(self._chance.uniform(0, 0.04))

    def _acknowledge(self, change_id: str) -> None:
        self.acknowledged.append(change_id)
        if len(self.acknowledged) == CHANGES // 4:
            self.are_under_way.set()

    def _ticket(self) -> str:
        return self._chance.choice(self._tickets)


class Watcher:
    """Follows the board, and comes back after the last cursor whenever its socket is lost."""

    def __init__(self, person: Person, cursor: str) -> None:
        self.seen: list[dict[str, Any]] = []
        self.connections = 0
        self.resets: list[dict[str, Any]] = []
        self._person = person
        self._cursor = cursor

    async def watch(self, count: int) -> None:
        """Watch until so many events were seen."""
        async with asyncio.timeout(60):
            while len(self.seen) < count:
                try:
                    await self._follow(count)
                except TransportQueryError:
                    raise
                except (TransportError, ConnectionError):
                    await asyncio.sleep(0.05)

    async def _follow(self, count: int) -> None:
        async with self._person.following(BOARD, filter=BOARD_FILTER, after=self._cursor) as stream:
            self.connections += 1
            while len(self.seen) < count:
                message = await stream.next()
                self._cursor = message["cursor"]
                if message["__typename"] == "StreamReset":
                    self.resets.append(message)
                elif "changeId" in message:
                    self.seen.append(message)


async def test_clients_whose_sockets_were_killed_miss_nothing_of_200_changes(
    stage: Stage, server: ServerProcess
) -> None:
    dispatcher = await stage.enter("dispatcher")
    tickets = [await ticket_for(dispatcher) for _ in range(4)]
    cursor = await dispatcher.latest_cursor()
    writers, watcher = Writers(stage, tickets), Watcher(await stage.enter("lead"), cursor)
    headers = {"Authorization": f"Bearer {dispatcher.token}"}
    asked = {"filter": BOARD_FILTER, "after": cursor}

    # One client is killed while the first changes come in; the other loses its server.
    async with asyncio.timeout(90), asyncio.TaskGroup() as tasks:
        tasks.create_task(watcher.watch(CHANGES))
        async with node_client(stage.served.websocket, BOARD, asked, headers=headers) as phone:
            assert (await phone.next("dispatchBoard"))["__typename"] == "StreamReady"
            working = tasks.create_task(writers.work())
            first = [await phone.next("dispatchBoard") for _ in range(3)]
            await phone.kill()
        await writers.are_under_way.wait()
        server.kill()
        assert not working.done()
        await server.start()

    log = await stage.sql(LOG, after=len(tickets))
    ids = [global_id("Event", row["id"]) for row in log]
    assert [row["position"] for row in log] == list(range(len(tickets) + 1, len(tickets) + 1 + CHANGES))
    assert {global_id("Change", row["change_id"]) for row in log} == set(writers.acknowledged)
    assert len(set(writers.acknowledged)) == CHANGES

    assert [event["id"] for event in watcher.seen] == ids
    assert watcher.connections > 1
    assert watcher.resets == []

    assert [event["id"] for event in first] == ids[:3]
    asked["after"] = first[-1]["cursor"]
    async with node_client(stage.served.websocket, BOARD, asked, headers=headers) as phone:
        missed = [await phone.next("dispatchBoard") for _ in range(CHANGES - 3)]
        ready = await phone.next("dispatchBoard")
        live = await dispatcher.do("addComment", ticketId=tickets[0], body="And on it goes.")
        told = await phone.next("dispatchBoard")
    assert [event["id"] for event in missed] == ids[3:]
    assert (ready["__typename"], ready["replayed"]) == ("StreamReady", CHANGES - 3)
    assert told["changeId"] == live["changeId"]

    assert await pages(dispatcher, cursor, first=70) == [*ids, told["id"]]


async def pages(person: Person, cursor: str, first: int) -> list[str]:
    """Return the ids of all events after a cursor, read page by page over HTTP."""
    ids: list[str] = []
    while True:
        page = (await person.ask(EVENTS, after=cursor, first=first))["events"]
        assert page["reset"] is None
        ids += [event["id"] for event in page["events"]]
        cursor = page["endCursor"]
        if not page["hasMore"]:
            return ids
