"""Documents named by a hash, and requests that come again to the letter."""

from hashlib import sha256
from typing import Any

import httpx
import orjson
import pytest

from schema.execution.memory import Memory
from schema.execution.requests import GraphQLRequest
from schema.execution.trusted import TrustedDocuments, UnknownDocument, load_trusted
from tests.graphql.node import lines_of
from tests.serving import Served, serving, token
from tests.world import World

_VIEWER = "{ viewer { roles } }"
_HASH = sha256(_VIEWER.encode()).hexdigest()


def hashed(named: str = _HASH, query: str | None = None) -> dict[str, Any]:
    """Return a request that names a document by a hash, and may bring it."""
    asked = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": named}}}
    return asked if query is None else {**asked, "query": query}


async def send(served: Served, bearer: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Return the whole response to a request."""
    async with httpx.AsyncClient() as client:
        answer = await client.post(served.http, json=asked, headers={"Authorization": f"Bearer {bearer}"})
    found: dict[str, Any] = answer.json()
    return found


def codes(answer: dict[str, Any]) -> list[str]:
    """Return the codes of a response's errors."""
    return [error["extensions"]["code"] for error in answer.get("errors", ())]


async def test_a_document_sent_with_its_hash_goes_by_the_hash_from_then_on(database_url: str, world: World) -> None:
    bearer = token(world, "dispatcher")
    async with serving(database_url, persisted_queries=True) as served:
        before = await send(served, bearer, hashed())
        sent = await send(served, bearer, hashed(query=_VIEWER))
        after = await send(served, bearer, hashed())
    assert codes(before) == ["PERSISTED_QUERY_NOT_FOUND"]
    assert sent["data"] == after["data"] == {"viewer": {"roles": ["DISPATCHER"]}}


async def test_the_hash_of_another_document_is_refused_and_nothing_is_remembered(
    database_url: str, world: World
) -> None:
    bearer = token(world, "dispatcher")
    async with serving(database_url, persisted_queries=True) as served:
        wrong = await send(served, bearer, hashed(query="{ viewer { __typename } }"))
        after = await send(served, bearer, hashed())
    assert codes(wrong) == ["BAD_USER_INPUT"]
    assert codes(after) == ["PERSISTED_QUERY_NOT_FOUND"]


async def test_unless_the_setting_is_on_hashes_are_not_supported_and_documents_answered(
    database_url: str, world: World
) -> None:
    bearer = token(world, "dispatcher")
    async with serving(database_url) as served:
        assert (await send(served, bearer, hashed(query=_VIEWER)))["data"]
        assert codes(await send(served, bearer, hashed())) == ["PERSISTED_QUERY_NOT_SUPPORTED"]


@pytest.mark.parametrize(
    ("setting", "rounds"),
    [
        # The hash alone, then both, then the hash is enough.
        (True, [["hash", "document+hash"], ["hash"]]),
        # The client gives hashes up for good.
        (False, [["hash", "document"], ["document"]]),
    ],
)
async def test_apollo_s_client_learns_whether_hashes_are_enough(
    database_url: str, world: World, *, setting: bool, rounds: list[list[str]]
) -> None:
    async with serving(database_url, persisted_queries=setting) as served:
        told = await lines_of("persisted.mjs", served.http, token(world, "dispatcher"))
    assert told == [{"sent": each, "roles": ["DISPATCHER"]} for each in rounds]


def test_only_trusted_documents_stay_so_whatever_is_sent_with_a_hash() -> None:
    trusted = TrustedDocuments({"tickets": "{ tickets { totalCount } }"}, enforced=True, automatic=True)
    with pytest.raises(UnknownDocument):
        trusted.read(GraphQLRequest(query="", variables=None, operation_name=None, document_id=_HASH))


def test_what_is_sent_with_a_hash_takes_no_more_room_than_there_is() -> None:
    trusted = TrustedDocuments({}, automatic=True)
    for number in range(3000):
        text = f"{{ viewer {{ roles }} }} # {number:08} {'x' * 4000}"
        named = sha256(text.encode()).hexdigest()
        trusted.read(GraphQLRequest(query=text, variables=None, operation_name=None, document_id=named, sha256=named))
    sent: Memory[str, str] = trusted._sent
    assert sent.weight <= 4 * 1024 * 1024
    assert len(sent) <= 1000


def test_a_manifest_of_apollo_s_is_read(tmp_path: Any) -> None:
    path = tmp_path / "manifest.json"
    operation = {"id": "v1", "name": "Viewer", "type": "query", "body": _VIEWER}
    path.write_bytes(
        orjson.dumps({"format": "apollo-persisted-query-manifest", "version": 1, "operations": [operation]})
    )
    trusted = load_trusted(path, enforced=True)
    for named in ("v1", _HASH):
        asked = GraphQLRequest(query="", variables=None, operation_name=None, document_id=named)
        assert trusted.read(asked).query == _VIEWER


async def test_one_request_sent_by_two_people_is_answered_to_each_as_their_own(database_url: str, world: World) -> None:
    asked = {"query": "{ viewer { roles } tickets { totalCount } }"}
    async with serving(database_url) as served:
        answers = [await send(served, token(world, who), asked) for who in ("dispatcher", "ann") * 2]
    assert [answer["data"]["viewer"]["roles"] for answer in answers] == [["DISPATCHER"], ["TECHNICIAN"]] * 2


async def test_a_request_that_is_recognised_is_refused_all_the_same_to_whoever_may_not_come_in(
    database_url: str, world: World
) -> None:
    asked = {"query": _VIEWER}
    async with serving(database_url) as served:
        assert (await send(served, token(world, "dispatcher"), asked))["data"]
        assert codes(await send(served, "nonsense", asked)) == ["UNAUTHENTICATED"]


async def test_a_body_that_is_recognised_is_not_taken_for_a_query_string(database_url: str, world: World) -> None:
    bearer = token(world, "dispatcher")
    text = "query=%7B%20viewer%20%7B%20roles%20%7D%20%7D"
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
    async with serving(database_url) as served, httpx.AsyncClient() as client:
        got = await client.get(f"{served.http}?{text}", headers=headers)
        posted = await client.post(served.http, content=text, headers=headers)
    assert (got.status_code, posted.status_code) == (200, 400)


async def test_a_page_to_try_operations_on_is_shown_in_development_alone(database_url: str) -> None:
    wants_page = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    async with httpx.AsyncClient() as client:
        async with serving(database_url) as served:
            page = await client.get(served.http, headers=wants_page)
            tool = await client.get(served.http)
        async with serving(database_url, environment="production") as served:
            hidden = await client.get(served.http, headers=wants_page)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "graphiql" in page.text.lower()
    assert tool.status_code == 400
    assert "graphiql" not in hidden.text.lower()
