"""Bodies that are no GraphQL requests: each is answered 400, none breaks anything."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest

from tests.graphql.conftest import House
from tests.graphql.test_http import GRAPHQL, JSON, VIEWED, VIEWER, codes, send
from tests.serving import token

pytestmark = pytest.mark.asyncio(loop_scope="module")

MALFORMED = {
    "a text": b'"x"',
    "a number": b"123",
    "null": b"null",
    "true": b"true",
    "a list of numbers": b"[1,2]",
    "a batch": b'[{"query": "{ viewer { roles } }"}]',
    "invalid UTF-8": b'{"query": "\xff\xfe"}',
    "half a surrogate": b'{"query": "\\ud800"}',
    "deep brackets": b"[" * 100_000,
    "deep objects": b'{"query":' * 50_000,
    "empty": b"",
    "white space": b"  \r\n",
    "cut off": b'{"query": "{ viewer',
    "not JSON": b"query=%7Bviewer%7D",
    "NUL": b"\x00",
    "NaN": b'{"query": "{ viewer { roles } }", "variables": {"a": NaN}}',
    "two documents": b'{"query": "{ viewer { roles } }"}{}',
    "no query": b"{}",
    "deep variables": b'{"query": "{ viewer { roles } }", "variables": ' + b'{"a":' * 400 + b"1" + b"}" * 401,
}


@pytest.mark.parametrize("media", [JSON, GRAPHQL])
@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
async def test_a_malformed_body_is_a_bad_request(house: House, body: bytes, media: str) -> None:
    answer = await send(house, content=body, headers={"Content-Type": JSON, "Accept": media})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == f"{media}; charset=utf-8"
    assert codes(answer) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"query": 1},
        {"query": None},
        {"query": ["{ viewer { roles } }"]},
        {"variables": "{}"},
        {"variables": [1]},
        {"variables": 0},
        {"operationName": 7},
        {"operationName": ["A"]},
        {"operationName": {}},
        {"extensions": "x"},
        {"extensions": []},
        {"extensions": False},
    ],
)
async def test_a_part_of_another_type_is_a_bad_request(house: House, wrong: dict[str, Any]) -> None:
    answer = await send(house, json={"query": VIEWER, **wrong})
    assert answer.status_code == 400
    assert codes(answer) == ["BAD_USER_INPUT"]
    assert next(iter(wrong)) in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"query": ""},
        {"query": VIEWER, "variables": "{"},
        {"query": VIEWER, "variables": "[1]"},
        {"query": VIEWER, "variables": "1"},
        {"query": VIEWER, "extensions": "x"},
        {"query": VIEWER, "extensions": "[]"},
    ],
)
async def test_a_query_string_that_is_no_request_is_a_bad_request(house: House, parameters: dict[str, str]) -> None:
    answer = await send(house, "GET", params=parameters)
    assert answer.status_code == 400
    assert codes(answer) == ["BAD_USER_INPUT"]


async def test_parts_that_are_null_count_as_absent(house: House) -> None:
    answer = await send(
        house, json={"query": VIEWER, "variables": None, "operationName": None, "extensions": None, "unknown": 1}
    )
    assert (answer.status_code, answer.json()) == (200, VIEWED)


async def test_a_body_of_two_megabytes_is_too_large(house: House) -> None:
    answer = await send(house, json={"query": VIEWER, "variables": {"padding": "x" * 2 * 1024 * 1024}})
    assert answer.status_code == 413
    assert codes(answer) == ["BAD_USER_INPUT"]


async def test_a_body_that_does_not_say_how_long_it_is_is_cut_off_too(house: House) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(64):
            sent += 1
            yield b" " * 65536

    answer = await send(house, content=endless(), headers={"Content-Type": JSON})
    assert answer.status_code == 413


async def test_the_largest_body_is_taken(house: House) -> None:
    shell = orjson.dumps({"query": VIEWER, "variables": {"padding": ""}})
    body = shell.replace(b'""', b'"' + b"x" * (1024 * 1024 - len(shell)) + b'"')
    answer = await send(house, content=body, headers={"Content-Type": JSON})
    assert (len(body), answer.status_code, answer.json()) == (1024 * 1024, 200, VIEWED)


async def test_after_all_that_the_same_connection_still_serves(house: House) -> None:
    headers = {"Authorization": f"Bearer {token(house.world, 'dispatcher')}", "Content-Type": JSON}
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=1)) as client:
        statuses = [
            (await client.post(house.served.http, content=body, headers=headers)).status_code
            for body in MALFORMED.values()
        ]
        answer = await client.post(house.served.http, json={"query": VIEWER}, headers=headers)
    assert set(statuses) == {400}
    assert answer.json() == VIEWED


@pytest.mark.parametrize(
    "custom", ["{a: 1e400}", "{a: -1e400}", "{a: 99999999999999999999999}", '{a: "\\u0000"}', "[1]", '"x"', "7"]
)
async def test_custom_fields_that_cannot_be_stored_are_refused_and_not_an_internal_error(
    house: House, custom: str
) -> None:
    query = (
        'mutation { createTicket(input: {title: "t", description: "d", category: INCIDENT, priority: P3, '
        f"customFields: {custom}}}) {{ errors {{ ... on UserError {{ code field }} }} }} }}"
    )
    answer = await send(house, json={"query": query})
    assert answer.json()["data"] == {
        "createTicket": {"errors": [{"code": "VALIDATION_FAILED", "field": ["customFields"]}]}
    }


@pytest.mark.parametrize(
    "field",
    [
        'ticket(ticketNumber: "\\u0000") { id }',
        'tickets(filter: {tags: ["\\u0000"]}) { totalCount }',
        "technicians(filter: {tier: {eq: 40000}}) { totalCount }",
        "technicians(filter: {tier: {in: [1, -2147483648], lte: 2147483647}}) { totalCount }",
        "assignments(filter: {tier: {gte: -40000}}) { totalCount }",
        "tickets(filter: {escalationCount: {lte: 2147483647}}) { totalCount }",
        'tickets(filter: {createdAt: {gt: "0001-01-01T00:00:00Z", lt: "9999-12-31T23:59:59Z"}}) { totalCount }',
        'tickets(filter: {createdAt: {gt: "0001-01-01T00:00:00+14:00"}}) { totalCount }',
        'ticket(ticketNumber: "\\uD83D\\uDE00") { id }',
        'ticket(ticketNumber: "\\uD83D") { id }',
        'events(after: "\\u0000") { hasMore }',
        'node(id: "\\u0000") { id }',
        'tickets(after: "\\u0000") { totalCount }',
    ],
)
async def test_a_value_that_the_database_cannot_hold_is_no_internal_error(house: House, field: str) -> None:
    answer = await send(house, json={"query": f"{{ {field} }}"})
    told = {error["extensions"]["code"] for error in answer.json().get("errors", ())}
    assert told <= {"BAD_USER_INPUT", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"}
