"""What is said of kinds of rows, against the database: nothing that points to one is forgotten."""

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.services.administration.kinds import every_kind

KEYS = sa.text(
    """
    SELECT c.conrelid::regclass::text AS source, c.confrelid::regclass::text AS target, a.attname AS column
    FROM pg_constraint AS c
    JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[array_upper(c.conkey, 1)]
    WHERE c.contype = 'f' AND c.conparentid = 0 AND a.attname <> 'organization_id'
    """
)
UNIQUE = sa.text(
    """
    SELECT i.indrelid::regclass::text AS table, i.indexrelid::regclass::text AS name FROM pg_index AS i
    WHERE i.indisunique AND NOT i.indisprimary
    """
)


@pytest.mark.parametrize("kind", every_kind())
async def test_whatever_can_point_to_a_row_is_a_use_of_it_or_belongs_to_it(engine: AsyncEngine, kind: str) -> None:
    kept = every_kind()[kind]
    async with engine.connect() as connection:
        pointing = {(row.source, row.column) for row in await connection.execute(KEYS) if row.target == kept.table.name}

    used = {(each.by.table.name, each.by.name) for each in kept.uses}
    belonging = {(column.table.name, column.name) for column in kept.belongings}
    belonging |= {(lines.table.name, lines.parent) for lines in kept.lines}
    assert used | belonging == pointing
    assert used & belonging == set()


@pytest.mark.parametrize("kind", every_kind())
async def test_whatever_must_be_unique_is_told_by_its_field(engine: AsyncEngine, kind: str) -> None:
    kept = every_kind()[kind]
    async with engine.connect() as connection:
        unique = {row.name for row in await connection.execute(UNIQUE) if row.table == kept.table.name}

    assert set(kept.alike) == unique


@pytest.mark.parametrize("kind", every_kind())
def test_a_column_that_must_have_a_value_is_needed(kind: str) -> None:
    kept = every_kind()[kind]

    for each in kept.said:
        assert each.needed is not bool(kept.table.c[each.name].nullable), each.name
