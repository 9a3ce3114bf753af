"""One look at the database: one snapshot, one statement at a time, one answer to what went wrong."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.db.embedded.server import EmbeddedServer
from app.db.engine import driver_of, open_engine
from app.db.tables.customers import parts
from app.db.tables.organizations import teams
from app.db.transaction import transaction
from app.reads import entities, relations
from app.reads.batches import load_by_key
from app.reads.pages import Placed
from app.reads.reader import Reader, ReaderClosed
from resolvers.loaders import Loaders
from schema.execution.failures import failure
from tests.database import database
from tests.world import World, make_world

pytestmark = pytest.mark.asyncio(loop_scope="module")

_SLOW = sa.select(sa.func.pg_sleep(5))
_QUICK = sa.select(sa.literal(1))
_NO_SUCH: "sa.Select[Any]" = sa.select(sa.column("nothing")).select_from(sa.table("no_such_table"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def database_url(database_server: EmbeddedServer, database_template: str) -> AsyncIterator[str]:
    """The address of a database that the tests of this file share; each has an organisation of its own."""
    async with database(database_server, database_template) as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """Connections to the shared database."""
    opened = open_engine(database_url, size=4)
    yield opened
    await opened.dispose()


@pytest_asyncio.fixture(loop_scope="module")
async def world(engine: AsyncEngine) -> World:
    """An organisation of the test's own."""
    return await make_world(engine)


def reader_for(engine: AsyncEngine, world: World, *, timeout_seconds: float = 10) -> Reader:
    return Reader(engine, world.actor("dispatcher"), timeout_seconds=timeout_seconds)


async def add_team(engine: AsyncEngine, world: World, name: str) -> None:
    async with transaction(engine, world.organization_id) as connection:
        await connection.execute(sa.insert(teams).values(organization_id=world.organization_id, name=name))


async def stock(reader: Reader, world: World) -> int:
    found = await load_by_key(reader, entities.PART, [world.part_id])
    return int(found[world.part_id].stock)


async def names(reader: Reader) -> set[str]:
    return {row.name for row in await reader.rows(sa.select(teams.c.name))}


async def test_what_is_committed_meanwhile_is_for_the_next_look(engine: AsyncEngine, world: World) -> None:
    first = reader_for(engine, world)
    assert await names(first) == {"north", "south"}
    assert await stock(first, world) == 10

    await add_team(engine, world, "west")
    async with transaction(engine, world.organization_id) as connection:
        here = (parts.c.organization_id == world.organization_id) & (parts.c.id == world.part_id)
        await connection.execute(sa.update(parts).where(here).values(stock=3))

    second = reader_for(engine, world)
    assert await names(second) == {"north", "south", "west"}
    assert await stock(second, world) == 3
    assert await names(first) == {"north", "south"}
    assert await stock(first, world) == 10
    await first.close()
    await second.close()


async def test_a_look_begins_with_its_first_statement(engine: AsyncEngine, world: World) -> None:
    reader = reader_for(engine, world)
    await add_team(engine, world, "west")
    assert await names(reader) == {"north", "south", "west"}
    assert reader.statements == 1
    await reader.close()


async def test_a_look_cannot_write(engine: AsyncEngine, world: World) -> None:
    async def rename(connection: AsyncConnection) -> None:
        await connection.execute(sa.update(teams).values(name="taken over"))

    reader = reader_for(engine, world)
    with pytest.raises(DBAPIError, match="read-only transaction"):
        await reader.run(rename)
    await reader.close()
    another = reader_for(engine, world)
    assert await names(another) == {"north", "south"}
    await another.close()


async def test_a_look_sees_one_organisation_alone(engine: AsyncEngine, world: World) -> None:
    other = await make_world(engine, "Elsewhere")
    reader = reader_for(engine, world)
    # No condition names the organisation: the database itself keeps the others away.
    organizations = await reader.rows(sa.select(teams.c.organization_id).distinct())
    assert [row.organization_id for row in organizations] == [world.organization_id]
    assert await load_by_key(reader, entities.PART, [other.part_id]) == {}
    await reader.close()


async def test_a_closed_look_stays_closed_and_holds_no_connection(database_url: str, world: World) -> None:
    engine = open_engine(database_url, size=1)
    unused, used = reader_for(engine, world), reader_for(engine, world)
    await unused.close()
    assert await names(used) == {"north", "south"}
    await used.close()
    await used.close()
    for closed in (unused, used):
        with pytest.raises(ReaderClosed):
            await closed.rows(_QUICK)
        with pytest.raises(ReaderClosed):
            await closed.run(driver_of)
    assert (unused.statements, used.statements) == (0, 1)
    # The only connection there is can be had again.
    after = reader_for(engine, world)
    assert await names(after) == {"north", "south"}
    await after.close()
    await engine.dispose()


async def test_closing_waits_for_the_statement_under_way_and_refuses_the_rest(
    engine: AsyncEngine, world: World
) -> None:
    reader = reader_for(engine, world)
    begun = asyncio.Event()

    async def slow(connection: AsyncConnection) -> int:
        begun.set()
        return int((await connection.execute(sa.select(sa.literal(7), sa.func.pg_sleep(0.1)))).scalar_one())

    under_way = asyncio.create_task(reader.run(slow))
    await begun.wait()
    queued = asyncio.create_task(reader.rows(_QUICK))
    await reader.close()
    assert under_way.done()
    assert await under_way == 7
    with pytest.raises(ReaderClosed):
        await queued


