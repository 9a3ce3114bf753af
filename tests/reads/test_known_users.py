"""Whom a customer's people know of: themselves, their colleagues, and whoever works for the organisation."""

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.tables.people import users
from app.db.transaction import transaction
from app.domain.people import Role
from app.reads import batches, entities
from app.reads.reader import Reader
from tests.world import World

STAFF = {"dispatcher", "lead", "manager", "admin", "ann", "bob", "cleo", "dan"}


@pytest.mark.parametrize(
    ("viewer", "known"),
    [
        ("customer", STAFF | {"customer"}),
        ("stranger", STAFF | {"stranger"}),
        ("ann", STAFF | {"customer", "stranger"}),
        ("dispatcher", STAFF | {"customer", "stranger"}),
    ],
)
async def test_customers_know_no_users_of_other_customers(
    engine: AsyncEngine, world: World, viewer: str, known: set[str]
) -> None:
    reader = Reader(engine, world.actor(viewer))
    found = await batches.load_by_key(reader, entities.USER, list(world.users.values()))
    await reader.close()

    assert {name for name, key in world.users.items() if key in found} == known


async def test_a_technician_who_left_is_known_by_the_jobs_they_did(engine: AsyncEngine, world: World) -> None:
    of_bob = (users.c.organization_id == world.organization_id, users.c.id == world.users["bob"])
    async with transaction(engine, world.organization_id) as connection:
        await connection.execute(sa.update(users).where(*of_bob).values(roles=(Role.END_USER,), active=False))

    reader = Reader(engine, world.actor("customer"))
    found = await batches.load_by_key(reader, entities.USER, [world.users["bob"]])
    await reader.close()

    assert set(found) == {world.users["bob"]}
