"""Queries end with their clients and with their time; nothing of them is left."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress

import asyncpg
import httpx
import pytest

from schema.execution.watching import Watched
from tests.serving import Served, serving, token
from tests.waiting import until, until_said
from tests.world import World

_QUERY = b'{"query": "{ tickets { totalCount } }"}'
_READERS = 5
# Two thousand by `make hostile`.
_CLIENTS = int(os.environ.get("CUT_CLIENTS", "200"))


@pytest.fixture
async def holder(database_url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection from outside, to hold readers up with and to look at them."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def cut_off(served: Served, bearer: str, leave: asyncio.Event) -> None:
    """Ask, wait until it is time, and go away without a word."""
    _, writer = await asyncio.open_connection("127.0.0.1", served.port)
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {bearer}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(_QUERY)}\r\n\r\n"
    )
    writer.write(head.encode() + _QUERY)
    await writer.drain()
    await leave.wait()
    writer.transport.abort()


async def busy(holder: "asyncpg.Connection[asyncpg.Record]") -> int:
    """Return how many of the server's connections are at something."""
    await holder.execute("SELECT pg_stat_clear_snapshot()")
    found: int = await holder.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'"
        " AND application_name LIKE 'fieldgraph%'"
    )
    return found


async def cut_many(
    served: Served, world: World, holder: "asyncpg.Connection[asyncpg.Record]", within: float
) -> tuple[int, int]:
    """Cut clients off while nobody may read tickets; return who is busy meanwhile, and who is still after a time."""
    bearer = token(world, "dispatcher")
    async with holder.transaction():
        await holder.execute("LOCK TABLE tickets IN ACCESS EXCLUSIVE MODE")
        leave = asyncio.Event()
        cutting = asyncio.gather(*(cut_off(served, bearer, leave) for _ in range(_CLIENTS)))

        async def all_readers() -> bool:
            return await busy(holder) >= _READERS

        await until_said(all_readers)
        # The others wait for a connection by then.
        await asyncio.sleep(0.3)
        during = await busy(holder)
        leave.set()
        await cutting
        return during, await still_busy(holder, within)


async def still_busy(holder: "asyncpg.Connection[asyncpg.Record]", within: float) -> int:
    """Return 0 as soon as nobody is busy, or how many are after a time."""

    async def nobody() -> bool:
        return await busy(holder) == 0

    with suppress(TimeoutError):
        await until_said(nobody, within)
    return await busy(holder)


async def test_clients_that_are_cut_off_leave_no_query_behind(
    database_url: str, world: World, holder: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    async with serving(database_url, database_pool_size=_READERS) as served:
        during, after = await cut_many(served, world, holder, within=20)
        assert during > 0
        assert after == 0
        await until(lambda: [task for task in asyncio.all_tasks() if "run_asgi" in repr(task.get_coro())] == [])
        async with httpx.AsyncClient() as client:
            headers = {"Authorization": f"Bearer {token(world, 'dispatcher')}", "Content-Type": "application/json"}
            answers = await asyncio.gather(
                *(client.post(served.http, content=_QUERY, headers=headers) for _ in range(20))
            )
        assert {answer.status_code for answer in answers} == {200}


async def test_without_the_watch_the_queries_of_clients_that_went_go_on(
    database_url: str, world: World, holder: "asyncpg.Connection[asyncpg.Record]", monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_watched: Watched) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Watched, "_listen", never)
    async with serving(database_url, database_pool_size=_READERS) as served:
        _, after = await cut_many(served, world, holder, within=1)
    assert after > 0


async def test_a_query_ends_with_its_time_and_its_statement_with_it(
    database_url: str, world: World, holder: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    async with serving(database_url, operation_timeout_seconds=0.4) as served, httpx.AsyncClient() as client:
        headers = {"Authorization": f"Bearer {token(world, 'dispatcher')}", "Content-Type": "application/json"}
        async with holder.transaction():
            await holder.execute("LOCK TABLE tickets IN ACCESS EXCLUSIVE MODE")
            late = await client.post(served.http, content=_QUERY, headers=headers)
            left = await still_busy(holder, within=20)
        again = await client.post(served.http, content=_QUERY, headers=headers)
    assert late.status_code == 504
    assert [error["extensions"]["code"] for error in late.json()["errors"]] == ["TIMEOUT"]
    assert left == 0
    assert again.json()["data"] == {"tickets": {"totalCount": 0}}
