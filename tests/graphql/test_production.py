"""A production server tells strangers nothing, and lets in no page that it does not know.

The first twelve are the checks that graphql-cop makes.
"""

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from app.db.embedded.server import EmbeddedServer
from app.db.engine import open_engine
from schema.execution.trusted import WrongManifest, load_trusted
from tests.database import database
from tests.serving import Served, serving, token
from tests.watching.figures import scraped, value
from tests.world import World, make_world

pytestmark = pytest.mark.asyncio(loop_scope="module")

_VIEWER = "{ viewer { roles } }"
_PROTOCOLS = [Subprotocol("graphql-transport-ws")]
_BOARD = "https://board.example.com"


class Door:
    """A production server and a dispatcher's way in."""

    def __init__(self, served: Served, client: httpx.AsyncClient, bearer: str) -> None:
        self.served = served
        self.bearer = bearer
        self._client = client

    async def send(self, method: str = "POST", headers: dict[str, str] | None = None, **sent: Any) -> httpx.Response:
        """Send a request with the dispatcher's token."""
        told = {"Authorization": f"Bearer {self.bearer}", **(headers or {})}
        return await self._client.request(method, self.served.http, headers=told, **sent)

    async def codes(self, query: str) -> list[str]:
        """Return the codes of what is wrong with a query."""
        answer = await self.send(json={"query": query})
        return [error["extensions"]["code"] for error in answer.json().get("errors", ())]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door(
    database_server: EmbeddedServer, database_template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Door]:
    folder = tmp_path_factory.mktemp("documents")
    (folder / "viewer.graphql").write_text(_VIEWER)
    async with database(database_server, database_template) as url:
        engine: AsyncEngine = open_engine(url, size=2)
        world: World = await make_world(engine)
        await engine.dispose()
        settings = {"environment": "production", "allowed_origins": _BOARD, "trusted_documents": folder}
        async with serving(url, **settings) as served, httpx.AsyncClient() as client:
            yield Door(served, client, token(world, "dispatcher"))


async def test_the_schema_is_not_told(door: Door) -> None:
    assert set(await door.codes("{ __schema { types { name } } }")) == {"GRAPHQL_VALIDATION_FAILED"}
    assert set(await door.codes('{ __type(name: "Ticket") { name } }')) == {"GRAPHQL_VALIDATION_FAILED"}
    assert await door.codes("{ viewer { __typename } }") == []


async def test_names_are_not_suggested(door: Door) -> None:
    answer = await door.send(json={"query": "query($first: Int) { ticket { titel } tickts { x } }"})
    assert "Did you mean" not in answer.text
    query = "query($p: [TicketPriority!]) { tickets(filter: {priority: $p}) { totalCount } }"
    answer = await door.send(json={"query": query, "variables": {"p": ["P11"]}})
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "Did you mean" not in answer.text


@pytest.mark.parametrize("path", ["", "/graphiql", "/playground", "/console", "/altair"])
async def test_there_is_no_page_to_try_queries_in(door: Door, path: str) -> None:
    async with httpx.AsyncClient() as client:
        address = door.served.http.removesuffix("/graphql") + (path or "/graphql")
        answer = await client.get(address, headers={"Accept": "text/html"})
    assert answer.status_code in {404, 406, 400}
    assert "<html" not in answer.text.lower()


async def test_a_get_changes_nothing(door: Door) -> None:
    mutation = 'mutation { addComment(input: {ticketId: "x", body: "b"}) { errors { __typename } } }'
    assert (await door.send("GET", params={"query": mutation})).status_code == 405


