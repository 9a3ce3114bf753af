"""GraphQL over HTTP on a real socket: methods, media types, statuses, and which operation is executed."""

from typing import Any

import httpx
import pytest

from tests.graphql.conftest import House
from tests.serving import token

pytestmark = pytest.mark.asyncio(loop_scope="module")

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
VIEWER = "{ viewer { roles } }"
COST = {"cost": {"requested": 1, "limit": 5000}}
VIEWED = {"data": {"viewer": {"roles": ["DISPATCHER"]}}, "extensions": COST}
MUTATION = 'mutation { addComment(input: {ticketId: "x", body: "b"}) { errors { __typename } } }'


async def send(
    house: House, method: str = "POST", *, user: str | None = "dispatcher", **request: Any
) -> httpx.Response:
    """Send a request as this user, or as nobody."""
    headers = dict(request.pop("headers", {}))
    if user is not None:
        headers["Authorization"] = f"Bearer {token(house.world, user)}"
    return await house.client.request(method, house.served.http, headers=headers, **request)


def codes(answer: httpx.Response) -> list[str]:
    """Return the codes of the response's errors."""
    return [error["extensions"]["code"] for error in answer.json()["errors"]]


async def test_a_query_is_answered_by_post(house: House) -> None:
    answer = await send(house, json={"query": VIEWER})
    assert (answer.status_code, answer.json()) == (200, VIEWED)


async def test_a_query_is_answered_by_get(house: House) -> None:
    answer = await send(house, "GET", params={"query": VIEWER})
    assert (answer.status_code, answer.json()) == (200, VIEWED)


async def test_a_get_takes_variables_name_and_extensions_from_the_query_string(house: House) -> None:
    query = "query First { viewer { roles } } query Second($first: Int!) { technicians(first: $first) { totalCount } }"
    answer = await send(
        house,
        "GET",
        params={"query": query, "variables": '{"first": 1}', "operationName": "Second", "extensions": "{}"},
    )
    assert answer.json() == {"data": {"technicians": {"totalCount": 4}}, "extensions": COST}


async def test_a_head_is_answered_like_a_get_without_a_body(house: House) -> None:
    answer = await send(house, "HEAD", params={"query": VIEWER})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith(JSON)


async def test_a_mutation_by_get_is_refused_whatever_the_media_type(house: House) -> None:
    for media in (JSON, GRAPHQL):
        answer = await send(house, "GET", params={"query": MUTATION}, headers={"Accept": media})
        assert answer.status_code == 405
        assert answer.headers["allow"] == "POST"
        assert codes(answer) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_not_allowed(house: House, method: str) -> None:
    answer = await send(house, method, json={"query": VIEWER})
    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        ("*/*", JSON),
        ("application/*", JSON),
        (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL),
        (f"{GRAPHQL}; charset=utf-8, {JSON}; charset=utf-8", GRAPHQL),
        (f"{JSON};q=0.5, {GRAPHQL};q=0.6", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", JSON),
        (f"{GRAPHQL}, */*", GRAPHQL),
        (f"*/*;q=0.1, {GRAPHQL}", GRAPHQL),
        (f"*/*, {JSON};q=0", GRAPHQL),
        ("text/html, application/xhtml+xml, */*;q=0.8", JSON),
        (f"text/event-stream, {GRAPHQL};q=0.1", GRAPHQL),
        ("APPLICATION/JSON", JSON),
    ],
)
async def test_the_client_gets_the_media_type_it_likes_best(house: House, accept: str, media: str) -> None:
    answer = await send(house, json={"query": VIEWER}, headers={"Accept": accept})
    assert (answer.status_code, answer.json()) == (200, VIEWED)
    assert answer.headers["content-type"] == f"{media}; charset=utf-8"


