"""Who is let in over HTTP, over websockets, and to follow events: every case of the table, then what time changes.

The server is real, and so is the identity provider whose keys it fetches over HTTP.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from secrets import randbits
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa
from joserfc.jwk import ECKey, Key
from uuid_utils.compat import uuid7

from app.db import log
from app.db.embedded.server import EmbeddedServer
from app.db.engine import open_engine
from app.db.tables.api_keys import api_keys
from app.db.tables.people import users
from app.db.transaction import transaction
from app.domain.api_key_texts import KeyHashes, mint
from app.domain.people import ApiKeyScope
from app.main import parts, server
from tests.auth import key_server
from tests.database import database
from tests.graphql.tokens.cases import CASES, Case
from tests.graphql.tokens.provider import FIRST, LATER, LET_IN, REFUSED, RSA, SECOND, SETTINGS, Clock, Gates
from tests.serving import serving
from tests.world import World, make_world


def key_of_tomorrow() -> Key:
    """Return a key that no provider publishes yet."""
    return ECKey.generate_key("P-256", {"kid": "tomorrow"})


@asynccontextmanager
async def guarded(url: str, world: World, *, provider_is_up: bool = True) -> AsyncIterator[Gates]:
    """Serve a database with an identity provider that publishes two keys, and one of a kind that is not allowed."""
    clock, engine = Clock(), open_engine(url, size=3)
    with pytest.MonkeyPatch.context() as patch:
        for module in (server, parts):
            patch.setattr(module, "now", clock.now)
        async with key_server.serving(FIRST, SECOND, RSA) as provider:
            if not provider_is_up:
                await provider.stop()
            async with serving(url, auth_jwks_url=provider.url, **SETTINGS) as served:
                yield Gates(served=served, provider=provider, engine=engine, world=world, clock=clock)
    await engine.dispose()


async def add_key(gates: Gates, user: str, **values: Any) -> str:
    """Insert an API key of a user; values that are given differ from those of a good one. Return its text."""
    async with gates.engine.connect() as connection:
        hashes = KeyHashes.of_log((await log.identity(connection)).cursor_key)
    at, key = gates.clock.now(), mint(gates.world.organization_id, random=randbits)
    row = {
        "organization_id": gates.world.organization_id,
        "id": uuid7(),
        "name": user,
        "prefix": key.prefix,
        "hash": hashes.of(key),
        "scopes": (ApiKeyScope.READ,),
        "user_id": gates.world.users[user],
        "expires_at": at + timedelta(days=30),
        "created_at": at,
        "updated_at": at,
        **values,
    }
    async with transaction(gates.engine, gates.world.organization_id) as connection:
        await connection.execute(sa.insert(api_keys).values(row))
    return key.text


async def change(gates: Gates, user: str, **values: Any) -> None:
    """Change a user's row."""
    async with transaction(gates.engine, gates.world.organization_id) as connection:
        mine = (users.c.organization_id == gates.world.organization_id, users.c.id == gates.world.users[user])
        await connection.execute(sa.update(users).where(*mine).values(**values))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gates(database_server: EmbeddedServer, database_template: str) -> AsyncIterator[Gates]:
    """A server for the whole table: the lead has left, the manager's sessions were ended, and there are keys."""
    async with database(database_server, database_template) as url:
        engine = open_engine(url, size=2)
        world, other = await make_world(engine), await make_world(engine, "Elsewhere")
        await engine.dispose()
        async with guarded(url, world) as ready:
            at = ready.clock.now()
            await change(ready, "lead", active=False)
            await change(ready, "manager", tokens_revoked_at=at)
            ready.keys["sessions ended"] = str(int(at.timestamp()))
            ready.keys["good"] = await add_key(ready, "dispatcher")
            ready.keys["revoked"] = await add_key(ready, "dispatcher", revoked_at=at)
            ready.keys["ended"] = await add_key(ready, "dispatcher", expires_at=at)
            ready.keys["of who left"] = await add_key(ready, "lead")
            ready.keys["stranger"] = str(other.users["dispatcher"])
            yield ready


def test_there_are_more_than_forty_cases_of_different_names() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 60
    assert {case.expected for case in CASES} == {LET_IN, REFUSED}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
async def test_by_every_way_a_case_is_answered_as_it_should_be(gates: Gates, case: Case) -> None:
    assert await gates.ways(case.send(gates)) == case.expected


@pytest.mark.asyncio(loop_scope="module")
async def test_who_is_refused_stays_so_however_often_they_come_and_whoever_came_before(gates: Gates) -> None:
    good, narrow = gates.token(name="admin"), gates.token(name="admin", roles=["DISPATCHER"])
    later, before = (gates.token(name="manager", iat=gates.ended(after)) for after in (1, -9))
    for let_in, refused in ((good, narrow), (later, before), (gates.token(), gates.keys["revoked"])):
        for _ in range(3):
            assert await gates.by_http(f"Bearer {let_in}") == 200
            assert [await gates.by_http(f"Bearer {refused}") for _ in range(3)] == [401] * 3


