"""A page of fifty rows takes as many SQL statements as a page of one; with a plan, a single one."""

from typing import Any

import pytest

from tests.journeys.crowd import SIZE, gather_crowd
from tests.journeys.stage import Stage
from tests.journeys.statements import Statements
from tests.serving import serving, token

JOBS = """
query Jobs($first: Int!) {
  myJobs(first: $first) {
    totalCount
    nodes {
      id status availableTransitions
      ticket {
        title
        customer { name assets { name } }
        comments { totalCount nodes { body author { name } } }
        assignmentHistory { totalCount nodes { status technician { name skills { level skill { name } } } } }
        requiredSkills { level skill { name } }
        requiredParts { available part { name } }
      }
      technician { team { name members { name } } }
      partsUsed { partName }
    }
  }
}
"""

BOARD = """
query Board($first: Int!) {
  tickets(first: $first, filter: {escalationCount: {gte: 1}}) {
    totalCount
    eventCursor
    pageInfo { hasNextPage endCursor }
    nodes {
      id ticketNumber status priority availableTransitions
      viewerCan { update assign assignSelf escalate resolve close reopen delete commentInternally }
      customer { name } asset { name } requester { name } territory { name } escalationTier { name }
      currentAssignment { status technician { name tier { code } team { name } } }
      comments(first: 1) { totalCount nodes { body author { name } } }
    }
  }
}
"""

TECHNICIANS = """
query Technicians($first: Int!) {
  technicians(first: $first, filter: {territoryIds: ["%s"]}) {
    totalCount
    nodes {
      name user { roles } team { name } tier { name } skills { skill { name } } territories { name }
      currentJob { ticket { title } }
      queue(first: 5) {
        totalCount
        next { assignment { id } }
        items { position rankReason assignment { status ticket { title customer { name } } } }
      }
    }
  }
}
"""


async def both_pages(
    stage: Stage, database_url: str, who: str, query: str, field: str, statements: Statements
) -> tuple[list[str], list[str]]:
    """Return the statements of a page of one and of a page of fifty, resolved field by field.

    The same pages are asked for with plans: each is one statement and the same answer.
    """
    bearer = token(stage.world, who)
    async with serving(database_url, read_plans=False, max_cost=100_000) as ordinary:
        # The first request finds out who asks; later ones know.
        for served in (ordinary, stage.served):
            await served.ask(bearer, "{ viewer { user { name } } }")
        for size in (1, SIZE):
            answer = await ordinary.ask(bearer, query, {"first": size}, headers={"X-Request-Id": f"rows-{size}"})
            assert "errors" not in answer, answer["errors"]
            page = answer["data"][field]
            assert len(page["nodes"]) == size
            assert page["totalCount"] == SIZE
            assert _nulls(page["nodes"], field) == []
            planned = await stage.served.ask(bearer, query, {"first": size}, headers={"X-Request-Id": f"plan-{size}"})
            assert planned["data"] == answer["data"]
            assert len(statements.of(f"plan-{size}")) == 1
    return statements.of("rows-1"), statements.of(f"rows-{SIZE}")


def _nulls(value: Any, path: str) -> list[str]:
    """Return the paths of what is absent: a relation without a row would cost nothing, whatever its SQL."""
    if value is None or value == []:
        return [path]
    if isinstance(value, dict):
        return [found for name, each in value.items() for found in _nulls(each, f"{path}.{name}")]
    if isinstance(value, list):
        return [found for each in value for found in _nulls(each, path)]
    return []


def report(one: list[str], many: list[str]) -> str:
    """Say which statements a page of fifty has that a page of one has not."""
    told = [f"{len(one)} statements for 1 row, {len(many)} for {SIZE}"]
    return "\n\n".join([*told, *(each for each in many if many.count(each) > one.count(each))])


async def test_a_technicians_jobs_with_all_their_detail(
    stage: Stage, database_url: str, statements: Statements
) -> None:
    await gather_crowd(stage.engine, stage.world)

    one, many = await both_pages(stage, database_url, "ann", JOBS, "myJobs", statements)

    assert len(one) == len(many), report(one, many)


@pytest.mark.parametrize("who", ["dispatcher", "ann"])
async def test_a_board_with_what_the_viewer_can_do(
    stage: Stage, database_url: str, statements: Statements, who: str
) -> None:
    await gather_crowd(stage.engine, stage.world)

    one, many = await both_pages(stage, database_url, who, BOARD, "tickets", statements)

    assert len(one) == len(many), report(one, many)


async def test_technicians_with_their_queues(stage: Stage, database_url: str, statements: Statements) -> None:
    await gather_crowd(stage.engine, stage.world)
    bearer = token(stage.world, "dispatcher")
    answer = await stage.served.ask(bearer, "{ tickets(first: 1) { nodes { territory { id } } } }")
    query = TECHNICIANS % answer["data"]["tickets"]["nodes"][0]["territory"]["id"]

    one, many = await both_pages(stage, database_url, "dispatcher", query, "technicians", statements)

    assert len(one) == len(many), report(one, many)
