"""Every declared relation: many parents at once give what each gives alone."""

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.db.transaction import transaction
from app.domain.appointments import AppointmentType
from app.reads import agreements, relations
from app.reads.batches import count_many, load_by_key, load_many, load_one
from app.reads.entities import NODES
from app.reads.pages import Placed
from app.reads.reader import ReaderClosed
from app.reads.record import Record
from app.reads.relations import Relation
from tests.reads.seed import Seed

pytestmark = pytest.mark.asyncio(loop_scope="module")

DECLARED = {
    each.name: each for each in [*vars(relations).values(), *vars(agreements).values()] if isinstance(each, Relation)
}
ONE = [name for name, each in DECLARED.items() if not each.many]
MANY = [name for name, each in DECLARED.items() if each.many]
_USERS = ["dispatcher", "ann", "customer", "stranger"]


async def parents(seed: Seed, relation: Relation) -> list[Any]:
    """Return every value a parent can have, and one that none has."""
    near = relation.target.table.c[relation.target_column]
    if relation.via is not None:
        near = relation.via.table.c[relation.via.near]
    async with transaction(seed.engine, seed.world.organization_id) as connection:
        found = (await connection.scalars(sa.select(near).distinct().where(near.is_not(None)))).all()
    of_nobody = (UUID(int=99), 99, AppointmentType.COMPONENT_REPAIR, "TKT-1999-000001")
    nobody = next(each for each in of_nobody if isinstance(found[0], type(each)))
    return [*found, nobody]


def told(record: Record | None) -> Any:
    return None if record is None else tuple(record._row)


async def test_relations_have_names_of_their_own() -> None:
    assert len(DECLARED) == sum(
        isinstance(each, Relation) for each in [*vars(relations).values(), *vars(agreements).values()]
    )
    assert len(ONE) > 15
    assert len(MANY) > 8


@pytest.mark.parametrize("user", _USERS)
@pytest.mark.parametrize("name", ONE)
async def test_one_row_for_each_of_many_is_the_row_for_each_alone(seed: Seed, name: str, user: str) -> None:
    relation = DECLARED[name]
    keys = await parents(seed, relation)
    reader = seed.reader(user)
    before = reader.statements
    together = await load_one(reader, relation, keys)
    assert reader.statements == before + 1
    for key in keys[:12] + keys[-1:]:
        alone = await load_one(reader, relation, [key])
        assert told(together.get(key)) == told(alone.get(key))
        assert set(alone) <= {key}
    await reader.close()
    assert keys[-1] not in together
    assert set(together) <= set(keys)


@pytest.mark.parametrize("asked", [None, Placed(2), Placed(2, backwards=True), Placed(0)])
@pytest.mark.parametrize("name", MANY)
async def test_a_list_for_each_of_many_is_the_list_for_each_alone(seed: Seed, name: str, asked: Placed | None) -> None:
    relation = DECLARED[name]
    keys = await parents(seed, relation)
    for user in _USERS:
        reader = seed.reader(user)

        async def counted(key: Any, reader: Any = reader) -> int:
            return (await count_many(reader, relation, [key]))[key]

        together = await load_many(reader, relation, asked, keys, counted)
        assert reader.statements == 1
        assert list(together) == keys
        counts = await count_many(reader, relation, keys)
        for key in keys[:8] + keys[-1:]:
            alone = (await load_many(reader, relation, asked, [key], counted))[key]
            page = together[key]
            assert [told(node) for node in page.nodes] == [told(node) for node in alone.nodes]
            assert (page.has_next_page, page.has_previous_page) == (alone.has_next_page, alone.has_previous_page)
            assert await page.count() == counts[key]
            if asked is None:
                assert len(page.nodes) == counts[key]
        await reader.close()
        assert together[keys[-1]].nodes == []
        assert counts[keys[-1]] == 0


@pytest.mark.parametrize("name", NODES)
async def test_rows_by_their_keys_are_the_rows_of_each_key_alone(seed: Seed, name: str) -> None:
    entity = NODES[name]
    async with transaction(seed.engine, seed.world.organization_id) as connection:
        known = list((await connection.scalars(sa.select(entity.table.c.id))).all())
    keys = [*known, UUID(int=99)]
    for user in _USERS:
        reader = seed.reader(user)
        together = await load_by_key(reader, entity, [*keys, keys[0]])
        assert reader.statements == 1
        for key in keys[:10] + keys[-1:]:
            assert told(together.get(key)) == told((await load_by_key(reader, entity, [key])).get(key))
        await reader.close()
        assert UUID(int=99) not in together


async def test_a_reader_that_was_closed_opens_nothing_more(seed: Seed) -> None:
    reader = seed.reader()
    await load_by_key(reader, NODES["Ticket"], [seed.tickets[0]["id"]])
    await reader.close()
    with pytest.raises(ReaderClosed):
        await load_by_key(reader, NODES["Ticket"], [seed.tickets[0]["id"]])
    await reader.close()