@pytest.mark.parametrize(
    "accept", ["text/html", "text/event-stream;q=0", f"{JSON};q=0", f"{JSON};q=nan", "*/*;q=0", f"{GRAPHQL};q=lots"]
)
async def test_a_client_that_accepts_neither_media_type_is_told(house: House, accept: str) -> None:
    answer = await send(house, json={"query": VIEWER}, headers={"Accept": accept})
    assert answer.status_code == 406
    assert codes(answer) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("sent", ["text/plain", "application/graphql", "multipart/form-data", "", "application/jsonx"])
async def test_a_body_of_another_type_is_not_taken(house: House, sent: str) -> None:
    answer = await send(house, content=b'{"query": "{ viewer { roles } }"}', headers={"Content-Type": sent})
    assert answer.status_code == 415


async def test_a_body_may_name_its_charset(house: House) -> None:
    answer = await send(
        house, content=b'{"query": "{ viewer { roles } }"}', headers={"Content-Type": "Application/JSON; charset=utf-8"}
    )
    assert (answer.status_code, answer.json()) == (200, VIEWED)


@pytest.mark.parametrize("media", [JSON, GRAPHQL])
async def test_without_a_token_the_answer_is_401(house: House, media: str) -> None:
    answer = await send(house, user=None, json={"query": VIEWER}, headers={"Accept": media})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert codes(answer) == ["UNAUTHENTICATED"]


