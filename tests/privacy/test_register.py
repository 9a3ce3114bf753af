"""Of every column that there is it has been said whose it is, and how it is erased."""

from dataclasses import fields
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain import administration, appointments, assignments, tickets, views, waitlist
from app.domain.events import changed_fields
from app.domain.privacy.declaring import Declared, Link, Root, Way
from app.domain.privacy.house import LOG, OF_THE_SERVER
from app.domain.privacy.register import PERSONAL_FIELDS, REGISTER, known_fields
from tests.services.scene import fill_every_table
from tests.world import World

_COLUMNS = sa.text(
    "SELECT c.relname AS table_name, a.attname AS name, format_type(a.atttypid, NULL) AS type, a.attnotnull AS needed"
    " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    " WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"
)
RECORDS = (
    administration.Organization,
    administration.Team,
    administration.Territory,
    administration.Skill,
    administration.User,
    administration.Technician,
    administration.Customer,
    administration.Asset,
    administration.Part,
    appointments.Appointment,
    appointments.AppointmentSeries,
    assignments.Assignment,
    tickets.Ticket,
    views.SavedView,
    waitlist.WaitlistEntry,
)
_OF_TEXT = frozenset({"text"})
_OF_LISTS = frozenset({"jsonb", "text[]"})


def undeclared(made: dict[str, set[str]], register: dict[str, Declared]) -> dict[str, set[str]]:
    """Return the columns of which nothing is said, or that are not there, by table."""
    tables = made.keys() | register.keys()
    said = {name: set(register[name].columns) if name in register else set() for name in tables}
    return {name: wrong for name in tables if (wrong := made.get(name, set()) ^ said[name])}


async def columns(engine: AsyncEngine) -> dict[str, dict[str, tuple[str, bool]]]:
    found: dict[str, dict[str, tuple[str, bool]]] = {}
    async with engine.connect() as connection:
        for row in await connection.execute(_COLUMNS):
            if row.table_name not in OF_THE_SERVER:
                found.setdefault(row.table_name, {})[row.name] = (row.type, row.needed)
    return found


async def test_of_every_column_of_every_table_it_is_said_whose_it_is(engine: AsyncEngine) -> None:
    made = {table: set(each) for table, each in (await columns(engine)).items()}

    assert len(made) > 40
    assert undeclared(made, {**REGISTER, LOG.name: LOG}) == {}


async def test_a_new_column_without_a_word_is_noticed(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.execute(sa.text("ALTER TABLE customers ADD COLUMN birthday date"))
        await connection.execute(sa.text("CREATE TABLE pets (organization_id uuid)"))
    made = {table: set(each) for table, each in (await columns(engine)).items()}

    assert undeclared(made, {**REGISTER, LOG.name: LOG}) == {
        "customers": {"birthday"},
        "pets": {"organization_id"},
    }


def test_no_column_is_both_personal_and_not() -> None:
    assert [each.name for each in REGISTER.values() if each.plain & set(each.personal)] == []


async def test_each_value_can_be_erased_in_its_way(engine: AsyncEngine) -> None:
    made = await columns(engine)

    for table in REGISTER.values():
        for column, personal in table.personal.items():
            type_, needed = made[table.name][column]
            if personal.way is Way.TOMBSTONE:
                assert type_ in _OF_TEXT, (table.name, column)
            if personal.way is Way.NULL:
                assert not needed, (table.name, column)
            if personal.way is Way.EMPTY:
                assert type_ in _OF_LISTS, (table.name, column)


def test_whatever_is_personal_is_found_by_something() -> None:
    lost = [each.name for each in REGISTER.values() if each.personal and not any(link.erases for link in each.links)]

    assert lost == []
    for table in REGISTER.values():
        assert {link.column for link in table.links} <= table.columns
    assert {link.root for table in REGISTER.values() for link in table.links} == set(Root)
    assert isinstance(next(iter(REGISTER["tickets"].links)), Link)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_of_every_field_that_a_record_tells_it_is_said_whose_it_is(record: type) -> None:
    blank: Any = object.__new__(record)
    for each in fields(record):
        object.__setattr__(blank, each.name, None)
    told = {change.field for change in changed_fields(None, blank)}

    assert told
    assert told - known_fields(record.__name__) == set()


async def test_of_every_field_in_a_log_it_is_said_whose_it_is(engine: AsyncEngine, world: World) -> None:
    await fill_every_table(engine, world)
    query = sa.text(
        "SELECT DISTINCT kind, told ->> 'field' AS field FROM events, jsonb_array_elements(changes) AS told"
    )
    async with engine.connect() as connection:
        found = {(row.kind, row.field) for row in await connection.execute(query)}

    assert len(found) > 50
    assert [(kind, field) for kind, field in found if field not in known_fields(kind)] == []


async def test_the_database_lets_go_of_the_same_fields(engine: AsyncEngine) -> None:
    kinds = {each.kind for each in REGISTER.values() if each.kind is not None}
    async with engine.connect() as connection:
        said = {
            kind: frozenset(await connection.scalar(sa.text("SELECT personal_fields(:kind)"), {"kind": kind}))
            for kind in kinds
        }

    assert len(PERSONAL_FIELDS) > 10
    assert {kind: names for kind, names in said.items() if names} == dict(PERSONAL_FIELDS)
