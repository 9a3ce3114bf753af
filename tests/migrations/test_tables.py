"""The tables as the program knows them, against the tables that the migrations make."""

import re
from enum import StrEnum
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.tables import families
from app.db.tables.base import metadata
from app.db.tables.families import FAMILIES
from app.domain.assignments import ACTIVE, AssignmentStatus
from app.domain.people import Role
from app.domain.tickets import TicketStatus

# A reader must be able to meet event types that were written by a later release.
UNCHECKED = frozenset({("events", "type")})

COLUMNS = sa.text(
    """
    SELECT c.relname AS table_name, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
        a.attnotnull AS not_null, a.attgenerated <> '' AS generated,
        a.attgenerated = '' AND d.oid IS NOT NULL AS has_default,
        coalesce(array_position(k.conkey, a.attnum), 0) AS key_place
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p'
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'alembic_version'
    """
)
CHECKS = sa.text(
    """
    SELECT c.conrelid::regclass::text AS table_name, a.attname AS name, pg_get_constraintdef(c.oid) AS rule
    FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
    WHERE c.contype = 'c' AND cardinality(c.conkey) = 1 AND c.connamespace = 'public'::regnamespace
    """
)
RANKS = sa.text(
    "SELECT proname AS name, pg_get_functiondef(oid) AS body FROM pg_proc"
    " WHERE pronamespace = 'public'::regnamespace AND proname LIKE '%\\_rank'"
)


def spelled(column: "sa.Column[object]", engine: AsyncEngine) -> str:
    """Return the type as PostgreSQL names it; words are kept as text."""
    kind = column.type
    if isinstance(kind, sa.Enum):
        return "text"
    if isinstance(kind, ARRAY) and isinstance(kind.item_type, sa.Enum):
        return "text[]"
    text = str(kind.compile(engine.dialect)).lower()
    return text.replace(", ", ",")


async def test_both_have_the_same_columns(engine: AsyncEngine) -> None:
    files = {path.stem for path in Path(families.__file__).parent.glob("*.py")}
    async with engine.connect() as connection:
        rows = (await connection.execute(COLUMNS)).all()
    made = {
        (row.table_name, row.name): (row.type, row.not_null, row.generated, row.has_default, row.key_place)
        for row in rows
        # The library knows its own.
        if row.table_name != "timer_pickups" and not row.table_name.startswith("pgqueuer")
    }

    known = {
        (table.name, column.name): (
            spelled(column, engine),
            not column.nullable or column.primary_key,
            column.computed is not None,
            column.server_default is not None and column.computed is None,
            [*table.primary_key].index(column) + 1 if column.primary_key else 0,
        )
        for table in metadata.tables.values()
        for column in table.columns
    }

    assert {each.__name__.rpartition(".")[2] for each in FAMILIES} == files - {"__init__", "base", "families"}
    assert len(known) > 200
    assert known == made


def words_of(column: "sa.Column[object]") -> type[StrEnum] | None:
    kind = column.type.item_type if isinstance(column.type, ARRAY) else column.type
    found = kind.enum_class if isinstance(kind, sa.Enum) else None
    return found if found is not None and issubclass(found, StrEnum) else None


async def test_every_column_of_words_takes_the_words_of_the_domain_and_no_others(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        checks = (await connection.execute(CHECKS)).all()
        ranks = (await connection.execute(RANKS)).all()
    functions = {row.name: row.body for row in ranks}
    allowed: dict[tuple[str, str], list[str]] = {}
    for row in checks:
        ranked = re.search(r"(\w+_rank)\(", row.rule)
        source = functions[ranked[1]] if ranked else row.rule
        allowed[row.table_name, row.name] = re.findall(r"'([A-Z_0-9]+)'(?:::text)", source)

    expected = {
        (table.name, column.name): [each.value for each in words]
        for table in metadata.tables.values()
        for column in table.columns
        if (words := words_of(column)) is not None and (table.name, column.name) not in UNCHECKED
    }

    # The outcome is checked together with the status, in a test of its own.
    expected.pop(("assignments", "outcome"))
    assert len(expected) >= 11
    assert {name: allowed[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("function", "words"), [("ticket_status_rank", TicketStatus), ("assignment_status_rank", AssignmentStatus)]
)
async def test_statuses_rank_in_life_cycle_order(engine: AsyncEngine, function: str, words: type[StrEnum]) -> None:
    asked = [*(each.value for each in words), "UNHEARD_OF"]
    rank = getattr(sa.func, function)
    async with engine.connect() as connection:
        ranks = [await connection.scalar(sa.select(rank(each))) for each in asked]

    assert ranks == [*range(1, len(words) + 1), None]


async def test_the_index_on_active_jobs_means_the_domains_active_statuses(engine: AsyncEngine) -> None:
    query = sa.text("SELECT indexname, indexdef FROM pg_indexes WHERE indexname = ANY (:names)")
    names = ["assignments_in_queue", "one_active_assignment"]
    async with engine.connect() as connection:
        rows = (await connection.execute(query, {"names": names})).all()

    found = {row.indexname: re.findall(r"'([A-Z_]+)'::text", row.indexdef) for row in rows}
    assert found == {name: [*ACTIVE] for name in names}


async def test_roles_are_checked_one_by_one(engine: AsyncEngine) -> None:
    query = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'users_roles_check'"
    async with engine.connect() as connection:
        rule = await connection.scalar(sa.text(query))

    assert re.findall(r"'([A-Z_]+)'::text", rule) == [*Role]
