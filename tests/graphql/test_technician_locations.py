"""The subscription to where technicians are: who may have it, what it tells, and when it ends."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.auth import actors
from app.clock import now
from app.db.tables.people import technician_territories
from app.db.transaction import transaction
from app.domain.locations import Point
from app.domain.people import Role
from schema.ids import global_id
from tests.graphql.socket_client import Socket, talking
from tests.graphql.test_websocket_rights import change_user
from tests.journeys.process import server_process
from tests.services.scene import Scene
from tests.serving import serving, token
from tests.world import World

WATCH = """
    subscription ($filter: TechnicianFilter, $seconds: Int = 1) {
        technicianLocations(filter: $filter, minIntervalSeconds: $seconds) {
            technician { id name } point { lat lon } stale
        }
    }
"""


@pytest.fixture
def scene(engine: AsyncEngine, world: World) -> Scene:
    return Scene(engine=engine, world=world)


async def said(scene: Scene, name: str, latitude: float) -> None:
    """Let a technician's phone report where it is."""
    await scene.report(name, Point(latitude=latitude, longitude=5.0, recorded_at=now()))


async def told(socket: Socket) -> tuple[str, float]:
    """Return who is told of next, and where they are."""
    _, location = await socket.told()
    return location["technician"]["name"], location["point"]["lat"]


async def ended(socket: Socket) -> list[str]:
    """Return the codes with which a stream ends, that was live or never began."""
    message = await socket.hear()
    if message["type"] == "error":
        return [each["extensions"]["code"] for each in message["payload"]]
    assert message["payload"]["data"] is None
    assert (await socket.hear())["type"] == "complete"
    return [each["extensions"]["code"] for each in message["payload"]["errors"]]


