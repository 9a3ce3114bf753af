"""More people ask at once than the server has connections to the database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.journeys.operations import BOARD, BOARD_FILTER
from tests.journeys.stage import Stage, ticket_for
from tests.serving import serving
from tests.world import World

EVERYTHING = """
query Everything($after: EventCursor!) {
  viewer { organization { name latestEventCursor } }
  tickets { totalCount eventCursor nodes { id comments { totalCount } } }
  events(after: $after) { endCursor events { ... on DomainEvent { id actor { name } } } }
}
"""


@pytest.fixture
async def stage(database_url: str, engine: AsyncEngine, world: World) -> AsyncIterator[Stage]:
    """The small organisation behind a server with three connections."""
    async with serving(database_url, database_pool_size=3) as served, AsyncExitStack() as leaving:
        yield Stage(served=served, engine=engine, world=world, leaving=leaving)


async def test_queries_that_read_the_log_and_more_do_not_wait_for_each_other(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")
    cursor = await dispatcher.latest_cursor()
    await ticket_for(dispatcher)

    async with asyncio.timeout(8):
        answers = await asyncio.gather(*(dispatcher.ask(EVERYTHING, after=cursor) for _ in range(30)))

    assert all(answer == answers[0] for answer in answers)
    assert len(answers[0]["events"]["events"]) == 1


async def test_writers_readers_and_watchers_share_a_few_connections(stage: Stage) -> None:
    dispatcher, lead = await stage.enter("dispatcher"), await stage.enter("lead")
    ticket = await ticket_for(dispatcher)
    cursor = await dispatcher.latest_cursor()

    async with AsyncExitStack() as stack, asyncio.timeout(15):
        boards = [
            await stack.enter_async_context(lead.following(BOARD, filter=BOARD_FILTER, after=cursor)) for _ in range(5)
        ]
        reading = asyncio.gather(*(lead.ask(EVERYTHING, after=cursor) for _ in range(20)))
        changes = await asyncio.gather(
            *(dispatcher.do("addComment", ticketId=ticket, body=f"Comment {n}") for n in range(20))
        )
        await reading
        told = [await board.take(21) for board in boards]

    expected = {change["changeId"] for change in changes}
    for messages in told:
        events = [message for message in messages if message["__typename"] == "TicketEvent"]
        assert {event["changeId"] for event in events} == expected
