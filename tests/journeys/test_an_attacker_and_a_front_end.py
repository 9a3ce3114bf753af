"""An attacker sends what is small to write and large to answer; a front end asks for much, and is served."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.read_pool import ReadPool
from schema.ids import global_id
from tests.graphql.limits.hostile import hostile_documents
from tests.journeys.stage import Stage, ticket_for
from tests.serving import serving, token
from tests.world import World, make_world

_REFUSED = {"QUERY_TOO_COMPLEX", "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"}
_COSTLY = "{ tickets(first: 100) { nodes { assignmentHistory(first: 100) { nodes { id } } } } }"
_NESTED = """query Jobs($first: Int!) { tickets(first: $first) { nodes {
  title customer { name } requester { name } currentAssignment { status technician { name team { name } } }
  comments(first: 2) { nodes { body author { name } } } assignmentHistory(first: 2) { nodes { status } }
} } }"""


@pytest.fixture
async def stage(database_url: str, engine: AsyncEngine, world: World) -> AsyncIterator[Stage]:
    """The small organisation behind a server with the limits that it comes with."""
    async with serving(database_url) as served, AsyncExitStack() as leaving:
        yield Stage(served=served, engine=engine, world=world, leaving=leaving)


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The statements that reach the database on somebody's behalf from here on."""
    found: list[str] = []
    fetch = ReadPool.fetch

    async def noted(pool: ReadPool, *asked: Any) -> bytes:
        found.append(asked[1])
        return await fetch(pool, *asked)

    def said(*told: Any) -> None:
        if "FROM tickets" in told[2]:
            found.append(told[2])

    monkeypatch.setattr(ReadPool, "fetch", noted)
    event.listen(Engine, "before_cursor_execute", said)
    yield found
    event.remove(Engine, "before_cursor_execute", said)


def codes(answer: dict[str, Any]) -> set[str]:
    """Return the codes of a response's errors."""
    return {error["extensions"]["code"] for error in answer.get("errors", ())}


async def test_what_is_small_to_write_and_large_to_answer_is_refused_before_anything_is_read(
    stage: Stage, reached: list[str]
) -> None:
    bearer = token(stage.world, "dispatcher")
    for name, document in hostile_documents().items():
        answer = await stage.served.ask(bearer, document)
        assert codes(answer) <= _REFUSED, name
        assert codes(answer), name
        assert "data" not in answer, name
    assert reached == []


async def test_what_costs_too_much_is_told_what_it_costs_and_what_it_may(stage: Stage, reached: list[str]) -> None:
    answer = await stage.served.ask(token(stage.world, "dispatcher"), _COSTLY)
    assert codes(answer) == {"QUERY_TOO_COMPLEX"}
    assert answer["errors"][0]["message"] == "The operation is too large: cost 10201, at most 5000 allowed."
    assert reached == []


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("{ tickets(first: 101) { totalCount } }", "first"),
        ("{ tickets(first: -1) { totalCount } }", "first"),
        ('{ tickets(first: 1, after: "broken") { totalCount } }', "after"),
    ],
)
async def test_a_page_that_makes_no_sense_is_told_which_argument_is_wrong(stage: Stage, query: str, names: str) -> None:
    answer = await stage.served.ask(token(stage.world, "dispatcher"), query)
    assert codes(answer) == {"BAD_USER_INPUT"}
    assert names in answer["errors"][0]["message"]


async def test_ids_of_another_organisation_are_no_ids_at_all(stage: Stage) -> None:
    other = await make_world(stage.engine, "Elsewhere")
    theirs = await ticket_for(await stage.enter("dispatcher", world=other))
    bearer = token(stage.world, "dispatcher")
    answer = await stage.served.ask(
        bearer,
        "query($id: ID!, $ids: [ID!]!) { node(id: $id) { id } nodes(ids: $ids) { id } ticket(id: $id) { title } }",
        {"id": theirs, "ids": [theirs, global_id("Customer", other.customer_id)]},
    )
    assert answer["data"] == {"node": None, "nodes": [None, None], "ticket": None}


async def test_a_hundred_jobs_with_six_relations_are_one_statement_as_one_is(stage: Stage, reached: list[str]) -> None:
    dispatcher = await stage.enter("dispatcher")
    for _ in range(100):
        await ticket_for(dispatcher)
    bearer, found = token(stage.world, "dispatcher"), {}
    for rows in (1, 100):
        reached.clear()
        answer = await stage.served.ask(bearer, _NESTED, {"first": rows})
        assert len(answer["data"]["tickets"]["nodes"]) == rows
        found[rows] = len(reached)
    assert found == {1: 1, 100: 1}
