"""The log's one exception: who may make it, when, and of what."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from app.db.personal import erase_addresses, erase_events
from app.db.tables.log import events
from app.db.tables.privacy import erasures
from app.db.transaction import transaction
from app.domain.erasures import ErasureReason, ErasureSubject
from app.domain.events import Event
from app.domain.privacy.declaring import TOMBSTONE
from tests.privacy.persona import Filled
from tests.services.scene import Scene
from tests.world import BEFORE, World, make_world

ERASE_ALL = "UPDATE events SET changes = erased_changes(kind, changes, NULL)"
IMMUTABLE = "events are immutable"


@pytest.fixture
async def scene(engine: AsyncEngine, world: World) -> Scene:
    """A ticket of the customer's."""
    made = Scene(engine=engine, world=world)
    await made.ticket("customer", address="1 Lane", idempotency_key="once")
    return made


async def note(connection: AsyncConnection, world: World, name: str = "customer") -> None:
    """Note that somebody's data is erased, as whoever erases does."""
    noted = {"id": uuid7(), "kind": ErasureSubject.USER, "subject_id": world.users[name], "erased_at": BEFORE}
    why = {"reason": ErasureReason.REQUESTED, "change_id": uuid7()}
    await connection.execute(sa.insert(erasures).values(organization_id=world.organization_id, **noted, **why))


async def subject(scene: Scene) -> Event:
    (event,) = await scene.events()
    return event


async def test_the_application_cannot_erase_by_itself(scene: Scene) -> None:
    with pytest.raises(DBAPIError, match="permission denied for table events"):
        async with transaction(scene.engine, scene.world.organization_id) as connection:
            await connection.execute(sa.text(ERASE_ALL))


@pytest.mark.parametrize("role", ["fieldgraph_erasure", None])
async def test_nobody_becomes_the_role_and_does_the_like(scene: Scene, role: str | None) -> None:
    before = await scene.events()
    async with scene.engine.connect() as connection:
        await connection.execute(sa.text("BEGIN"))
        organization = str(scene.world.organization_id)
        await connection.execute(sa.select(sa.func.set_config("app.organization_id", organization, True)))
        if role is not None:
            await connection.execute(sa.text(f"SET LOCAL ROLE {role}"))
        with pytest.raises(DBAPIError, match=IMMUTABLE):
            await connection.execute(sa.text(ERASE_ALL))
        await connection.execute(sa.text("ROLLBACK"))

    assert await scene.events() == before


async def test_nobody_is_erased_without_its_being_noted_in_the_same_transaction(scene: Scene) -> None:
    world, event = scene.world, await subject(scene)
    customer = world.users["customer"]

    async with transaction(scene.engine, world.organization_id) as connection:
        await note(connection, world)
    with pytest.raises(DBAPIError, match="nobody is being erased"):
        async with transaction(scene.engine, world.organization_id) as connection:
            await erase_events(connection, customer, [event.subject_id], after=0)
    with pytest.raises(DBAPIError, match="nobody is being erased"):
        async with transaction(scene.engine, world.organization_id) as connection:
            await erase_addresses(connection, customer, after=0, until=9)

    assert await scene.events() == [event]


async def test_nobody_calls_the_functions_but_the_application(scene: Scene) -> None:
    query = sa.text(
        "SELECT grantee FROM information_schema.routine_privileges"
        " WHERE routine_name IN ('erase_events', 'erase_addresses') AND grantee <> 'fieldgraph_erasure'"
    )
    rights = sa.text(
        "SELECT table_name, column_name, privilege_type FROM information_schema.column_privileges"
        " WHERE grantee = 'fieldgraph_erasure' AND privilege_type <> 'SELECT'"
    )
    async with scene.engine.connect() as connection:
        grantees = set(await connection.scalars(query))
        changed = {tuple(row) for row in await connection.execute(rights)}

    assert grantees == {"fieldgraph_app"}
    assert changed == {("events", "changes", "UPDATE"), ("events", "ip_address", "UPDATE")}


async def test_events_of_another_organisation_are_out_of_reach(scene: Scene) -> None:
    other = await make_world(scene.engine, "Nachbarn")
    event = await subject(scene)

    async with transaction(scene.engine, other.organization_id) as connection:
        await note(connection, other)
        assert await erase_events(connection, other.users["customer"], [event.subject_id], after=0) == 0

    assert await scene.events() == [event]


