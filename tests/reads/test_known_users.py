"""Whom a customer's people know of: themselves, their colleagues, and whoever works for the organisation."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

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
