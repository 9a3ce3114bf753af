"""Clients send what makes no sense; they are told what is wrong and where, and nothing of the inside."""

import re
from typing import Any

import httpx
import pytest
from gql.transport.exceptions import TransportQueryError

from tests.journeys.operations import BOARD, BOARD_FILTER, JOBS, TICKET_UPDATES
from tests.journeys.people import Person
from tests.journeys.stage import Stage, job_for, ticket_for

_INSIDE = re.compile(
    r"Traceback|File \"|\.py\b|/\w+/site-packages|sqlalchemy|asyncpg|strawberry|postgres|"
    r"\bSELECT\b|\bINSERT\b|\bWHERE\b|organization_id|object at 0x",
    re.IGNORECASE,
)


def checked(error: dict[str, Any]) -> dict[str, Any]:
    """Return an error's extensions; its text must say something, and nothing of the inside."""
    assert error["message"].strip()
    assert not _INSIDE.search(repr(error)), error
    extensions: dict[str, Any] = error["extensions"]
    return extensions


async def wrong(person: Person, query: str, **variables: Any) -> Any:
    """Return the field that the only error of a query names; it must be bad input."""
    extensions = checked(await person.complaint(query, **variables))
    assert extensions["code"] == "BAD_USER_INPUT", extensions
    return extensions.get("field")


SIZES = [
    "{ tickets(%s) { totalCount } }",
    "{ assignments(%s) { totalCount } }",
    "{ technicians(%s) { totalCount } }",
    "{ tickets { nodes { comments(%s) { totalCount } } } }",
    "{ tickets { nodes { assignmentHistory(%s) { totalCount } } } }",
    "{ technicians(first: 1) { nodes { queue(%s) { totalCount } } } }",
]