@pytest.mark.parametrize("sent", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"])
async def test_what_a_form_can_send_is_not_taken(door: Door, sent: str) -> None:
    answer = await door.send(content=f"query={_VIEWER}", headers={"Content-Type": sent})
    assert answer.status_code == 415


async def test_aliases_directives_and_repeated_fields_are_bounded(door: Door) -> None:
    assert await door.codes("{ " + " ".join(f"a{n}: viewer {{ roles }}" for n in range(101)) + " }") == [
        "QUERY_TOO_COMPLEX"
    ]
    assert await door.codes("{ viewer { roles " + "@aa" * 500 + " } }") == ["QUERY_TOO_COMPLEX"]
    assert await door.codes("{ viewer { " + "roles " * 500 + "} }") == ["QUERY_TOO_COMPLEX"]


async def test_there_are_no_batches(door: Door) -> None:
    answer = await door.send(json=[{"query": _VIEWER}] * 10)
    assert answer.status_code == 400


async def test_circular_introspection_is_refused_where_the_schema_is_told_too(database_url: str, world: World) -> None:
    async with serving(database_url, environment="production", introspection=True) as served:
        query = "{ __schema { types { " + "fields { type { " * 8 + "name" + " } }" * 8 + " } } }"
        answer = await served.ask(token(world, "dispatcher"), query)
        small = await served.ask(token(world, "dispatcher"), "{ __schema { types { name } } }")
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["QUERY_TOO_COMPLEX"]
    assert "errors" not in small


async def test_nothing_is_traced_for_strangers(door: Door) -> None:
    answer = await door.send(
        json={"query": _VIEWER}, headers={"X-Apollo-Tracing": "1", "apollo-federation-include-trace": "ftv1"}
    )
    assert set(answer.json()) == {"data", "extensions"}
    assert set(answer.json()["extensions"]) == {"cost"}
    assert "server-timing" not in answer.headers


async def test_an_error_shows_nothing_of_the_inside(door: Door) -> None:
    answer = await door.send(content=b'{"query": "qwerty{}"}', headers={"Content-Type": "application/json"})
    assert answer.status_code == 200
    assert not {"Traceback", "site-packages", ".py"} & set(answer.text.split('"'))


async def test_a_page_of_a_stranger_s_is_let_in_by_no_way(door: Door) -> None:
    stranger = {"Origin": "https://elsewhere.example.com"}
    posted = await door.send(json={"query": _VIEWER}, headers=stranger)
    got = await door.send("GET", params={"query": _VIEWER}, headers={"Sec-Fetch-Site": "cross-site"})
    asked = await door.send("OPTIONS", headers={**stranger, "Access-Control-Request-Method": "POST"})
    assert (posted.status_code, got.status_code) == (403, 403)
    assert "access-control-allow-origin" not in {**posted.headers, **asked.headers}
    with pytest.raises(InvalidStatus) as refused:
        await connect(door.served.websocket, origin=Origin(stranger["Origin"]), subprotocols=_PROTOCOLS)
    assert refused.value.response.status_code == 403


async def test_a_page_that_is_allowed_and_one_of_our_own_are_let_in(door: Door) -> None:
    answer = await door.send(json={"query": _VIEWER}, headers={"Origin": _BOARD})
    asked = await door.send("OPTIONS", headers={"Origin": _BOARD, "Access-Control-Request-Method": "POST"})
    own = await door.send(json={"query": _VIEWER}, headers={"Origin": f"http://127.0.0.1:{door.served.port}"})
    assert answer.headers["access-control-allow-origin"] == _BOARD
    assert "Authorization" in asked.headers["access-control-allow-headers"]
    assert (answer.status_code, asked.status_code, own.status_code) == (200, 204, 200)
    async with connect(door.served.websocket, origin=Origin(_BOARD), subprotocols=_PROTOCOLS) as socket:
        assert socket.subprotocol == "graphql-transport-ws"


async def test_a_trusted_document_goes_by_its_id_and_by_its_hash(door: Door) -> None:
    hashed = {"persistedQuery": {"version": 1, "sha256Hash": sha256(_VIEWER.encode()).hexdigest()}}
    for asked in ({"documentId": "viewer"}, {"extensions": hashed}):
        assert (await door.send(json=asked)).json()["data"] == {"viewer": {"roles": ["DISPATCHER"]}}
    unknown = await door.send(json={"documentId": "nobody"})
    assert unknown.json()["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
    assert (await door.send(json={"query": "{ viewer { __typename } }"})).json()["data"]


async def test_a_trusted_document_that_has_not_changed_is_not_sent_again(door: Door) -> None:
    first = await door.send("GET", params={"documentId": "viewer"})
    tag = first.headers["etag"]
    again = await door.send("GET", params={"documentId": "viewer"}, headers={"If-None-Match": f'"other", {tag}'})
    other = await door.send("GET", params={"documentId": "viewer"}, headers={"If-None-Match": '"other"'})
    assert (first.status_code, again.status_code, other.status_code) == (200, 304, 200)
    assert (again.content, again.headers["etag"]) == (b"", tag)
    assert "etag" not in (await door.send("GET", params={"query": _VIEWER})).headers


async def test_where_only_trusted_documents_are_answered_no_other_is(
    database_url: str, world: World, tmp_path: Path
) -> None:
    manifest = tmp_path / "documents.json"
    manifest.write_bytes(orjson.dumps({"v1": _VIEWER}))
    settings = {"trusted_documents": manifest, "trusted_documents_mode": "enforce"}
    async with serving(database_url, **settings) as served:
        bearer = token(world, "dispatcher")
        free = await served.ask(bearer, "{ viewer { __typename } }")
        known = await served.ask(bearer, _VIEWER)
    assert [error["extensions"]["code"] for error in free["errors"]] == ["PERSISTED_QUERY_NOT_FOUND"]
    assert known["data"]


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}'])
async def test_a_file_that_holds_no_documents_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "documents.json"
    path.write_text(text)
    with pytest.raises(WrongManifest):
        load_trusted(path, enforced=True)


async def test_operations_are_counted_by_the_way_they_went(door: Door) -> None:
    counted = (
        ("fieldgraph_operations_total", {"kind": "query", "path": "plan", "code": "OK"}),
        ("fieldgraph_operations_total", {"kind": "mutation", "path": "ordinary", "code": "OK"}),
        ("fieldgraph_requests_refused_total", {"code": "GRAPHQL_VALIDATION_FAILED"}),
    )
    before = await scraped(door.served)
    await door.send(json={"query": _VIEWER})
    await door.send(
        json={"query": 'mutation { addComment(input: {ticketId: "x", body: "b"}) { errors { __typename } } }'}
    )
    await door.send(json={"query": "{ nonsense }"})

    after = await scraped(door.served)
    assert [value(after, name, **labels) - value(before, name, **labels) for name, labels in counted] == [1, 1, 1]
