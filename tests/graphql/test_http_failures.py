"""What is nobody's fault: masked, coded, logged, and over when its cause is."""

import asyncio
from typing import Any

import asyncpg
import httpx
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.graphql.proxy import proxied
from tests.serving import Served, serving, token
from tests.world import World, make_world

TICKETS = "{\n  tickets { nodes { id } }\n}"


async def post(served: Served, bearer: str, query: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(timeout=30) as client:
        return await client.post(
            served.http, json={"query": query}, headers={"Authorization": f"Bearer {bearer}", **headers}
        )


def only_error(answer: httpx.Response) -> dict[str, Any]:
    (error,) = answer.json()["errors"]
    found: dict[str, Any] = error
    return found


async def test_what_nobody_expected_is_masked_and_the_log_has_the_rest(
    database_url: str, engine: AsyncEngine, world: World
) -> None:
    async with engine.connect() as connection:
        await connection.exec_driver_sql("ALTER TABLE tickets RENAME COLUMN title TO heading")
    async with serving(database_url) as served:
        with structlog.testing.capture_logs() as logged:
            answer = await post(served, token(world, "dispatcher"), TICKETS, **{"X-Request-Id": "seen-by-us"})
    error = only_error(answer)
    assert error == {
        "message": "Something went wrong on the server.",
        "path": ["tickets"],
        "locations": [{"line": 2, "column": 3}],
        "extensions": {"code": "INTERNAL", "requestId": "seen-by-us"},
    }
    assert "title" not in answer.text
    assert "column" in str(next(line["exc_info"] for line in logged if line["event"] == "request.failed"))


async def test_what_fails_before_the_operation_is_masked_and_500(
    database_url: str, engine: AsyncEngine, world: World
) -> None:
    async with engine.connect() as connection:
        await connection.exec_driver_sql("ALTER TABLE users RENAME COLUMN roles TO hats")
    async with serving(database_url) as served:
        answer = await post(served, token(world, "dispatcher"), TICKETS)
    assert answer.status_code == 500
    assert only_error(answer)["extensions"]["code"] == "INTERNAL"
    assert "roles" not in answer.text


async def test_a_statement_that_takes_too_long_is_a_timeout_and_the_connection_lives(
    database_url: str, world: World
) -> None:
    holder = await asyncpg.connect(database_url)
    async with serving(database_url, statement_timeout_seconds=0.2, database_pool_size=1) as served:
        bearer = token(world, "dispatcher")
        async with holder.transaction():
            await holder.execute("LOCK TABLE tickets IN ACCESS EXCLUSIVE MODE")
            late = await post(served, bearer, TICKETS)
        after = await post(served, bearer, TICKETS)
    await holder.close()
    assert late.status_code == 504
    assert only_error(late)["extensions"] == {"code": "TIMEOUT"}
    assert after.json()["data"] == {"tickets": {"nodes": []}}


async def test_a_database_that_goes_away_is_unavailable_and_comes_back_by_itself(
    database_url: str, engine: AsyncEngine
) -> None:
    world = await make_world(engine)
    async with proxied(database_url) as (proxy, through), serving(through, database_pool_size=3) as served:
        known, unknown = token(world, "dispatcher"), token(world, "admin")
        before = await asyncio.gather(*(post(served, known, TICKETS) for _ in range(3)))
        await proxy.cut()
        # One user is still remembered and fails in the query, the other must be looked up first.
        in_query, at_the_door = await post(served, known, TICKETS), await post(served, unknown, TICKETS)
        await proxy.let_in()
        after = await asyncio.gather(*(post(served, bearer, TICKETS) for bearer in (known, unknown, known)))
    answered: dict[str, Any] = {"tickets": {"nodes": []}}
    assert [each.json()["data"] for each in before] == [answered] * 3
    assert in_query.status_code == 503
    assert only_error(in_query)["extensions"] == {"code": "UNAVAILABLE"}
    assert at_the_door.status_code == 503
    assert at_the_door.headers["retry-after"] == "5"
    assert only_error(at_the_door)["extensions"] == {"code": "UNAVAILABLE"}
    assert [each.json()["data"] for each in after] == [answered] * 3


async def test_a_backend_that_is_ended_in_the_middle_of_a_query_is_unavailable(database_url: str, world: World) -> None:
    holder = await asyncpg.connect(database_url)
    async with serving(database_url, database_pool_size=2) as served:
        bearer = token(world, "dispatcher")
        async with holder.transaction():
            await holder.execute("LOCK TABLE tickets IN ACCESS EXCLUSIVE MODE")
            waiting = asyncio.create_task(post(served, bearer, TICKETS))
            ended = False
            while not ended:
                await asyncio.sleep(0.02)
                # Within a transaction the same list would be told again and again.
                await holder.execute("SELECT pg_stat_clear_snapshot()")
                ended = await holder.fetchval(
                    "SELECT bool_or(pg_terminate_backend(pid)) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND wait_event_type = 'Lock'"
                )
            lost = await waiting
        after = await post(served, bearer, TICKETS)
    await holder.close()
    assert only_error(lost)["extensions"] == {"code": "UNAVAILABLE"}
    assert after.json()["data"] == {"tickets": {"nodes": []}}


async def test_the_pool_has_every_connection_back_after_many_operations(database_url: str, world: World) -> None:
    queries = [
        "{ viewer { roles } }",
        TICKETS,
        '{ node(id: "x") { id } }',
        '{ tickets(after: "x") { totalCount } }',
        "{ nonsense }",
        'mutation { addComment(input: {ticketId: "x", body: "b"}) { errors { __typename } } }',
    ]
    async with serving(database_url, database_pool_size=2) as served:
        bearer = token(world, "dispatcher")
        answers = await asyncio.gather(*(post(served, bearer, queries[n % len(queries)]) for n in range(60)))
        watcher = await asyncpg.connect(database_url)
        states = await watcher.fetch(
            "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'fieldgraph'"
        )
        await watcher.close()
    assert {answer.status_code for answer in answers} == {200}
    assert {row["state"] for row in states} == {"idle"}