async def quiet(socket: Socket, seconds: float = 1.6) -> None:
    """Say that nothing more is told for a while."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(seconds):
            await socket.raw.recv()


@pytest.mark.parametrize("name", ["dispatcher", "lead", "manager", "admin"])
async def test_first_it_tells_where_everybody_is_and_then_who_moves(database_url: str, scene: Scene, name: str) -> None:
    await said(scene, "ann", 1.0)
    await said(scene, "bob", 2.0)
    async with serving(database_url) as served, talking(served, token(scene.world, name)) as socket:
        await socket.subscribe("1", WATCH)
        assert {await told(socket), await told(socket)} == {("Ann", 1.0), ("Bob", 2.0)}
        await said(scene, "cleo", 3.0)
        assert await told(socket) == ("Cleo", 3.0)
        await said(scene, "ann", 4.0)
        assert await told(socket) == ("Ann", 4.0)
        await quiet(socket)


@pytest.mark.parametrize("name", ["ann", "cleo", "customer", "stranger"])
async def test_it_is_for_dispatchers_and_up(database_url: str, scene: Scene, name: str) -> None:
    await said(scene, "ann", 1.0)
    async with serving(database_url) as served, talking(served, token(scene.world, name)) as socket:
        await socket.subscribe("1", WATCH)
        assert await ended(socket) == ["FORBIDDEN"]


async def test_a_burst_becomes_the_newest_location_once_a_second(database_url: str, scene: Scene) -> None:
    loop = asyncio.get_running_loop()
    async with serving(database_url) as served, talking(served, token(scene.world, "dispatcher")) as socket:
        await said(scene, "ann", 0.0)
        await socket.subscribe("1", WATCH)
        assert await told(socket) == ("Ann", 0.0)
        began = loop.time()
        for n in range(1, 301):
            await said(scene, "ann", n / 10)
        heard = [await told(socket)]
        while heard[-1] != ("Ann", 30.0):
            heard.append(await told(socket))
        seconds = loop.time() - began
        await quiet(socket)

    assert len(heard) <= seconds + 1
    assert [latitude for _, latitude in heard] == sorted({latitude for _, latitude in heard})


async def test_a_longer_interval_holds_back_longer_and_each_stream_has_its_own(database_url: str, scene: Scene) -> None:
    async with serving(database_url) as served, talking(served, token(scene.world, "dispatcher")) as socket:
        await said(scene, "ann", 1.0)
        await socket.subscribe("slow", WATCH, {"seconds": 300})
        assert (await socket.told())[0] == "slow"
        await socket.subscribe("fast", WATCH)
        assert (await socket.told())[0] == "fast"
        for n in (2.0, 3.0):
            await said(scene, "ann", n)
            key, location = await socket.told()
            assert (key, location["point"]["lat"]) == ("fast", n)


async def test_what_is_reported_at_one_process_is_told_at_another(database_url: str, scene: Scene) -> None:
    report = """mutation ($at: DateTime!) {
        reportLocation(input: {points: [{point: {lat: 7.0, lon: 5.0}, recordedAt: $at}]}) { errors { __typename } }
    }"""
    loop = asyncio.get_running_loop()
    async with (
        server_process(database_url) as other,
        serving(database_url) as served,
        talking(served, token(scene.world, "dispatcher")) as here,
        talking(other.served, token(scene.world, "dispatcher")) as there,
    ):
        await said(scene, "bob", 1.0)
        for socket in (here, there):
            await socket.subscribe("1", WATCH)
            assert await told(socket) == ("Bob", 1.0)
        began = loop.time()
        for server in (other.served, served):
            answer = await server.ask(token(scene.world, "ann"), report, {"at": now().isoformat()})
            assert answer["data"]["reportLocation"]["errors"] == []
        assert [await told(here), await told(there)] == [("Ann", 7.0)] * 2
        assert loop.time() - began < 10


async def test_a_filter_tells_only_of_those_whom_it_leaves_by_then(
    database_url: str, engine: AsyncEngine, scene: Scene
) -> None:
    world = scene.world
    key = {"organization_id": world.organization_id}
    async with transaction(engine, world.organization_id) as connection:
        link = {"technician_id": world.technicians["ann"], "territory_id": world.territory_id}
        await connection.execute(sa.insert(technician_territories).values(**key, **link))
    await said(scene, "ann", 1.0)
    await said(scene, "bob", 2.0)
    async with serving(database_url) as served, talking(served, token(world, "dispatcher")) as socket:
        here = {"territoryIds": [global_id("Territory", world.territory_id)]}
        await socket.subscribe("territory", WATCH, {"filter": here})
        assert await told(socket) == ("Ann", 1.0)
        bob = {"ids": [global_id("Technician", world.technicians["bob"])]}
        await socket.subscribe("bob", WATCH, {"filter": bob})
        assert await told(socket) == ("Bob", 2.0)
        async with engine.connect() as superuser:
            moved = sa.update(technician_territories).values(technician_id=world.technicians["bob"])
            await superuser.execute(moved)
        for n, name in enumerate(("ann", "bob"), start=3):
            await said(scene, name, n)
        both = [await socket.told(), await socket.told()]
        assert {(key, each["technician"]["name"], each["point"]["lat"]) for key, each in both} == {
            ("territory", "Bob", 4.0),
            ("bob", "Bob", 4.0),
        }
        await quiet(socket)


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"seconds": 0}, "BAD_USER_INPUT"),
        ({"seconds": 301}, "BAD_USER_INPUT"),
        ({"filter": {"ids": ["nonsense"]}}, "BAD_USER_INPUT"),
        ({"filter": {"ids": [global_id("Ticket", UUID(int=1))]}}, "BAD_USER_INPUT"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    database_url: str, scene: Scene, variables: dict[str, Any], code: str
) -> None:
    async with serving(database_url) as served, talking(served, token(scene.world, "dispatcher")) as socket:
        await socket.subscribe("1", WATCH, variables)
        assert await ended(socket) == [code]


async def test_without_an_interval_it_is_five_seconds(database_url: str, scene: Scene) -> None:
    await said(scene, "ann", 1.0)
    async with serving(database_url) as served, talking(served, token(scene.world, "dispatcher")) as socket:
        await socket.subscribe("1", WATCH, {"seconds": None})
        assert await told(socket) == ("Ann", 1.0)
        await said(scene, "ann", 2.0)
        await quiet(socket, 3)
        assert await told(socket) == ("Ann", 2.0)


@pytest.mark.parametrize("moves", [True, False])
async def test_a_dispatcher_who_is_none_any_more_is_told_nothing_more(
    database_url: str, engine: AsyncEngine, scene: Scene, moves: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actors, "LIFE", timedelta(0))
    await said(scene, "ann", 1.0)
    beat = 20.0 if moves else 0.3
    async with (
        serving(database_url, heartbeat_seconds=beat) as served,
        talking(served, token(scene.world, "dispatcher")) as socket,
    ):
        await socket.subscribe("1", WATCH)
        assert await told(socket) == ("Ann", 1.0)
        await change_user(engine, scene.world, "dispatcher", roles=(Role.TECHNICIAN,))
        if moves:
            await said(scene, "ann", 2.0)
        assert await ended(socket) == ["FORBIDDEN"]


async def test_a_role_that_changes_and_still_may_goes_on(
    database_url: str, engine: AsyncEngine, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actors, "LIFE", timedelta(0))
    await said(scene, "ann", 1.0)
    async with serving(database_url) as served, talking(served, token(scene.world, "dispatcher")) as socket:
        await socket.subscribe("1", WATCH)
        assert await told(socket) == ("Ann", 1.0)
        await change_user(engine, scene.world, "dispatcher", roles=(Role.MANAGER,))
        await said(scene, "ann", 2.0)
        assert await told(socket) == ("Ann", 2.0)


async def test_a_token_that_expires_closes_the_socket_with_4403(database_url: str, scene: Scene) -> None:
    await said(scene, "ann", 1.0)
    async with serving(database_url) as served:
        bearer = token(scene.world, "dispatcher", lifetime=timedelta(seconds=1.5))
        async with talking(served, bearer) as socket:
            await socket.subscribe("1", WATCH)
            assert await told(socket) == ("Ann", 1.0)
            async with asyncio.timeout(3):
                assert await socket.closed() == 4403


async def test_a_user_who_is_deactivated_is_out_within_five_seconds(
    database_url: str, engine: AsyncEngine, scene: Scene
) -> None:
    async with serving(database_url) as served, talking(served, token(scene.world, "dispatcher")) as socket:
        await said(scene, "ann", 1.0)
        await socket.subscribe("1", WATCH)
        assert await told(socket) == ("Ann", 1.0)
        await change_user(engine, scene.world, "dispatcher", active=False)
        async with asyncio.timeout(5):
            assert await socket.closed() == 4403


async def test_a_server_that_stops_ends_the_stream(database_url: str, scene: Scene) -> None:
    await said(scene, "ann", 1.0)
    async with serving(database_url) as served:
        talk = talking(served, token(scene.world, "dispatcher"))
        socket = await talk.__aenter__()
        await socket.subscribe("1", WATCH)
        assert await told(socket) == ("Ann", 1.0)
    assert await socket.closed() == 1012
    await talk.__aexit__(None, None, None)