async def test_statements_asked_for_together_are_served_one_at_a_time(engine: AsyncEngine, world: World) -> None:
    reader = reader_for(engine, world)
    inside: list[int] = []
    most = 0

    async def read(connection: AsyncConnection, number: int) -> int:
        nonlocal most
        inside.append(number)
        most = max(most, len(inside))
        found = await connection.execute(sa.select(sa.literal(number), sa.func.pg_sleep(0.01)))
        inside.remove(number)
        return int(found.scalar_one())

    assert await asyncio.gather(*(reader.run(read, number) for number in range(12))) == list(range(12))
    assert most == 1
    assert reader.statements == 12
    await reader.close()


async def test_parallel_loads_take_one_statement_for_each_relation(engine: AsyncEngine, world: World) -> None:
    reader = reader_for(engine, world)
    loaders = Loaders(reader)
    keys = [*world.technicians.values(), UUID(int=99)]

    found = await asyncio.gather(*(loaders.row(entities.TECHNICIAN, key) for key in keys * 3))
    assert [None if row is None else row.id for row in found] == [*world.technicians.values(), None] * 3
    assert reader.statements == 1

    people = [row for row in found if row is not None]
    await asyncio.gather(
        *(loaders.one(relations.TECHNICIAN_USER, row) for row in people),
        *(loaders.one(relations.TECHNICIAN_TEAM, row) for row in people),
        *(loaders.many(relations.TECHNICIAN_SKILLS, row) for row in people),
        *(loaders.many(relations.TECHNICIAN_TERRITORIES, row, Placed(2)) for row in people),
    )
    assert reader.statements == 5

    pages = await asyncio.gather(*(loaders.many(relations.TECHNICIAN_SKILLS, row) for row in people))
    assert reader.statements == 5
    assert await asyncio.gather(*(page.count() for page in pages)) == [1] * len(people)
    assert reader.statements == 6
    await reader.close()


async def test_a_timeout_is_the_answer_to_everything_asked_after_it(engine: AsyncEngine, world: World) -> None:
    reader = reader_for(engine, world, timeout_seconds=0.1)
    answers = await asyncio.gather(
        reader.rows(_SLOW), reader.rows(_QUICK), stock(reader, world), reader.run(driver_of), return_exceptions=True
    )
    assert [failure(error)["extensions"]["code"] for error in answers if isinstance(error, Exception)] == [
        "TIMEOUT"
    ] * 4
    assert len(set(map(id, answers))) == 1
    assert reader.statements == 1
    with pytest.raises(DBAPIError, match="statement timeout"):
        await reader.rows(_QUICK)
    await reader.close()
    with pytest.raises(ReaderClosed):
        await reader.rows(_QUICK)


async def test_the_first_failure_is_told_and_not_its_consequence(engine: AsyncEngine, world: World) -> None:
    reader = reader_for(engine, world)
    assert await stock(reader, world) == 10
    with pytest.raises(DBAPIError, match="no_such_table") as first:
        await reader.rows(_NO_SUCH)
    with pytest.raises(DBAPIError, match="no_such_table") as second:
        await stock(reader, world)
    assert second.value is first.value
    await reader.close()


async def test_a_refusal_of_ours_leaves_the_look_as_it_was(engine: AsyncEngine, world: World) -> None:
    async def refuse(_connection: AsyncConnection) -> None:
        raise LookupError("no such place")

    reader = reader_for(engine, world)
    with pytest.raises(LookupError):
        await reader.run(refuse)
    assert await stock(reader, world) == 10
    await reader.close()


async def test_a_connection_given_back_after_a_failure_is_as_good_as_new(database_url: str, world: World) -> None:
    engine = open_engine(database_url, size=1)
    failed = reader_for(engine, world, timeout_seconds=0.05)
    with pytest.raises(DBAPIError):
        await failed.rows(_SLOW)
    await failed.close()
    after = reader_for(engine, world)
    assert await names(after) == {"north", "south"}
    await after.close()
    await engine.dispose()


async def test_a_database_out_of_reach_is_asked_once(database_url: str, world: World) -> None:
    url = database_url.rsplit("/", 1)[0] + "/no_such_database"
    engine = open_engine(url, size=1)
    reader = reader_for(engine, world)
    told = await asyncio.gather(*(reader.rows(_QUICK) for _ in range(3)), return_exceptions=True)
    assert len(set(map(id, told))) == 1
    assert isinstance(told[0], Exception)
    assert reader.statements == 0
    await reader.close()
    await engine.dispose()


async def test_a_killed_connection_is_unavailable_for_every_later_statement(engine: AsyncEngine, world: World) -> None:
    reader = reader_for(engine, world)
    own = (await reader.rows(sa.select(sa.func.pg_backend_pid().label("pid"))))[0].pid
    async with engine.connect() as connection:
        await connection.execute(sa.select(sa.func.pg_terminate_backend(own, 5000)))
    told = await asyncio.gather(*(reader.rows(_QUICK) for _ in range(3)), return_exceptions=True)
    codes = [failure(error)["extensions"]["code"] for error in told if isinstance(error, Exception)]
    assert codes == ["UNAVAILABLE"] * 3
    await reader.close()
