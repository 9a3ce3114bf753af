"""The server is asked to stop and started again: clients that others have written close in order and miss nothing."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from gql.transport.exceptions import TransportConnectionFailed
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.journeys.node import NodeClient, returning_client
from tests.journeys.operations import BOARD, BOARD_FILTER
from tests.journeys.people import Person
from tests.journeys.process import ServerProcess, server_process
from tests.journeys.stage import Stage, ticket_for
from tests.world import World

_GOING_AWAY = "1012 The server stops: come again"
# A stream of events over HTTP just ends, without being complete.
_CLOSED = {"graphql-ws": _GOING_AWAY, "@apollo/client": _GOING_AWAY, "graphql-sse": ""}


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


async def commented(person: Person, ticket: str, count: int) -> list[str]:
    """Write comments; return the ids of their changes."""
    return [(await person.do("addComment", ticketId=ticket, body=f"Comment {n}"))["changeId"] for n in range(count)]


async def until(client: NodeClient, count: int) -> tuple[list[str], list[str], list[str]]:
    """Return the changes, the other messages and the closings that a client tells of, until so many changes."""
    changes: list[str] = []
    others: list[str] = []
    closings: list[str] = []
    while len(changes) < count:
        line = await client.line()
        if "closed" in line:
            closings.append(line["closed"])
            continue
        assert "errors" not in line["next"], line
        message = line["next"]["data"]["dispatchBoard"]
        if "changeId" in message:
            changes.append(message["changeId"])
        else:
            others.append(message["__typename"])
    return changes, others, closings


@pytest.mark.parametrize("client", list(_CLOSED))
async def test_a_client_from_npm_comes_back_by_itself(stage: Stage, server: ServerProcess, client: str) -> None:
    dispatcher = await stage.enter("dispatcher")
    ticket = await ticket_for(dispatcher)
    asked: dict[str, Any] = {"filter": BOARD_FILTER, "after": await dispatcher.latest_cursor()}
    headers = {"Authorization": f"Bearer {dispatcher.token}"}

    async with returning_client(client, server.served, BOARD, asked, headers=headers) as follower:
        first = await commented(dispatcher, ticket, 3)
        assert (await until(follower, 3))[0] == first
        server.ask_to_end()
        assert await server.ended() == 0
        await server.start()
        missed = await commented(dispatcher, ticket, 5)
        changes, others, closings = await until(follower, 5)

    assert changes == missed
    # It may find nobody there for a while.
    assert closings[0] == _CLOSED[client]
    assert "StreamReset" not in others


async def test_the_python_client_is_told_why_and_comes_back(stage: Stage, server: ServerProcess) -> None:
    dispatcher, lead = await stage.enter("dispatcher"), await stage.enter("lead")
    ticket = await ticket_for(dispatcher)
    cursor = await dispatcher.latest_cursor()

    async with lead.following(BOARD, filter=BOARD_FILTER, after=cursor) as stream:
        await stream.ready()
        first = await commented(dispatcher, ticket, 3)
        seen = await stream.take(3)
        server.ask_to_end()
        with pytest.raises(TransportConnectionFailed) as closed:
            await stream.next()
    assert await server.ended() == 0
    await server.start()
    missed = await commented(dispatcher, ticket, 5)
    async with lead.following(BOARD, filter=BOARD_FILTER, after=seen[-1]["cursor"]) as stream:
        found = await stream.take(5)

    assert _GOING_AWAY.partition(" ")[0] in str(closed.value.__cause__ or closed.value)
    assert [event["changeId"] for event in seen] == first
    assert [event["changeId"] for event in found] == missed
