"""Each read that the documents list takes as many statements as they say."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.journeys.stage import Stage, job_for, ticket_for
from tests.journeys.statements import Statements
from tests.serving import serving, token
from tests.world import make_world

_PAGE = Path(__file__).parents[2] / "docs" / "reads.md"
_ROW = re.compile(r"^\| `(.+)` \| (\d+) \| (.*)\|$", re.MULTILINE)
READS = [(query, int(count), reason.strip()) for query, count, reason in _ROW.findall(_PAGE.read_text())]


@pytest.fixture
async def stage(database_url: str, engine: AsyncEngine) -> AsyncIterator[Stage]:
    """An organisation that makes promises, behind a server."""
    world = await make_world(engine, promises=True)
    async with serving(database_url, max_cost=100_000) as served, AsyncExitStack() as leaving:
        yield Stage(served=served, engine=engine, world=world, leaving=leaving)


async def test_each_read_takes_as_many_statements_as_is_told(stage: Stage, statements: Statements) -> None:
    dispatcher = await stage.enter("dispatcher")
    ticket_id = await ticket_for(dispatcher, description="It leaks since Monday.")
    await dispatcher.do("addComment", ticketId=ticket_id, body="Known.")
    await job_for(dispatcher, stage, "ann", ticket_id)
    bearer, told = token(stage.world, "dispatcher"), {}
    await stage.served.ask(bearer, "{ viewer { user { name } } }")
    for number, (query, _, _) in enumerate(READS):
        asked = query.replace("$ticket", f'"{ticket_id}"').replace("$technician", f'"{stage.technician("ann")}"')
        name = f"read-{number}"
        answer = await stage.served.ask(bearer, f"{{ {asked} }}", headers={"X-Request-Id": name})
        assert "errors" not in answer, (query, answer["errors"])
        told[query] = len(statements.of(name))

    assert told == {query: count for query, count, _ in READS}


def test_reads_of_more_than_one_statement_say_why() -> None:
    assert len(READS) > 10
    assert [query for query, count, reason in READS if count > 1 and not reason] == []
