"""A token may narrow its user to no role at all: then nothing of the work, and nobody's things, can be read."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.domain.policy import Visibility
from app.reads import agreements, entities, relations
from app.reads.batches import count_many, load_by_key, load_many
from app.reads.entities import Entity
from app.reads.lists import load_list
from app.reads.orders import Kind, Term, ending_in_id
from app.reads.pages import Placed
from app.reads.reader import Reader
from app.reads.relations import Relation
from tests.reads.seed import Seed

pytestmark = pytest.mark.asyncio(loop_scope="module")

USERS = ["customer", "ann", "admin"]
KEPT_BACK = [
    *(entities.TICKET, entities.COMMENT, entities.ASSIGNMENT, entities.CUSTOMER, entities.ASSET),
    *(entities.ORGANIZATION, entities.TEAM, entities.SKILL, entities.TERRITORY, entities.TECHNICIAN, entities.PART),
]
LEADING_THERE = [
    each
    for each in [*vars(relations).values(), *vars(agreements).values()]
    if isinstance(each, Relation) and each.many and each.target in KEPT_BACK
]


def narrowed(seed: Seed, name: str) -> Reader:
    """Return a look as the user with every role taken away."""
    reader = Reader(seed.engine, replace(seed.actor(name), roles=frozenset()))
    assert reader.visibility is Visibility.NOTHING
    return reader


async def keys_in(seed: Seed, column: "sa.ColumnElement[Any]") -> list[Any]:
    """Return every value of a column, whoever may see it."""
    async with seed.engine.connect() as connection:
        return list((await connection.scalars(sa.select(column).distinct().where(column.is_not(None)))).all())


@pytest.mark.parametrize("name", USERS)
@pytest.mark.parametrize("entity", KEPT_BACK, ids=lambda entity: entity.name)
async def test_without_a_role_no_row_is_found_by_its_key_or_in_a_list(seed: Seed, entity: Entity, name: str) -> None:
    keys = await keys_in(seed, entity.table.c.id)
    assert keys
    reader = narrowed(seed, name)
    assert await load_by_key(reader, entity, keys) == {}
    page = await load_list(reader, entity, ending_in_id([Term("created_at", Kind.MOMENT)]), Placed(100))
    assert page.nodes == []
    assert await page.count() == 0
    await reader.close()


@pytest.mark.parametrize("name", USERS)
@pytest.mark.parametrize("relation", LEADING_THERE, ids=lambda relation: relation.name)
async def test_without_a_role_no_relation_leads_there(seed: Seed, relation: Relation, name: str) -> None:
    near = relation.target.table.c[relation.target_column]
    keys = await keys_in(seed, near if relation.via is None else relation.via.table.c[relation.via.near])
    assert keys
    reader = narrowed(seed, name)

    async def counted(key: UUID) -> int:
        return (await count_many(reader, relation, [key]))[key]

    pages = await load_many(reader, relation, None, keys, counted)
    assert {key: page.nodes for key, page in pages.items()} == {key: [] for key in keys}
    assert await count_many(reader, relation, keys) == dict.fromkeys(keys, 0)
    await reader.close()


@pytest.mark.parametrize("name", USERS)
async def test_without_a_role_nobody_is_found_but_oneself(seed: Seed, name: str) -> None:
    reader = narrowed(seed, name)
    people = await load_by_key(reader, entities.USER, list(seed.world.users.values()))
    assert set(people) == {seed.world.users[name]}
    await reader.close()
