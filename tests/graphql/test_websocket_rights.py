"""Who may go on listening: tokens end, users leave, roles change, while a connection lasts."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from app.auth import actors, attendance
from app.clock import now
from app.db import log
from app.db.tables.people import users
from app.db.transaction import transaction
from app.domain.events import Concerned, EventType, NewEvent
from app.domain.people import EventSource, Role
from tests.graphql.proxy import proxied
from tests.graphql.socket_client import opened, talking
from tests.graphql.test_websocket import BOARD, VIEWER, YEAR
from tests.graphql.work import Work
from tests.serving import serving, token
from tests.world import World

RESETS = f"subscription {{ dispatchBoard({YEAR}) {{ __typename ... on StreamReset {{ reason }} }} }}"
PERMISSIONS = {"__typename": "StreamReset", "reason": "PERMISSIONS_CHANGED"}


async def change_user(engine: AsyncEngine, world: World, name: str, *, logged: bool = False, **values: object) -> None:
    """Change a user's row, with or without a word to the log."""
    async with transaction(engine, world.organization_id) as connection:
        mine = (users.c.organization_id == world.organization_id, users.c.id == world.users[name])
        await connection.execute(sa.update(users).where(*mine).values(**values))
        if logged:
            await tell_of_user(connection, world, name)
    async with engine.connect() as connection:
        await connection.exec_driver_sql("NOTIFY fieldgraph_log")


async def tell_of_user(connection: AsyncConnection, world: World, name: str) -> None:
    """Append to the log that a user's row has changed."""
    event = NewEvent(
        type=EventType.RECORD_CHANGED,
        kind="User",
        id=world.users[name],
        version=2,
        occurred_at=now(),
        changes=(),
        before=Concerned(),
        after=Concerned(),
    )
    await log.append(
        connection,
        organization_id=world.organization_id,
        change_id=uuid7(),
        actor_id=None,
        source=EventSource.SYSTEM,
        ip_address=None,
        now=now(),
        new=[event],
        answer=None,
    )


@pytest.mark.parametrize("query", [None, BOARD, VIEWER])
async def test_a_token_that_expires_closes_the_socket_with_4403(
    database_url: str, world: World, query: str | None
) -> None:
    async with serving(database_url) as served:
        bearer = token(world, "dispatcher", lifetime=timedelta(seconds=1.5))
        async with talking(served, bearer) as socket:
            if query is not None:
                await socket.subscribe("1", query)
            async with asyncio.timeout(3):
                assert await socket.closed() == 4403


async def test_a_user_who_is_deactivated_is_out_within_five_seconds_though_nothing_happens(
    database_url: str, engine: AsyncEngine, world: World
) -> None:
    async with (
        serving(database_url) as served,
        talking(served, token(world, "dispatcher")) as listening,
        talking(served, token(world, "dispatcher")) as idle,
    ):
        await listening.ready("1", BOARD)
        await change_user(engine, world, "dispatcher", active=False)
        async with asyncio.timeout(5):
            assert [await listening.closed(), await idle.closed()] == [4403, 4403]


async def test_a_user_whose_deactivation_is_logged_is_out_at_the_next_event(
    database_url: str, engine: AsyncEngine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attendance, "LOOK_SECONDS", 60)
    async with serving(database_url) as served, talking(served, token(world, "dispatcher")) as socket:
        await socket.ready("1", BOARD)
        await change_user(engine, world, "dispatcher", logged=True, active=False)
        async with asyncio.timeout(2):
            assert await socket.closed() == 4403


async def test_an_operation_of_a_user_who_is_gone_closes_the_socket(
    database_url: str, engine: AsyncEngine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attendance, "LOOK_SECONDS", 60)
    monkeypatch.setattr(actors, "LIFE", timedelta(0))
    async with serving(database_url) as served, talking(served, token(world, "dispatcher")) as socket:
        await change_user(engine, world, "dispatcher", active=False)
        await socket.subscribe("1", VIEWER)
        assert await socket.closed() == 4403


@pytest.mark.parametrize("logged", [True, False])
async def test_a_role_that_changes_resets_the_stream_which_goes_on(
    database_url: str, engine: AsyncEngine, world: World, logged: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attendance, "LOOK_SECONDS", 60 if logged else 0.05)
    work = Work(engine, world)
    async with serving(database_url) as served, talking(served, token(world, "dispatcher")) as socket:
        await socket.ready("1", RESETS)
        await work.create()
        assert await socket.told() == ("1", {"__typename": "TicketEvent"})
        await change_user(engine, world, "dispatcher", logged=logged, roles=(Role.MANAGER,))
        assert await socket.told() == ("1", PERMISSIONS)
        if not logged:
            await work.create()
        assert await socket.told() == ("1", {"__typename": "RecordEvent" if logged else "TicketEvent"})


async def test_a_dispatcher_who_is_none_any_more_gets_nothing_more_of_the_board(
    database_url: str, engine: AsyncEngine, world: World
) -> None:
    work = Work(engine, world)
    async with serving(database_url) as served, talking(served, token(world, "dispatcher")) as socket:
        await socket.ready("1", RESETS)
        await change_user(engine, world, "dispatcher", logged=True, roles=(Role.TECHNICIAN,))
        assert await socket.told() == ("1", PERMISSIONS)
        ended = await socket.hear()
        assert (ended["type"], ended["payload"]["data"]) == ("next", None)
        assert [error["extensions"]["code"] for error in ended["payload"]["errors"]] == ["FORBIDDEN"]
        assert await socket.hear() == {"type": "complete", "id": "1"}
        await work.create()
        await socket.subscribe("2", VIEWER)
        assert await socket.told() == ("2", {"roles": ["TECHNICIAN"]})


async def test_a_database_that_is_away_for_a_moment_bans_nobody_and_no_event_is_lost(
    database_url: str, engine: AsyncEngine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attendance, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(actors, "LIFE", timedelta(0))
    work = Work(engine, world)
    async with (
        proxied(database_url) as (proxy, through),
        serving(through, database_pool_size=2) as served,
        talking(served, token(world, "dispatcher")) as socket,
    ):
        await socket.ready("1", BOARD)
        await proxy.cut()
        await work.create()
        await asyncio.sleep(0.3)
        await proxy.let_in()
        assert (await socket.told())[1]["__typename"] == "TicketEvent"


async def test_a_database_that_is_away_asks_new_clients_to_come_again(database_url: str, world: World) -> None:
    async with proxied(database_url) as (proxy, through), serving(through) as served:
        await proxy.cut()
        async with opened(served) as socket:
            bearer = token(world, "dispatcher")
            await socket.say({"type": "connection_init", "payload": {"Authorization": f"Bearer {bearer}"}})
            assert await socket.closed() == 1012
