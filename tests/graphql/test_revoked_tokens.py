"""Tokens that were revoked open nothing any more, and what they had opened is closed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import now
from app.db.tables.people import users
from app.db.transaction import transaction
from schema.ids import global_id
from tests.graphql.socket_client import talking
from tests.graphql.test_websocket import BOARD, VIEWER
from tests.graphql.work import Work
from tests.serving import SECRET, Served, serving, token
from tests.world import World, make_world

_REVOKE = """mutation($user: ID!, $key: String) { revokeTokens(input: {userId: $user, idempotencyKey: $key}) {
  changeId errors { __typename ... on UserError { message field } } } }"""
_WHO = "{ viewer { roles } }"


@pytest.fixture
async def served(database_url: str) -> AsyncIterator[Served]:
    """A server."""
    async with serving(database_url) as running:
        yield running


async def revoke(served: Served, world: World, whose: str, *, by: str, key: str | None = None) -> dict[str, Any]:
    """Revoke a user's tokens and return the payload; the revoker's own token is a fresh one."""
    asked = {"user": global_id("User", world.users[whose]), "key": key}
    answer = await served.ask(token(world, by), _REVOKE, asked)
    found: dict[str, Any] = answer["data"]["revokeTokens"]
    return found


async def status(served: Served, bearer: str) -> int:
    """Return the status of a small question."""
    async with httpx.AsyncClient() as client:
        headers = {"Authorization": f"Bearer {bearer}"}
        return (await client.post(served.http, json={"query": _WHO}, headers=headers)).status_code


def token_of(world: World, name: str, **claims: Any) -> str:
    """Return a token with just these claims besides who it is of and its end."""
    end = int((now() + timedelta(hours=1)).timestamp())
    said = {"sub": str(world.users[name]), "org": str(world.organization_id), "exp": end, **claims}
    return jwt.encode({"alg": "HS256"}, said, OctKey.import_key(SECRET.encode()))


async def test_from_the_answer_on_older_tokens_are_refused_and_newer_ones_are_good(
    served: Served, world: World
) -> None:
    bearer, other = token(world, "ann"), token(world, "bob")
    assert await status(served, bearer) == 200

    payload = await revoke(served, world, "ann", by="admin")

    assert payload["errors"] == []
    assert await status(served, bearer) == 401
    assert await status(served, other) == 200
    assert await status(served, token_of(world, "ann", iat=int(now().timestamp()) + 1)) == 200


async def test_a_token_that_does_not_say_when_it_was_issued_is_refused_once_any_was_revoked(
    served: Served, world: World
) -> None:
    bearer = token_of(world, "ann")
    assert await status(served, bearer) == 200
    await revoke(served, world, "ann", by="admin")
    assert await status(served, bearer) == 401


async def test_streams_of_the_revoked_end_within_five_seconds_on_every_process_and_others_go_on(
    database_url: str, served: Served, engine: AsyncEngine, world: World
) -> None:
    bearer = token(world, "lead")
    stream = {"Accept": "text/event-stream", "Authorization": f"Bearer {bearer}"}
    async with (
        serving(database_url) as other,
        talking(served, token(world, "lead")) as idle,
        talking(served, token(world, "lead")) as here,
        talking(other, token(world, "lead")) as there,
        talking(served, token(world, "dispatcher")) as beside,
        httpx.AsyncClient(timeout=20) as client,
        client.stream("POST", other.http, json={"query": BOARD}, headers=stream) as events,
    ):
        for socket in (here, there, beside):
            await socket.ready("1", BOARD)
        lines = events.aiter_lines()
        await anext(lines)

        await revoke(served, world, "lead", by="admin")

        async with asyncio.timeout(5):
            assert [await each.closed() for each in (idle, here, there)] == [4403] * 3
            assert [line async for line in lines][-3:-1] == ["event: complete", "data:"]
            assert await status(other, bearer) == 401
        await Work(engine, world).create()
        heard = [(await beside.told())[1]["__typename"] for _ in range(2)]
    assert heard == ["RecordEvent", "TicketEvent"]


async def test_everybody_may_end_their_own_sessions_and_an_admin_those_of_all(served: Served, world: World) -> None:
    for who in ("customer", "ann", "dispatcher", "lead", "manager"):
        refused = await revoke(served, world, "bob", by=who)
        assert [error["__typename"] for error in refused["errors"]] == ["ForbiddenError"], who
        assert (await revoke(served, world, who, by=who))["errors"] == [], who
    assert (await revoke(served, world, "bob", by="admin"))["errors"] == []


async def test_somebody_of_another_organisation_is_not_there(served: Served, engine: AsyncEngine, world: World) -> None:
    other = await make_world(engine, "Elsewhere")
    asked = {"user": global_id("User", other.users["ann"])}
    answer = await served.ask(token(world, "admin"), _REVOKE, asked)
    assert [error["__typename"] for error in answer["data"]["revokeTokens"]["errors"]] == ["NotFoundError"]
    assert await status(served, token(other, "ann")) == 200


async def test_a_repeat_changes_nothing_and_the_moment_never_goes_back(
    served: Served, engine: AsyncEngine, world: World
) -> None:
    first = await revoke(served, world, "ann", by="admin", key="once")
    before = await _row(engine, world, "ann")
    again = await revoke(served, world, "ann", by="admin", key="once")
    assert again["changeId"] == first["changeId"]
    assert await _row(engine, world, "ann") == before

    await asyncio.gather(*(revoke(served, world, "ann", by="admin") for _ in range(10)))
    version, moment = await _row(engine, world, "ann")
    assert version == before[0] + 10
    assert moment > before[1]


async def test_no_request_that_begins_after_the_answer_succeeds(served: Served, world: World) -> None:
    bearer, over = token(world, "ann"), asyncio.Event()
    late: list[int] = []
    served_before = asyncio.Event()

    async def use() -> None:
        while len(late) < 50:
            begun_after = over.is_set()
            found = await status(served, bearer)
            if begun_after:
                late.append(found)
            elif found == 200:
                served_before.set()

    using = [asyncio.create_task(use()) for _ in range(8)]
    async with asyncio.timeout(30):
        await served_before.wait()
    await revoke(served, world, "ann", by="admin")
    over.set()
    await asyncio.gather(*using)
    assert set(late) == {401}


async def test_a_session_with_a_query_under_way_ends_too(served: Served, world: World) -> None:
    async with talking(served, token(world, "ann")) as socket:
        await socket.subscribe("1", VIEWER)
        assert (await socket.told())[0] == "1"
        await revoke(served, world, "ann", by="ann")
        async with asyncio.timeout(5):
            assert await socket.closed() == 4403


async def _row(engine: AsyncEngine, world: World, name: str) -> tuple[int, Any]:
    async with transaction(engine, world.organization_id) as connection:
        query = sa.select(users.c.version, users.c.tokens_revoked_at).where(users.c.id == _key(world, name))
        row = (await connection.execute(query)).one()
    return row.version, row.tokens_revoked_at


def _key(world: World, name: str) -> UUID:
    return world.users[name]


async def test_a_stream_that_is_no_part_of_the_log_ends_too_though_nothing_moves(served: Served, world: World) -> None:
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {token(world, 'lead')}"}
    query = "subscription { technicianLocations { stale } }"
    async with (
        httpx.AsyncClient(timeout=20) as client,
        client.stream("POST", served.http, json={"query": query}, headers=headers) as events,
    ):
        await revoke(served, world, "lead", by="admin")
        async with asyncio.timeout(5):
            lines = [line async for line in events.aiter_lines()]
    assert "event: complete" in lines