async def test_what_is_not_personal_cannot_be_erased_by_name(scene: Scene) -> None:
    world, event = scene.world, await subject(scene)

    async with transaction(scene.engine, world.organization_id) as connection:
        await note(connection, world)
        customer = world.users["customer"]
        only = ("status", "requester_id", "title")
        assert await erase_events(connection, customer, [event.subject_id], after=0, only=only) == 1

    told = {each.field: each.new for each in (await subject(scene)).changes}
    was = {each.field: each.new for each in event.changes}
    assert told == {**was, "title": TOMBSTONE}


# What a function of the role could do, if it were written otherwise and had more rights.
TOO_MUCH = {
    "position": "position + 100",
    "id": "uuidv7()",
    "change_id": "uuidv7()",
    "type": "'TICKET_DELETED'",
    "kind": "'Comment'",
    "subject_id": "uuidv7()",
    "version": "version + 1",
    "existed": "NOT existed",
    "requester_after": "NULL",
    "internal_after": "true",
    "actor_id": "NULL",
    "source": "'SYSTEM'",
    "occurred_at": "occurred_at - interval '1 s'",
    "recorded_at": "recorded_at - interval '1 s'",
    "ip_address": "'192.0.2.1'",
    "changes": "'[]'",
    "changes ": "jsonb_set(changes, '{0,new}', '\"Another title\"')",
    "changes  ": "changes || changes",
    "changes   ": "replace(changes::text, 'NEW', '[erased]')::jsonb",
    "changes    ": "replace(changes::text, 'title', 'titles')::jsonb",
}


@pytest.mark.parametrize("column", TOO_MUCH)
async def test_even_within_a_function_of_the_role_nothing_else_is_changed(scene: Scene, column: str) -> None:
    before = await scene.events()
    body = f"UPDATE public.events SET {column} = {TOO_MUCH[column]}"  # noqa: S608 - written above
    async with scene.engine.connect() as superuser:
        for statement in (
            "GRANT UPDATE ON events TO fieldgraph_erasure",
            f"CREATE FUNCTION overreach() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$ {body} $$",
            "ALTER FUNCTION overreach() OWNER TO fieldgraph_erasure",
        ):
            await superuser.execute(sa.text(statement))

    with pytest.raises(DBAPIError, match="only what is personal may be erased"):
        async with transaction(scene.engine, scene.world.organization_id) as connection:
            await connection.execute(sa.text("SELECT overreach()"))

    assert await scene.events() == before


async def test_a_function_of_the_role_that_erases_is_let_through(scene: Scene) -> None:
    """So that the refusals above are for what was to be changed."""
    async with scene.engine.connect() as superuser:
        body = ERASE_ALL.replace("events", "public.events").replace("erased_changes", "public.erased_changes")
        for statement in (
            f"CREATE FUNCTION overreach() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$ {body} $$",
            "ALTER FUNCTION overreach() OWNER TO fieldgraph_erasure",
        ):
            await superuser.execute(sa.text(statement))
    async with transaction(scene.engine, scene.world.organization_id) as connection:
        await connection.execute(sa.text("SELECT overreach()"))

    told = {each.field: each.new for each in (await subject(scene)).changes}
    assert (told["title"], told["address"], told["status"]) == (TOMBSTONE, TOMBSTONE, "NEW")


@pytest.mark.parametrize("statement", ["DELETE FROM events", "TRUNCATE events"])
async def test_no_event_is_removed_by_the_role(scene: Scene, statement: str) -> None:
    async with scene.engine.connect() as superuser:
        for each in (
            "GRANT DELETE, TRUNCATE ON events TO fieldgraph_erasure",
            f"CREATE FUNCTION overreach() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$ {statement} $$",
            "ALTER FUNCTION overreach() OWNER TO fieldgraph_erasure",
        ):
            await superuser.execute(sa.text(each))

    with pytest.raises(DBAPIError, match=IMMUTABLE):
        async with transaction(scene.engine, scene.world.organization_id) as connection:
            await connection.execute(sa.text("SELECT overreach()"))


async def test_every_address_of_the_persons_goes_and_no_other(filled: Filled) -> None:
    scene = filled.scene
    async with scene.engine.connect() as superuser:
        query = sa.select(events.c.actor_id, events.c.ip_address).where(events.c.ip_address.is_not(None))
        before = (await superuser.execute(query)).all()
        await filled.erase_user()
        after = (await superuser.execute(query)).all()

    user_id = scene.world.users["customer"]
    assert {row.actor_id for row in before} == {user_id, scene.world.users["ann"]}
    assert after == [row for row in before if row.actor_id != user_id]
