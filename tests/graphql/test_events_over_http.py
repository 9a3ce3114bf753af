"""Subscriptions over HTTP, as server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import orjson
import pytest
import sqlalchemy as sa

from app.db.tables.people import users
from app.db.transaction import transaction
from tests.graphql.conftest import House
from tests.graphql.work import Work
from tests.serving import token

pytestmark = pytest.mark.asyncio(loop_scope="module")

_STREAM = {"Accept": "text/event-stream"}
_BOARD = """subscription { dispatchBoard(filter: { from: "2026-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z" }) {
  __typename ... on TicketEvent { type } } }"""


@asynccontextmanager
async def followed(
    house: House, query: str, bearer: str, last: str | None = None
) -> AsyncIterator[AsyncIterator[tuple[str, str]]]:
    """Give the events of a stream behind the last one heard: the name of each, and its data; ids come as `id`."""
    headers = {**_STREAM, "Authorization": f"Bearer {bearer}"} | ({} if last is None else {"Last-Event-ID": last})
    async with (
        httpx.AsyncClient(timeout=20) as client,
        client.stream("POST", house.served.http, json={"query": query}, headers=headers) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        yield _events(response)


async def _events(response: httpx.Response) -> AsyncIterator[tuple[str, str]]:
    name = ""
    async for line in response.aiter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("id: "):
            yield "id", line.removeprefix("id: ")
        elif line.startswith("data:"):
            yield name, line.removeprefix("data:").strip()


async def _told(events: AsyncIterator[tuple[str, str]]) -> tuple[str, str]:
    """Return the next event that is no id."""
    return await anext(event async for event in events if event[0] != "id")


async def test_a_browser_that_comes_back_is_told_what_it_missed(house: House) -> None:
    bearer, work = token(house.world, "dispatcher"), Work(house.engine, house.world)
    async with followed(house, _BOARD, bearer) as events:
        name, last = await anext(events)
    for _ in range(3):
        await work.create()
    async with followed(house, _BOARD, bearer, last) as events:
        again = [orjson.loads((await _told(events))[1])["data"]["dispatchBoard"] for _ in range(4)]
    assert name == "id"
    assert [event["__typename"] for event in again] == ["TicketEvent"] * 3 + ["StreamReady"]


async def test_a_last_id_that_is_no_cursor_of_ours_is_answered_by_a_reset(house: House) -> None:
    async with followed(house, _BOARD, token(house.world, "dispatcher"), "42") as events:
        reset = await _told(events)
    assert orjson.loads(reset[1])["data"]["dispatchBoard"] == {"__typename": "StreamReset"}


async def test_what_happens_comes_as_events(house: House) -> None:
    async with followed(house, _BOARD, token(house.world, "dispatcher")) as events:
        ready = await _told(events)
        await Work(house.engine, house.world).create()
        created = await _told(events)
    assert (ready[0], orjson.loads(ready[1])["data"]["dispatchBoard"]) == ("next", {"__typename": "StreamReady"})
    assert orjson.loads(created[1])["data"]["dispatchBoard"]["type"] == "TICKET_CREATED"


async def test_a_query_is_one_event_and_complete(house: House) -> None:
    async with followed(house, "{ viewer { roles } }", token(house.world, "dispatcher")) as events:
        told = [event async for event in events]
    assert [name for name, _ in told] == ["next", "complete"]
    assert orjson.loads(told[0][1])["data"] == {"viewer": {"roles": ["DISPATCHER"]}}


async def test_who_may_not_follow_is_told_and_the_stream_is_over(house: House) -> None:
    async with followed(house, _BOARD, token(house.world, "customer")) as events:
        told = [event async for event in events]
    assert [name for name, _ in told] == ["next", "complete"]
    assert orjson.loads(told[0][1])["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_stream_ends_with_its_token(house: House) -> None:
    async with followed(house, _BOARD, token(house.world, "dispatcher", lifetime=timedelta(seconds=2))) as events:
        async with asyncio.timeout(6):
            told = [name async for name, _ in events if name != "id"]
    assert told == ["next", "complete"]


async def test_a_stream_ends_when_its_user_may_no_longer_come_in(house: House) -> None:
    async with followed(house, _BOARD, token(house.world, "lead")) as events:
        await _told(events)
        async with transaction(house.engine, house.world.organization_id) as connection:
            await connection.execute(
                sa.update(users).where(users.c.id == house.world.users["lead"]).values(active=False)
            )
        async with asyncio.timeout(8):
            told = [name async for name, _ in events]
    assert told == ["complete"]