async def test_pages_of_101_or_of_minus_one_are_refused(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    await ticket_for(dispatcher)

    for size in (101, -1):
        for query in SIZES:
            assert await wrong(dispatcher, query % f"first: {size}") == ["first"], query
        assert await wrong(ann, f"{{ myJobs(first: {size}) {{ totalCount }} }}") == ["first"]
        assert await wrong(ann, f"{{ technicianQueue(first: {size}) {{ totalCount }} }}") == ["first"]
        assert await wrong(dispatcher, f"{{ tickets(last: {size}) {{ totalCount }} }}") == ["last"]
    events = 'query E($first: Int) { events(after: "", first: $first) { hasMore } }'
    for size in (501, 0, -1):
        assert await wrong(dispatcher, events, first=size) == ["first"]


async def test_a_page_cannot_run_both_ways(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")

    assert await wrong(dispatcher, "{ tickets(first: 1, last: 1) { totalCount } }") == ["last"]


async def test_broken_page_cursors_are_refused(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")
    await ticket_for(dispatcher)
    before = "query P($cursor: String!) { tickets(before: $cursor) { totalCount } }"

    for cursor in ("", "x", "garbage!", "é", "AAAA", "A" * 2000):
        for query in SIZES:
            asked = "query P($cursor: String!) " + query % "after: $cursor"
            assert await wrong(dispatcher, asked, cursor=cursor) == ["after"], (query, cursor)
        assert await wrong(dispatcher, before, cursor=cursor) == ["before"], cursor


async def test_a_cursor_of_another_order_is_refused(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")
    await ticket_for(dispatcher)
    page = await dispatcher.ask("{ tickets(orderBy: [{field: PRIORITY}]) { pageInfo { endCursor } } }")

    query = "query P($cursor: String!) { tickets(after: $cursor, orderBy: [{field: STATUS}]) { totalCount } }"

    assert await wrong(dispatcher, query, cursor=page["tickets"]["pageInfo"]["endCursor"]) == ["after"]


BY_ID = [
    ("node(id: $id) { id }", ["id"]),
    ("nodes(ids: [$id]) { id }", ["ids", "0"]),
    ("ticket(id: $id) { id }", ["id"]),
    ("assignment(id: $id) { id }", ["id"]),
    ("technician(id: $id) { id }", ["id"]),
    ("technicianQueue(technicianId: $id) { totalCount }", ["technicianId"]),
    ("technicians(filter: {ids: [$id]}) { totalCount }", ["filter", "ids"]),
    ("tickets(filter: {teamId: {eq: $id}}) { totalCount }", ["filter", "teamId", "eq"]),
    ("tickets(filter: {assetId: {in: [$id]}}) { totalCount }", ["filter", "assetId", "in"]),
]


async def test_broken_ids_are_refused_by_queries(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")

    for broken in ("", "x", "é", "VGlja2V0OjE=", "NDI=", "VGlja2V0Og==", "A" * 500):
        for query, field in BY_ID:
            told = await wrong(dispatcher, f"query One($id: ID!) {{ {query} }}", id=broken)
            assert told == field, (query, broken)


async def test_ids_of_another_type_are_refused(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")
    ticket, technician = await ticket_for(dispatcher), stage.technician("ann")

    assert await wrong(dispatcher, "query One($id: ID!) { ticket(id: $id) { id } }", id=technician) == ["id"]
    refusal = await dispatcher.refused("assignTicket", ticketId=ticket, technicianId=ticket)
    assert (refusal["code"], refusal["field"]) == ("VALIDATION_FAILED", ["technicianId"])


async def test_broken_ids_in_mutations_are_told_as_data(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")
    ticket = await ticket_for(dispatcher)
    comment: dict[str, Any] = {"body": "Hello."}

    for mutation, values, field in (
        ("addComment", {"ticketId": "x", **comment}, ["ticketId"]),
        ("assignTicket", {"ticketId": ticket, "technicianId": "x"}, ["technicianId"]),
        ("acceptAssignment", {"assignmentId": ""}, ["assignmentId"]),
        ("addComment", {"ticketId": ticket, **comment, "idempotencyKey": ""}, ["idempotencyKey"]),
        ("addComment", {"ticketId": ticket, **comment, "idempotencyKey": "k" * 256}, ["idempotencyKey"]),
        ("addComment", {"ticketId": ticket, "body": " "}, ["body"]),
        ("addComment", {"ticketId": ticket, "body": "x" * 20_001}, ["body"]),
        ("addComment", {"ticketId": ticket, "body": "nul \0"}, ["body"]),
        ("assignTicket", {"ticketId": ticket, "technicianId": stage.technician("ann"), "tierLevel": 9}, ["tierLevel"]),
    ):
        refusal = await dispatcher.refused(mutation, **values)
        assert (refusal["__typename"], refusal["code"]) == ("ValidationError", "VALIDATION_FAILED"), (values, refusal)
        assert refusal["field"] == field
        assert not _INSIDE.search(refusal["message"])


async def test_a_clock_that_runs_ahead_is_told_the_time(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    job = await job_for(dispatcher, stage, "ann")

    refusal = await ann.refused("acceptAssignment", assignmentId=job, occurredAt="2099-01-01T00:00:00Z")

    assert (refusal["__typename"], refusal["code"]) == ("ClockSkewError", "CLOCK_SKEW")
    assert refusal["serverTime"] < "2099"


async def test_a_variable_of_the_wrong_kind_is_refused(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")

    for value in ("ten", 2**31, None, {"first": 1}):
        await wrong(dispatcher, "query V($v: Int!) { tickets(first: $v) { totalCount } }", v=value)


NONSENSE: list[Any] = [
    {"nope": 1},
    {"priority": ["P9"]},
    {"createdAt": {"gt": "yesterday"}},
    {"createdAt": {"gt": "2026-02-30T00:00:00Z"}},
    {"createdAt": {"gt": "0001-01-01T00:00:00+10:00"}},
    {"assigneeId": {"in": ["x"] * 101}},
    {"tags": ["nul \0"]},
    "everything",
    ["everything"],
]


async def test_a_filter_that_makes_no_sense_is_refused(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")

    for narrowing in NONSENSE:
        await wrong(dispatcher, "query V($v: TicketFilter) { tickets(filter: $v) { totalCount } }", v=narrowing)


async def test_a_board_whose_from_lies_behind_its_to_is_refused(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")
    backwards = {"from": BOARD_FILTER["to"], "to": BOARD_FILTER["from"]}

    extensions = await refused_stream(dispatcher, BOARD, filter=backwards)

    assert extensions == {"code": "BAD_USER_INPUT", "field": ["filter", "from"]}


async def test_boards_are_for_dispatchers(stage: Stage) -> None:
    for name in ("customer", "stranger", "ann", "cleo"):
        extensions = await refused_stream(await stage.enter(name), BOARD, filter=BOARD_FILTER)
        assert extensions["code"] == "FORBIDDEN", name


async def test_another_technicians_jobs_are_not_followed(stage: Stage) -> None:
    ann = await stage.enter("ann")

    extensions = await refused_stream(ann, JOBS, technicianId=stage.technician("bob"))

    assert extensions == {"code": "FORBIDDEN", "field": ["technicianId"]}


async def test_a_customer_cannot_follow_somebody_elses_ticket(stage: Stage) -> None:
    dispatcher, stranger = await stage.enter("dispatcher"), await stage.enter("stranger")

    extensions = await refused_stream(stranger, TICKET_UPDATES, ticketId=await ticket_for(dispatcher))

    assert extensions == {"code": "NOT_FOUND", "field": ["ticketId"]}


async def test_a_broken_id_is_not_followed(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")

    assert await refused_stream(dispatcher, TICKET_UPDATES, ticketId="x") == {
        "code": "BAD_USER_INPUT",
        "field": ["ticketId"],
    }


async def refused_stream(person: Person, operation: str, **variables: Any) -> dict[str, Any]:
    """Return the extensions of the only error with which a subscription is refused."""
    async with person.following(operation, **variables) as stream:
        with pytest.raises(TransportQueryError) as refused:
            await stream.next()
    (error,) = refused.value.errors or []
    return checked(error)


NO_REQUESTS = [
    b"",
    b"{",
    b"null",
    b"123",
    b'"query"',
    b"[1, 2]",
    b'{"query": 5}',
    b'{"query": ""}',
    b'{"query": "{ viewer { roles } }", "variables": "none"}',
    b'{"query": "{ viewer { roles } }", "variables": [1]}',
    b'{"query": "{ viewer { roles } }", "operationName": 5}',
    b'{"query": "\xff"}',
    b'{"query": "\\ud800"}',
    b"[" * 100_000,
]


async def test_a_body_that_is_no_request_is_a_bad_request(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")
    headers = {"Authorization": f"Bearer {dispatcher.token}", "Content-Type": "application/json"}

    async with httpx.AsyncClient() as client:
        for body in NO_REQUESTS:
            answer = await client.post(stage.served.http, content=body, headers=headers)
            assert answer.status_code == 400, (body[:80], answer.text)
            (error,) = answer.json()["errors"]
            assert checked(error)["code"] == "BAD_USER_INPUT", body[:80]


async def test_a_document_that_cannot_be_executed_says_why(stage: Stage) -> None:
    bearer = (await stage.enter("dispatcher")).token

    for query, code in (
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("mutation { nope }", "GRAPHQL_VALIDATION_FAILED"),
        ('{ tickets(first: "x") { totalCount } }', "GRAPHQL_VALIDATION_FAILED"),
    ):
        answer = await stage.served.ask(bearer, query)
        assert "data" not in answer
        assert {checked(error)["code"] for error in answer["errors"]} == {code}, query
