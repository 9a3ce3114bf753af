import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.db.engine import open_engine
from app.db.tables.organizations import teams
from app.db.transaction import ConnectionLost, Mode, system_transaction, transaction
from tests.world import World

SETTINGS = sa.text(
    "SELECT current_user AS role, current_setting('app.organization_id', true) AS organization,"
    " current_setting('statement_timeout') AS deadline, current_setting('transaction_isolation') AS isolation,"
    " current_setting('transaction_read_only') AS read_only, pg_backend_pid() AS backend"
)


@pytest.fixture
async def single(database_url: str) -> AsyncIterator[AsyncEngine]:
    """One connection, so that each transaction finds what the one before it has left behind."""
    opened = open_engine(database_url, size=1)
    yield opened
    await opened.dispose()


async def teams_of(connection: AsyncConnection) -> set[str]:
    return set((await connection.scalars(sa.select(teams.c.name))).all())


async def add_team(connection: AsyncConnection, world: World, name: str) -> None:
    await connection.execute(sa.insert(teams).values(organization_id=world.organization_id, name=name))


async def kill_backends(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    await connection.close()


async def test_a_transaction_says_who_it_is_how_it_isolates_and_how_long_it_may_take(single: AsyncEngine) -> None:
    organization_id = uuid4()

    async with transaction(single, organization_id, timeout_seconds=3) as connection:
        write = (await connection.execute(SETTINGS)).one()
    async with transaction(single, organization_id, mode=Mode.READ) as connection:
        read = (await connection.execute(SETTINGS)).one()
    async with system_transaction(single) as connection:
        system = (await connection.execute(SETTINGS)).one()

    app = ("fieldgraph_app", str(organization_id))
    assert tuple(write)[:5] == (*app, "3s", "read committed", "off")
    assert tuple(read)[:5] == (*app, "10s", "repeatable read", "on")
    assert tuple(system)[:5] == ("fieldgraph_system", "", "10s", "repeatable read", "on")


async def test_nothing_is_left_in_the_session(single: AsyncEngine, world: World) -> None:
    async with single.connect() as connection:
        before = (await connection.execute(SETTINGS)).one()
    async with transaction(single, world.organization_id) as connection:
        await add_team(connection, world, "east")
    with pytest.raises(DBAPIError):
        async with transaction(single, world.organization_id, timeout_seconds=0.05) as connection:
            await connection.execute(sa.text("SELECT pg_sleep(5)"))
    async with single.connect() as connection:
        after = (await connection.execute(SETTINGS)).one()

    assert after.backend == before.backend
    assert (before.organization, after.organization) == (None, "")
    assert (after.role, after.deadline) == (before.role, before.deadline)


async def test_what_the_block_wrote_is_there_after_it(single: AsyncEngine, world: World) -> None:
    async with transaction(single, world.organization_id) as connection:
        await add_team(connection, world, "east")

    async with transaction(single, world.organization_id) as connection:
        assert await teams_of(connection) == {"north", "south", "east"}


async def write_and_fail(engine: AsyncEngine, world: World) -> None:
    async with transaction(engine, world.organization_id) as connection:
        await add_team(connection, world, "east")
        raise LookupError("changed my mind")


async def test_any_error_undoes_the_whole_block_and_the_connection_lives_on(single: AsyncEngine, world: World) -> None:
    with pytest.raises(LookupError):
        await write_and_fail(single, world)

    async with transaction(single, world.organization_id) as connection:
        assert await teams_of(connection) == {"north", "south"}


async def test_a_statement_that_fails_undoes_the_whole_block(single: AsyncEngine, world: World) -> None:
    async with transaction(single, world.organization_id) as connection:
        await add_team(connection, world, "west")

    with pytest.raises(DBAPIError, match="duplicate key"):
        await write_twice(single, world)

    async with transaction(single, world.organization_id) as connection:
        assert await teams_of(connection) == {"north", "south", "west"}


async def write_twice(engine: AsyncEngine, world: World) -> None:
    async with transaction(engine, world.organization_id) as connection:
        await add_team(connection, world, "east")
        await add_team(connection, world, "west")


async def test_a_block_that_is_cancelled_is_undone_and_its_connection_can_be_used_again(
    single: AsyncEngine, world: World
) -> None:
    begun = asyncio.Event()

    async def write_and_wait() -> None:
        async with transaction(single, world.organization_id) as connection:
            await add_team(connection, world, "east")
            begun.set()
            await connection.execute(sa.text("SELECT pg_sleep(30)"))

    task = asyncio.create_task(write_and_wait())
    await begun.wait()
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async with asyncio.timeout(5), transaction(single, world.organization_id) as connection:
        assert await teams_of(connection) == {"north", "south"}


async def test_a_read_refuses_to_write(single: AsyncEngine, world: World) -> None:
    async with transaction(single, world.organization_id, mode=Mode.READ) as connection:
        with pytest.raises(DBAPIError, match="read-only transaction"):
            await add_team(connection, world, "east")


async def test_a_read_sees_one_moment_however_many_statements_it_takes(engine: AsyncEngine, world: World) -> None:
    async with transaction(engine, world.organization_id, mode=Mode.READ) as reading:
        before = await teams_of(reading)
        async with transaction(engine, world.organization_id) as writing:
            await add_team(writing, world, "east")
        after = await teams_of(reading)
    async with transaction(engine, world.organization_id) as connection:
        now = await teams_of(connection)

    assert before == after == {"north", "south"}
    assert now == {"north", "south", "east"}


async def test_a_statement_that_takes_too_long_is_ended_by_the_server(single: AsyncEngine) -> None:
    async with transaction(single, uuid4(), timeout_seconds=0.1) as connection:
        with pytest.raises(DBAPIError, match="statement timeout") as caught:
            await connection.execute(sa.text("SELECT pg_sleep(5)"))

    assert getattr(caught.value.orig, "sqlstate", None) == "57014"


async def test_connections_that_died_in_the_pool_are_replaced_without_anyone_noticing(
    database_url: str, engine: AsyncEngine, world: World
) -> None:
    async with (
        transaction(engine, world.organization_id),
        transaction(engine, world.organization_id),
        transaction(engine, world.organization_id),
    ):
        pass
    await kill_backends(database_url)

    async with transaction(engine, world.organization_id) as connection:
        assert await teams_of(connection) == {"north", "south"}


async def test_a_connection_that_is_lost_before_the_commit_has_written_nothing(
    database_url: str, engine: AsyncEngine, world: World
) -> None:
    with pytest.raises(ConnectionLost):
        await write_and_lose_the_connection(database_url, engine, world)

    async with transaction(engine, world.organization_id) as connection:
        assert await teams_of(connection) == {"north", "south"}


async def write_and_lose_the_connection(database_url: str, engine: AsyncEngine, world: World) -> None:
    async with transaction(engine, world.organization_id) as connection:
        await add_team(connection, world, "east")
        await kill_backends(database_url)


async def test_an_address_where_nothing_listens_is_an_error_of_the_network() -> None:
    closed = open_engine("postgresql://nobody@127.0.0.1:1/nowhere", size=2)

    with pytest.raises(OSError, match="Connect call failed"):
        async with transaction(closed, uuid4()):
            raise AssertionError("the block must not begin")

    await closed.dispose()