@pytest.mark.parametrize("authorization", ["Bearer", "Token", "Basic YTpi", "Bearer nonsense", "Bearer a.b.c"])
async def test_a_token_that_proves_nothing_is_401(house: House, authorization: str) -> None:
    answer = await send(house, user=None, json={"query": VIEWER}, headers={"Authorization": authorization})
    assert answer.status_code == 401
    assert codes(answer) == ["UNAUTHENTICATED"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ viewer { roles }", "GRAPHQL_PARSE_FAILED"),
        ("", "BAD_USER_INPUT"),
        ("   ", "BAD_USER_INPUT"),
        ("fragment F on Viewer { roles }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ viewer { nonsense } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ viewer { roles { name } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($a: Int!) { viewer { roles } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ node(id: 1.5) { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{" * 1500, "GRAPHQL_PARSE_FAILED"),
        ("{ viewer { " + "...on Viewer { " * 400 + "roles" + "}" * 402, "QUERY_TOO_COMPLEX"),
        ("{ viewer { " + "roles " * 2000 + "} }", "QUERY_TOO_COMPLEX"),
        ("type Query { a: Int }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_a_document_that_cannot_be_executed_is_coded(house: House, query: str, code: str) -> None:
    strict = await send(house, json={"query": query}, headers={"Accept": GRAPHQL})
    assert strict.status_code == 400
    assert set(codes(strict)) == {code}
    assert "data" not in strict.json()
    lenient = await send(house, json={"query": query}, headers={"Accept": JSON})
    # What is no well-formed request is 400 under either type; a bad document only under the new one.
    assert lenient.status_code == (400 if code == "BAD_USER_INPUT" else 200)


async def test_a_parse_error_says_where(house: House) -> None:
    answer = await send(house, json={"query": "{\n  viewer { roles ! }\n}"})
    assert answer.json()["errors"][0]["locations"] == [{"line": 2, "column": 18}]


TWO = "query First { viewer { roles } } query Second { technicians { totalCount } }"


async def test_the_named_operation_of_several_is_executed(house: House) -> None:
    answer = await send(house, json={"query": TWO, "operationName": "Second"})
    assert answer.json() == {"data": {"technicians": {"totalCount": 4}}, "extensions": COST}


@pytest.mark.parametrize(
    ("query", "name"),
    [(TWO, None), (TWO, ""), (TWO, "Third"), (VIEWER, "Third"), ("query First { viewer { roles } }", "f")],
)
async def test_an_operation_that_cannot_be_told_is_not_guessed(house: House, query: str, name: str | None) -> None:
    answer = await send(house, json={"query": query, "operationName": name}, headers={"Accept": GRAPHQL})
    assert answer.status_code == 400
    assert codes(answer) == ["GRAPHQL_VALIDATION_FAILED"]


async def test_an_empty_operation_name_is_none(house: House) -> None:
    answer = await send(house, json={"query": VIEWER, "operationName": ""})
    assert answer.json() == VIEWED


async def test_a_subscription_is_sent_to_the_websocket(house: House) -> None:
    query = "subscription { jobUpdates { __typename } }"
    answer = await send(house, json={"query": query}, headers={"Accept": GRAPHQL})
    assert answer.status_code == 400
    assert "graphql-transport-ws" in answer.json()["errors"][0]["message"]


NUMBERED = "query($first: Int!) { technicians(first: $first) { totalCount } }"


@pytest.mark.parametrize(
    "variables", [None, {}, {"first": None}, {"first": "1"}, {"first": 1.5}, {"first": [1]}, {"first": 2**31}]
)
async def test_a_variable_that_does_not_fit_is_bad_user_input(house: House, variables: Any) -> None:
    answer = await send(house, json={"query": NUMBERED, "variables": variables}, headers={"Accept": GRAPHQL})
    assert answer.status_code == 400
    assert codes(answer) == ["BAD_USER_INPUT"]
    assert "data" not in answer.json()


@pytest.mark.parametrize("moment", ["yesterday", "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z", 5, True])
async def test_a_scalar_that_does_not_fit_is_bad_user_input(house: House, moment: Any) -> None:
    query = "query($at: DateTime!) { tickets(filter: {createdAt: {gt: $at}}) { totalCount } }"
    answer = await send(house, json={"query": query, "variables": {"at": moment}})
    assert codes(answer) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    "arguments",
    ["first: -1", "first: 101", 'after: "nonsense"', "first: 1, last: 1", 'before: "", first: 1', "last: 101"],
)
async def test_a_page_that_makes_no_sense_is_bad_user_input(house: House, arguments: str) -> None:
    answer = await send(house, json={"query": f"{{ tickets({arguments}) {{ totalCount }} }}"})
    assert codes(answer) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("key", ["", "x", "VGlja2V0OnRlc3Q=", "9" * 1000, "Nobody:1", "\N{SNOWMAN}"])
async def test_an_id_that_is_none_is_bad_user_input(house: House, key: str) -> None:
    query = "query($id: ID!) { node(id: $id) { id } }"
    answer = await send(house, json={"query": query, "variables": {"id": key}})
    assert codes(answer) == ["BAD_USER_INPUT"]


async def test_an_error_in_execution_keeps_its_path_and_location_and_the_rest_is_answered(house: House) -> None:
    query = '{\n  viewer { roles }\n  mine: node(id: "x") { id }\n}'
    answer = await send(house, json={"query": query}, headers={"Accept": GRAPHQL})
    assert answer.status_code == 200
    body = answer.json()
    assert body["data"] == {"viewer": {"roles": ["DISPATCHER"]}, "mine": None}
    assert [(error["path"], error["locations"]) for error in body["errors"]] == [(["mine"], [{"line": 3, "column": 3}])]


async def test_a_refused_query_says_forbidden_with_its_path(house: House) -> None:
    answer = await send(house, user="customer", json={"query": "{ technicianQueue { totalCount } }"})
    assert codes(answer) == ["FORBIDDEN"]
    assert answer.json()["errors"][0]["path"] == ["technicianQueue"]


async def test_a_request_id_is_kept_where_it_is_plain_and_made_otherwise(house: House) -> None:
    plain = await send(house, json={"query": VIEWER}, headers={"X-Request-Id": "abc-123"})
    strange = await send(house, json={"query": VIEWER}, headers={"X-Request-Id": 'a"}\t{"b'})
    assert plain.headers["x-request-id"] == "abc-123"
    assert strange.headers["x-request-id"].isalnum()