@pytest.fixture
async def alone(database_url: str, world: World) -> AsyncIterator[Gates]:
    """A server whose clock a test puts forward."""
    async with guarded(database_url, world) as ready:
        yield ready


def bearer(gates: Gates, *arguments: Any, **claims: Any) -> str:
    """Return a header with a token."""
    return f"Bearer {gates.token(*arguments, **claims)}"


async def test_for_five_minutes_without_its_provider_a_server_lets_in_whom_it_knows(alone: Gates) -> None:
    known, strange = bearer(alone), bearer(alone, key_of_tomorrow())
    assert await alone.ways(known) == LET_IN

    await alone.provider.stop()
    for _ in range(10):
        alone.clock.forward(seconds=30)
        # A new token each time, so that nothing is remembered of it.
        assert await alone.ways(bearer(alone)) == LET_IN
        assert await alone.ways(known) == LET_IN
        # Of a key that nobody knows nothing can be said, neither yes nor no.
        assert await alone.ways(strange) == LATER

    await alone.provider.restart()
    alone.clock.forward(seconds=10)
    assert await alone.ways(bearer(alone)) == LET_IN
    assert await alone.ways(strange) == REFUSED


async def test_keys_that_are_an_hour_old_serve_on_while_the_provider_is_down_and_not_for_more_than_a_day(
    alone: Gates,
) -> None:
    assert await alone.ways(bearer(alone)) == LET_IN
    await alone.provider.stop()

    alone.clock.forward(minutes=61)
    assert await alone.ways(bearer(alone)) == LET_IN
    alone.clock.forward(minutes=5)
    assert await alone.ways(bearer(alone)) == LET_IN
    alone.clock.forward(hours=23)
    assert await alone.ways(bearer(alone)) == LATER

    await alone.provider.restart()
    alone.clock.forward(seconds=10)
    assert await alone.ways(bearer(alone)) == LET_IN


async def test_a_provider_that_comes_back_with_other_keys_is_believed(alone: Gates) -> None:
    tomorrow = key_of_tomorrow()
    assert await alone.ways(bearer(alone)) == LET_IN
    await alone.provider.stop()
    alone.clock.forward(minutes=5)
    assert await alone.ways(bearer(alone, tomorrow)) == LATER

    alone.provider.publish(tomorrow)
    await alone.provider.restart()
    alone.clock.forward(seconds=10)

    assert await alone.ways(bearer(alone, tomorrow)) == LET_IN
    assert await alone.ways(bearer(alone, FIRST)) == REFUSED


async def test_while_keys_rotate_old_and_new_ones_open_and_a_withdrawn_one_ends_within_an_hour(alone: Gates) -> None:
    tomorrow, old = key_of_tomorrow(), bearer(alone)
    assert await alone.ways(old) == LET_IN

    alone.provider.publish(FIRST, tomorrow)
    alone.clock.forward(seconds=10)
    assert await alone.ways(bearer(alone, tomorrow)) == LET_IN
    assert await alone.ways(old) == LET_IN

    alone.provider.publish(tomorrow)
    alone.clock.forward(minutes=30)
    assert await alone.ways(bearer(alone, tomorrow)) == LET_IN
    assert await alone.ways(old) == LET_IN

    alone.clock.forward(minutes=31)
    assert await alone.ways(bearer(alone, tomorrow)) == LET_IN
    assert await alone.ways(old) == REFUSED


@pytest.mark.parametrize("trouble", ["500 Internal Server Error", "HTML", "no keys", "silence"])
async def test_a_provider_that_talks_nonsense_is_one_that_is_down(alone: Gates, trouble: str) -> None:
    assert await alone.by_http(bearer(alone)) == 200
    match trouble:
        case "HTML":
            alone.provider.body = b"<html>Sorry</html>"
        case "no keys":
            alone.provider.body = b'{"keys": "none"}'
        case "silence":
            alone.provider.open.clear()
        case status:
            alone.provider.status = status
    alone.clock.forward(minutes=5)

    assert await alone.by_http(bearer(alone)) == 200
    assert await alone.by_http(bearer(alone, key_of_tomorrow())) == 503


async def test_a_server_that_starts_without_its_provider_waits_for_it_and_lets_keys_in(
    database_url: str, world: World
) -> None:
    async with guarded(database_url, world, provider_is_up=False) as gates:
        key = await add_key(gates, "dispatcher")
        assert await gates.ways(bearer(gates)) == LATER
        assert await gates.ways(f"Bearer {key}") == LET_IN

        await gates.provider.restart()
        gates.clock.forward(seconds=10)

        assert await gates.ways(bearer(gates)) == LET_IN


async def test_an_answer_that_comes_later_says_when(alone: Gates) -> None:
    await alone.provider.stop()
    answer: httpx.Response = await alone.answer(bearer(alone))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
