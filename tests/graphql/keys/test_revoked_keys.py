"""A key that is revoked, has expired, or whose user may not come in opens nothing, and what it had opened is closed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.auth import key_usage
from app.clock import now
from app.db.tables.api_keys import api_keys
from app.db.transaction import transaction
from app.domain.people import Role
from tests.graphql.keys.making import EVERYTHING, Made, made, revoke
from tests.graphql.socket_client import opened, talking
from tests.graphql.test_revoked_tokens import revoke as revoke_tokens
from tests.graphql.test_websocket import BOARD, VIEWER
from tests.graphql.test_websocket_rights import PERMISSIONS, RESETS, change_user
from tests.graphql.work import Work
from tests.journeys.process import server_process
from tests.serving import Served, serving, token
from tests.waiting import until_said
from tests.world import World

WHO = "{ viewer { roles } }"
SECONDS = 5


@pytest.fixture
async def served(database_url: str) -> AsyncIterator[Served]:
    """A server."""
    async with serving(database_url) as running:
        yield running


async def status(served: Served, bearer: str) -> int:
    """Return the status of a small question."""
    async with httpx.AsyncClient() as client:
        headers = {"Authorization": f"Bearer {bearer}"}
        return (await client.post(served.http, json={"query": WHO}, headers=headers)).status_code


async def last_used(engine: AsyncEngine, world: World, key: Made) -> datetime | None:
    """Return when a key was last used, as it is kept."""
    async with transaction(engine, world.organization_id) as connection:
        query = sa.select(api_keys.c.last_used_at).where(api_keys.c.prefix == key.row["prefix"])
        found: datetime | None = await connection.scalar(query)
    return found


async def is_used(engine: AsyncEngine, world: World, key: Made) -> bool:
    """Tell whether it is written that a key was used."""
    return await last_used(engine, world, key) is not None


async def test_streams_of_a_revoked_key_end_within_five_seconds_on_every_process_and_others_go_on(
    database_url: str, served: Served, engine: AsyncEngine, world: World
) -> None:
    key, other_key = await made(served, world, "lead"), await made(served, world, "lead")
    async with server_process(database_url) as elsewhere:
        there = elsewhere.served
        stream = {"Accept": "text/event-stream", "Authorization": f"Bearer {key.secret}"}
        async with (
            talking(served, key.secret) as idle,
            talking(served, key.secret) as here,
            talking(there, key.secret) as far,
            talking(there, other_key.secret) as beside,
            talking(there, token(world, "lead")) as person,
            httpx.AsyncClient(timeout=20) as client,
            client.stream("POST", there.http, json={"query": BOARD}, headers=stream) as events,
        ):
            for socket in (here, far, beside, person):
                await socket.ready("1", BOARD)
            lines = events.aiter_lines()
            await anext(lines)

            assert (await revoke(served, world, key.id))["errors"] == []

            async with asyncio.timeout(SECONDS):
                assert await status(served, key.secret) == 401
                assert [await each.closed() for each in (idle, here, far)] == [4403] * 3
                assert [line async for line in lines][-3:-1] == ["event: complete", "data:"]
                assert await status(there, key.secret) == 401
            assert await status(there, other_key.secret) == 200
            await Work(engine, world).create()
            assert (await beside.told())[1]["__typename"] == "TicketEvent"
            assert (await person.told())[1]["__typename"] == "TicketEvent"


async def test_without_the_word_of_the_log_they_end_in_time_too(
    served: Served, engine: AsyncEngine, world: World
) -> None:
    key = await made(served, world, "ann")
    async with talking(served, key.secret) as socket:
        await socket.subscribe("1", VIEWER)
        assert (await socket.told())[0] == "1"
        async with transaction(engine, world.organization_id) as connection:
            mine = (api_keys.c.organization_id == world.organization_id, api_keys.c.prefix == key.row["prefix"])
            await connection.execute(sa.update(api_keys).where(*mine).values(revoked_at=now()))
        async with asyncio.timeout(SECONDS):
            assert await socket.closed() == 4403
            assert await status(served, key.secret) == 401


async def test_a_key_that_expires_ends_its_streams(served: Served, engine: AsyncEngine, world: World) -> None:
    key = await made(served, world, "lead")
    async with engine.begin() as connection:
        # Nobody can make a key that is so short: the owner of the tables can.
        await connection.execute(sa.update(api_keys).values(expires_at=now() + timedelta(seconds=2)))
    stream = {"Accept": "text/event-stream", "Authorization": f"Bearer {key.secret}"}
    async with (
        talking(served, key.secret) as socket,
        httpx.AsyncClient(timeout=20) as client,
        client.stream("POST", served.http, json={"query": BOARD}, headers=stream) as events,
    ):
        await socket.ready("1", BOARD)
        async with asyncio.timeout(SECONDS):
            assert await socket.closed() == 4403
            assert "event: complete" in [line async for line in events.aiter_lines()]
    assert await status(served, key.secret) == 401


async def test_a_key_of_a_user_who_leaves_ends_and_one_whose_roles_change_is_told_so(
    served: Served, engine: AsyncEngine, world: World
) -> None:
    leaving, changing = await made(served, world, "dispatcher"), await made(served, world, "lead")
    async with talking(served, leaving.secret) as gone, talking(served, changing.secret) as other:
        await gone.ready("1", BOARD)
        await other.ready("1", RESETS)
        await change_user(engine, world, "lead", logged=True, roles=(Role.DISPATCHER,))
        assert await other.told() == ("1", PERMISSIONS)
        await change_user(engine, world, "dispatcher", logged=True, active=False)
        async with asyncio.timeout(SECONDS):
            assert await gone.closed() == 4403
    assert await status(served, leaving.secret) == 401


async def test_ending_the_sessions_of_a_user_leaves_their_keys(served: Served, world: World) -> None:
    key, bearer = await made(served, world, "ann"), token(world, "ann")
    await revoke_tokens(served, world, "ann", by="admin")
    assert (await status(served, bearer), await status(served, key.secret)) == (401, 200)


async def test_no_request_that_begins_after_the_answer_succeeds(served: Served, world: World) -> None:
    key, over, begun = await made(served, world, "ann"), asyncio.Event(), asyncio.Event()
    late: list[int] = []

    async def use() -> None:
        while len(late) < 50:
            begun_after = over.is_set()
            found = await status(served, key.secret)
            if begun_after:
                late.append(found)
            elif found == 200:
                begun.set()

    using = [asyncio.create_task(use()) for _ in range(8)]
    async with asyncio.timeout(30):
        await begun.wait()
    await revoke(served, world, key.id)
    over.set()
    await asyncio.gather(*using)
    assert set(late) == {401}


async def test_a_new_key_is_good_on_every_process_at_once(database_url: str, served: Served, world: World) -> None:
    async with serving(database_url) as other:
        # From now on the other remembers who Ann is.
        assert await status(other, token(world, "ann")) == 200
        key = await made(served, world, "ann")
        assert await status(other, key.secret) == 200


async def test_when_a_key_was_last_used_is_written_once_a_minute_and_not_told_to_the_log(
    served: Served, engine: AsyncEngine, world: World, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    key, unused = await made(served, world, "ann"), await made(served, world, "ann")
    monkeypatch.setattr(key_usage, "WRITE_EVERY", timedelta(seconds=0.2))
    head = await _head(engine, world)
    async with serving(database_url) as other:
        before = now()
        assert await status(other, key.secret) == 200
        await until_said(lambda: is_used(engine, world, key))
        first = await last_used(engine, world, key)
        for _ in range(20):
            await status(other, key.secret)
        await asyncio.sleep(1)
        again = await last_used(engine, world, key)
    assert first == again
    assert first is not None
    assert before <= first <= now()
    assert await last_used(engine, world, unused) is None
    assert await _head(engine, world) == head


async def test_what_a_server_knew_of_use_is_written_when_it_ends(
    database_url: str, served: Served, engine: AsyncEngine, world: World
) -> None:
    key = await made(served, world, "ann")
    async with serving(database_url) as other, talking(other, key.secret):
        pass
    assert await last_used(engine, world, key) is not None


async def test_each_key_has_a_bucket_and_a_place_of_its_own(database_url: str, served: Served, world: World) -> None:
    keys = [await made(served, world, "dispatcher") for _ in range(2)]
    async with (
        serving(database_url, max_sockets_per_user=1) as strict,
        talking(strict, keys[0].secret),
        talking(strict, keys[1].secret),
        talking(strict, token(world, "dispatcher")),
        opened(strict) as second,
    ):
        payload = {"Authorization": f"Bearer {keys[0].secret}"}
        await second.say({"type": "connection_init", "payload": payload})
        assert await second.closed() == 4429


async def test_no_log_and_no_answer_has_a_key_or_its_hash(database_url: str, engine: AsyncEngine, world: World) -> None:
    async with server_process(database_url, LOG_LEVEL="DEBUG") as process:
        key = await made(process.served, world, "admin", EVERYTHING)
        broken = key.secret[:-1] + ("0" if key.secret[-1] != "0" else "1")
        answers = []
        async with httpx.AsyncClient() as client:
            for secret in (key.secret, broken, key.secret + "x", "fg_"):
                for query in (WHO, "{ nonsense }", "{ apiKeys { totalCount } }"):
                    headers = {"Authorization": f"Bearer {secret}"}
                    answers.append(
                        (await client.post(process.served.http, json={"query": query}, headers=headers)).text
                    )
        await revoke(process.served, world, key.id)
        await status(process.served, key.secret)
        said = process.said()
    async with transaction(engine, world.organization_id) as connection:
        chosen = sa.select(api_keys.c.hash).where(api_keys.c.prefix == key.row["prefix"])
        kept = await connection.scalar(chosen)
    secret = key.secret.rpartition("_")[2]
    assert kept is not None
    assert "request" in said
    for text in (said, *answers):
        assert secret not in text
        assert secret[22:65] not in text
        assert kept.hex() not in text


async def _head(engine: AsyncEngine, world: World) -> int:
    async with transaction(engine, world.organization_id) as connection:
        query = sa.text("SELECT position FROM event_heads WHERE organization_id = :id")
        return int(await connection.scalar(query, {"id": world.organization_id}))
