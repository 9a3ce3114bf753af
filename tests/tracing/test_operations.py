"""An operation is a trace: what belongs to which step, whose trace it is, and how it went."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from hashlib import sha256
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from app.clock import now
from schema.ids import global_id
from tests.graphql.socket_client import opened, talking
from tests.graphql.work import Work
from tests.invitations.outside import served
from tests.serving import Served, serving, token
from tests.tracing.collector import CLIENT, SERVER, Collector, Span
from tests.waiting import until
from tests.world import World

READ = "query Who { viewer { user { id name } } }"
SLOW_WAY = "query Slots { availableSlots(input: { appointmentType: DIAGNOSTIC }) { slots { token } } }"
CREATE = """
mutation Create($input: CreateTicketInput!) { createTicket(input: $input) { ticket { id } errors { __typename } } }
"""
NEW = {"title": "T", "description": "D", "category": "INCIDENT", "priority": "P1"}
ASSIGN = "mutation Assign($input: AssignTicketInput!) { assignTicket(input: $input) { errors { __typename } } }"
BOARD = (
    'subscription Board { dispatchBoard(filter: { from: "2026-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z" })'
    " { __typename } }"
)
TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
KEPT, LEFT = f"00-{TRACE}-{CALLER}-01", f"00-{TRACE}-{CALLER}-00"


@pytest.fixture
async def traced(database_url: str, world: World, collector: Collector) -> AsyncIterator[Served]:  # noqa: ARG001 - it is in the database
    async with serving(database_url, otel_exporter_otlp_endpoint=collector.url) as server:
        yield server


async def statements_below(collector: Collector, span: Span) -> list[str]:
    """Return what the database was asked in a step, once the step has come; its statements came before it."""
    found = collector.below(span)
    assert all(each.kind == CLIENT and each.about["db.system.name"] == "postgresql" for each in found)
    assert all(span.began <= each.began <= each.ended <= span.ended for each in found)
    assert all(each.about["db.query.summary"] == each.name for each in found)
    return [each.name for each in found]


async def test_a_read_is_a_request_an_operation_and_its_statement(
    traced: Served, world: World, collector: Collector
) -> None:
    bearer = token(world, "dispatcher")
    # The first one opens a connection.
    await traced.ask(bearer, READ)
    await collector.one("POST /graphql")
    collector.spans.clear()
    answer = await traced.ask(bearer, READ, headers={"traceparent": KEPT, "tracestate": "theirs=1"})
    assert "errors" not in answer

    request = await collector.one("POST /graphql")
    (operation,) = collector.below(request)

    assert (request.trace, request.parent, request.kind) == (TRACE, CALLER, SERVER)
    assert request.about == {
        "http.request.method": "POST",
        "http.route": "/graphql",
        "http.response.status_code": 200,
    }
    assert operation.name == "query Who"
    assert operation.about == {
        "graphql.operation.type": "query",
        "graphql.operation.name": "Who",
        "fieldgraph.outcome": "plan",
    }
    assert await statements_below(collector, operation) == ["SELECT users"]
    assert not any(each.failed or each.events for each in collector.spans)
    assert {each.service for each in collector.spans} == {"fieldgraph"}
    assert {each.trace for each in collector.spans} == {TRACE}


async def test_a_document_is_told_by_its_hash_where_its_client_names_it_so(
    traced: Served, world: World, collector: Collector
) -> None:
    true = sha256(READ.encode()).hexdigest()
    headers = {"Authorization": f"Bearer {token(world, 'dispatcher')}"}
    async with httpx.AsyncClient(headers=headers) as client:
        for named in (true, "0" * 64):
            body = {"query": READ, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": named}}}
            assert "errors" not in (await client.post(traced.http, json=body)).json()

    await until(lambda: len(collector.named("query Who")) == 2)
    assert {each.about.get("graphql.document.hash") for each in collector.named("query Who")} == {true, None}


async def test_a_request_without_a_trace_begins_one(traced: Served, world: World, collector: Collector) -> None:
    for traceparent in ({}, {"traceparent": "00-nothing-01"}):
        collector.spans.clear()
        await traced.ask(token(world, "dispatcher"), READ, headers=traceparent)

        request = await collector.one("POST /graphql")
        assert request.parent == ""
        assert request.trace != TRACE


@pytest.mark.parametrize(
    ("settings", "traceparent", "kept"),
    [
        ({}, LEFT, False),
        ({"otel_traces_sampler_arg": 0}, None, False),
        ({"otel_traces_sampler_arg": 0}, KEPT, True),
        ({"otel_traces_sampler": "traceidratio", "otel_traces_sampler_arg": 0}, KEPT, False),
        ({"otel_traces_sampler": "always_on"}, LEFT, True),
        ({"otel_traces_sampler": "parentbased_always_off"}, None, False),
    ],
)
async def test_which_traces_are_kept_is_settled_or_the_callers_to_say(
    database_url: str,
    world: World,
    collector: Collector,
    settings: Mapping[str, Any],
    traceparent: str | None,
    kept: bool,
) -> None:
    headers = {} if traceparent is None else {"traceparent": traceparent}
    async with serving(database_url, otel_exporter_otlp_endpoint=collector.url, **settings) as server:
        await server.ask(token(world, "dispatcher"), READ, headers=headers)

    # What was kept is handed over before the server has ended.
    assert len(collector.named("POST /graphql")) == kept
    assert len(collector.named("query Who")) == kept


@asynccontextmanager
async def provider(key: ECKey) -> AsyncIterator[tuple[str, list[Mapping[str, str]]]]:
    """Serve the keys of an identity provider; give their address, and the headers of who asked for them."""
    asked: list[Mapping[str, str]] = []

    async def keys(request: Request) -> JSONResponse:
        asked.append(dict(request.headers))
        return JSONResponse(KeySet([key]).as_dict(private=False))

    async with served(Starlette(routes=[Route("/realms/secret-path/keys", keys)])) as url:
        yield f"{url}/realms/secret-path/keys?key=secret-query", asked


async def test_whoever_is_called_outside_is_told_the_trace(
    database_url: str, world: World, collector: Collector
) -> None:
    key = ECKey.generate_key("P-256", {"kid": "1"})
    async with provider(key) as (url, asked):
        port = int(url.split(":")[2].split("/")[0])
        outside = {"auth_jwks_url": url, "auth_algorithms": "ES256", "otel_exporter_otlp_endpoint": collector.url}
        async with serving(database_url, **outside) as server:
            answer = await server.ask(_bearer(world, key), CREATE, {"input": NEW}, headers={"traceparent": KEPT})
    assert answer["data"]["createTicket"]["errors"] == []

    request = await collector.one("POST /graphql")
    call, operation = (each for each in collector.below(request) if each.name in {"GET", "mutation Create"})
    assert (call.name, call.kind) == ("GET", CLIENT)
    assert call.about == {
        "http.request.method": "GET",
        "url.scheme": "http",
        "server.address": "127.0.0.1",
        "server.port": port,
        "http.response.status_code": 200,
    }
    assert [each["traceparent"] for each in asked] == [f"00-{TRACE}-{call.id}-01"]

    assert operation.about["fieldgraph.outcome"] == "ordinary"
    found = await statements_below(collector, operation)
    assert {"INSERT tickets", "UPDATE event_heads", "SELECT tickets"} <= set(found), found
    # What was written is read in another transaction.
    assert "COMMIT" in found[found.index("UPDATE event_heads") : -1]
    assert (found[0], found[-1], found.count("BEGIN")) == ("BEGIN", "COMMIT", found.count("COMMIT"))
    assert all(each.trace == TRACE for each in collector.spans)


def _bearer(world: World, key: ECKey) -> str:
    claims = {
        "sub": str(world.users["dispatcher"]),
        "org": str(world.organization_id),
        "exp": int((now() + timedelta(hours=1)).timestamp()),
    }
    return jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key, ["ES256"])


async def test_what_a_mutation_refuses_is_no_failure_and_is_told_by_its_code(
    traced: Served, world: World, collector: Collector
) -> None:
    bearer = token(world, "dispatcher")
    created = await traced.ask(bearer, CREATE, {"input": NEW})
    ticket_id = created["data"]["createTicket"]["ticket"]["id"]
    given = {"input": {"ticketId": ticket_id, "technicianId": global_id("Technician", world.technicians["ann"])}}
    await traced.ask(bearer, ASSIGN, given)
    await collector.one("mutation Assign")
    collector.spans.clear()
    await traced.ask(bearer, ASSIGN, given)

    operation = await collector.one("mutation Assign")
    assert operation.events == (("refused", {"fieldgraph.code": "ALREADY_ASSIGNED"}),)
    assert not operation.failed


async def test_what_fails_is_told_by_its_code_alone(database_url: str, world: World, collector: Collector) -> None:
    poor = {"cost_bucket": 1, "cost_refill_per_second": 1}
    async with serving(database_url, otel_exporter_otlp_endpoint=collector.url, **poor) as server:
        bearer = token(world, "dispatcher")
        assert "errors" not in await server.ask(bearer, READ)
        refused = await server.ask(bearer, READ)
        assert refused["errors"][0]["extensions"]["code"] == "THROTTLED"
        # Not executed, so that there is no operation.
        assert "errors" in await server.ask(bearer, "query Wrong { nothing }")

    (throttled,) = (each for each in collector.named("query Who") if each.failed)
    assert (throttled.said, throttled.about["error.type"]) == ("THROTTLED", "THROTTLED")
    (request,) = (each for each in collector.spans if each.id == throttled.parent)
    # The client's fault is none of the server's.
    assert (request.failed, request.about["http.response.status_code"]) == (False, 429)
    assert not any("Wrong" in each.name for each in collector.spans)


async def test_a_statement_that_fails_is_told_by_the_databases_code(
    database_url: str, world: World, engine: AsyncEngine, collector: Collector
) -> None:
    async with engine.connect() as connection:
        await connection.exec_driver_sql("ALTER TABLE users RENAME COLUMN name TO called")
    # The traceback of it takes long to spell.
    patient = {"operation_timeout_seconds": 60}
    async with serving(database_url, otel_exporter_otlp_endpoint=collector.url, **patient) as server:
        answer = await server.ask(token(world, "dispatcher"), READ)
    assert answer["errors"][0]["extensions"]["code"] == "INTERNAL"

    (operation,) = collector.named("query Who")
    assert (operation.failed, operation.said) == (True, "INTERNAL")
    failed = [each for each in collector.below(operation) if each.failed]
    # The plan was tried, and then the ordinary way.
    assert {(each.name, each.said) for each in failed} == {("SELECT users", "42703")}
    assert len(failed) == 2
    assert not any(each.events for each in collector.spans)


async def test_a_subscription_over_a_websocket_is_told_when_it_has_begun(
    traced: Served, world: World, engine: AsyncEngine, collector: Collector
) -> None:
    bearer, work = token(world, "dispatcher"), Work(engine, world)
    async with opened(traced) as socket:
        begin = {"Authorization": f"Bearer {bearer}", "traceparent": KEPT}
        await socket.say({"type": "connection_init", "payload": begin})
        await socket.hear()
        await socket.ready("1", BOARD)

        begun = await collector.one("subscription Board")
        before = len(collector.spans)
        for _ in range(3):
            await work.create()
            await socket.told()
        await socket.subscribe("2", READ)
        await socket.told()
        asked = await collector.one("query Who")

    assert [(each.trace, each.parent, each.failed) for each in (begun, asked)] == [(TRACE, CALLER, False)] * 2
    assert "SELECT events" not in await statements_below(collector, begun)
    # What followers are told belongs to no step, however long they stay.
    assert {each.parent for each in collector.spans[before:] if each is not asked} == {asked.id}


async def test_a_websockets_trace_may_also_be_named_by_its_request(
    traced: Served, world: World, collector: Collector
) -> None:
    async with talking(traced, token(world, "dispatcher"), additional_headers={"traceparent": KEPT}) as socket:
        await socket.subscribe("1", READ)
        await socket.told()

        assert (await collector.one("query Who")).parent == CALLER


async def test_a_subscription_over_http_is_told_when_it_has_begun(
    traced: Served, world: World, engine: AsyncEngine, collector: Collector
) -> None:
    work = Work(engine, world)
    headers = {
        "Authorization": f"Bearer {token(world, 'dispatcher')}",
        "Accept": "text/event-stream",
        "traceparent": KEPT,
    }
    async with (
        httpx.AsyncClient(timeout=20) as client,
        client.stream("POST", traced.http, json={"query": BOARD}, headers=headers) as response,
    ):
        lines = response.aiter_lines()
        while "StreamReady" not in await anext(lines):
            pass
        begun = await collector.one("subscription Board")
        request = await collector.one("POST /graphql")
        await work.create()
        while "TicketEvent" not in await anext(lines):
            pass

    assert (request.parent, begun.trace, begun.parent) == (CALLER, TRACE, request.id)
    assert {each.parent for each in collector.spans} <= {CALLER, request.id, begun.id}
    assert max(each.ended for each in collector.spans) <= begun.ended


async def test_what_cannot_begin_is_told_by_its_code(traced: Served, world: World, collector: Collector) -> None:
    async with talking(traced, token(world, "customer")) as socket:
        await socket.subscribe("1", BOARD)
        assert (await socket.hear())["type"] == "error"

        begun = await collector.one("subscription Board")
    assert (begun.failed, begun.said) == (True, "FORBIDDEN")


async def test_whoever_watches_a_server_is_not_traced(traced: Served, world: World, collector: Collector) -> None:
    base = f"http://127.0.0.1:{traced.port}"
    async with httpx.AsyncClient() as client:
        for path in ("/health", "/healthz", "/readyz", "/metrics"):
            assert (await client.get(base + path)).status_code == 200
        assert (await client.get(f"{base}/calendars/whatever.ics")).status_code == 404
        assert (await client.get(f"{base}/elsewhere")).status_code == 404
    await traced.ask(token(world, "dispatcher"), READ)

    await until(lambda: len([each for each in collector.spans if each.kind == SERVER]) == 3)
    assert {each.name for each in collector.spans if each.kind == SERVER} == {
        "GET /calendars/{name}",
        "GET",
        "POST /graphql",
    }
