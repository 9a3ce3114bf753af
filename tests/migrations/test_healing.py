"""Rows from before their checks were there: they are healed once, and the database refuses their like afterwards."""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

import asyncpg
import pytest
import sqlalchemy as sa

from app.db.engine import open_engine
from app.db.migrate import downgrade, upgrade
from app.db.tables.organizations import territories
from app.db.transaction import transaction
from app.domain import validation
from app.domain.api_keys import LONGEST_LIFE
from app.domain.organizations import HORIZON_DAYS
from tests.db.logins import external_login
from tests.services.scene import fill_every_table
from tests.world import BEFORE, World, make_world

BEFORE_IT = "0029"
FIRST, LAST = date(1, 1, 2), date(9999, 12, 30)
OTHER_TERRITORY = "INSERT INTO territories (organization_id, name, time_zone) VALUES ($1, 'Elsewhere', 'Factory')"
# Each breaks one rule, and is taken by nobody once the step is done.
BROKEN: Mapping[str, str] = {
    "organizations_time_zone_sensible": "UPDATE organizations SET time_zone = 'localtime'",
    "territories_time_zone_sensible": "UPDATE territories SET time_zone = 'Mars/Olympus'",
    "business_calendars_time_zone_sensible": "UPDATE business_calendars SET time_zone = 'localtime'",
    "appointment_series_time_zone_sensible": "UPDATE appointment_series SET time_zone = 'Factory'",
    "appointments_time_zone_sensible": "UPDATE appointments SET time_zone = 'Foo3'",
    "technician_skills_expires_on_sensible": "UPDATE technician_skills SET expires_on = 'infinity'",
    "territory_holidays_day_sensible": "UPDATE territory_holidays SET day = '-infinity'",
    "business_calendars_holidays_sensible": (
        "UPDATE business_calendars SET holidays = ARRAY['infinity', '2026-12-25', '9999-12-30']::date[]"
    ),
    "appointment_series_exceptions_sensible": (
        "UPDATE appointment_series SET exceptions = ARRAY['2026-12-25', '-infinity']::date[]"
    ),
    "shifts_ends_sensible": "UPDATE shifts SET ends_at = 'infinity'",
    "shift_breaks_ends_sensible": "UPDATE shift_breaks SET ends_at = 'infinity'",
    "time_off_ends_sensible": "UPDATE time_off SET starts_at = '-infinity', ends_at = 'infinity'",
    "api_keys_expires_at_sensible": "UPDATE api_keys SET expires_at = 'infinity'",
    "organization_settings_auto_book_within_days_sensible": (
        "UPDATE organization_settings SET auto_book_within_days = 60"
    ),
}


async def filled(url: str) -> tuple[World, World]:
    """Return two organisations with something in every table."""
    engine = open_engine(url, size=2)
    try:
        worlds = await make_world(engine, "Mine"), await make_world(engine, "Theirs")
        for world in worlds:
            await fill_every_table(engine, world)
    finally:
        await engine.dispose()
    return worlds


async def broken(url: str) -> tuple[World, World]:
    """Break every rule in both organisations, as the release before allowed, and go up again."""
    worlds = await filled(url)
    await asyncio.to_thread(downgrade, url, BEFORE_IT)
    connection = await asyncpg.connect(url)
    try:
        for statement in BROKEN.values():
            assert int((await connection.execute(statement)).split()[-1]) >= 2, statement
        for world in worlds:
            await connection.execute(OTHER_TERRITORY, world.organization_id)
            erased = (world.organization_id, world.users["admin"], BEFORE)
            await connection.execute(
                "INSERT INTO erasures (organization_id, id, kind, subject_id, reason, change_id, erased_at)"
                " VALUES ($1, uuidv7(), 'USER', $2, 'REQUESTED', uuidv7(), $3)",
                *erased,
            )
    finally:
        await connection.close()
    await asyncio.to_thread(upgrade, url)
    return worlds


async def values(url: str, query: str, *given: Any) -> set[tuple[Any, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return {tuple(row) for row in await connection.fetch(query, *given)}
    finally:
        await connection.close()


async def of(url: str, table: str, column: str, organization_id: UUID) -> set[Any]:
    found = await values(url, f"SELECT {column} FROM {table} WHERE organization_id = $1", organization_id)  # noqa: S608 - names of ours
    return {value for (value,) in found}


async def test_what_was_broken_is_whole_in_every_organisation(database_url: str) -> None:
    last = datetime(9999, 12, 30, tzinfo=UTC)
    for world in await broken(database_url):
        id_ = world.organization_id

        assert await of(database_url, "organizations", "time_zone", id_) == {"UTC"}
        for table in ("territories", "business_calendars", "appointment_series", "appointments"):
            assert await of(database_url, table, "time_zone", id_) == {"UTC"}, table
        assert await of(database_url, "technician_skills", "expires_on", id_) == {LAST}
        assert await of(database_url, "territory_holidays", "day", id_) == {FIRST}
        calendars = await of(database_url, "business_calendars", "holidays::text", id_)
        assert calendars == {"{2026-12-25,9999-12-30}"}
        assert await of(database_url, "appointment_series", "exceptions::text", id_) == {"{0001-01-02,2026-12-25}"}
        for table in ("shifts", "shift_breaks"):
            assert await of(database_url, table, "ends_at", id_) == {last}, table
        first = datetime(1, 1, 2, tzinfo=UTC)
        assert await values(
            database_url, "SELECT starts_at, ends_at FROM time_off WHERE organization_id = $1", id_
        ) == {(first, last)}
        keys = "SELECT expires_at - created_at, revoked_at FROM api_keys WHERE organization_id = $1"
        assert await values(database_url, keys, id_) == {(LONGEST_LIFE, BEFORE)}
        assert await of(database_url, "organization_settings", "auto_book_within_days", id_) == {HORIZON_DAYS}


async def test_a_zone_of_a_place_becomes_its_organisation_s(database_url: str) -> None:
    (mine, _) = await filled(database_url)
    await asyncio.to_thread(downgrade, database_url, BEFORE_IT)
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(OTHER_TERRITORY, mine.organization_id)
        before = set(await connection.fetch("SELECT * FROM events"))
    finally:
        await connection.close()

    await asyncio.to_thread(upgrade, database_url)

    assert await of(database_url, "territories", "name || ': ' || time_zone", mine.organization_id) == {
        "Centre: Europe/Amsterdam",
        "Elsewhere: Europe/Amsterdam",
    }
    assert await values(database_url, "SELECT * FROM events") == {tuple(row) for row in before}


async def test_two_holidays_that_become_one_day_are_one(database_url: str) -> None:
    (mine, _) = await filled(database_url)
    await asyncio.to_thread(downgrade, database_url, BEFORE_IT)
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(
            "INSERT INTO territory_holidays (organization_id, territory_id, day, name)"
            " VALUES ($1, $2, 'infinity', 'For ever'), ($1, $2, '9999-12-30', 'Last')",
            mine.organization_id,
            mine.territory_id,
        )
    finally:
        await connection.close()

    await asyncio.to_thread(upgrade, database_url)

    query = "SELECT day, name FROM territory_holidays WHERE organization_id = $1"
    assert await values(database_url, query, mine.organization_id) == {
        (date(2026, 12, 25), "Christmas"),
        (LAST, "Last"),
    }


async def test_what_is_whole_is_left_alone(database_url: str) -> None:
    await filled(database_url)
    await asyncio.to_thread(downgrade, database_url, BEFORE_IT)
    tables = [name.partition("_sensible")[0] for name in BROKEN]
    connection = await asyncpg.connect(database_url)
    try:
        known = [row[0] for row in await connection.fetch("SELECT tablename FROM pg_tables")]
        tables = [name for name in known if any(each.startswith(name) for each in tables)]
        assert len(tables) >= 10
        before = {name: await connection.fetch(f"SELECT * FROM {name} ORDER BY 1, 2") for name in tables}  # noqa: S608 - names of ours
        await asyncio.to_thread(upgrade, database_url)
        after = {name: await connection.fetch(f"SELECT * FROM {name} ORDER BY 1, 2") for name in tables}  # noqa: S608 - names of ours
    finally:
        await connection.close()

    assert after == before


@pytest.mark.parametrize("rule", BROKEN)
async def test_the_like_is_refused(database_url: str, rule: str) -> None:
    await filled(database_url)
    connection = await asyncpg.connect(database_url)
    try:
        with pytest.raises(asyncpg.CheckViolationError) as refused:
            await connection.execute(BROKEN[rule])
    finally:
        await connection.close()

    assert refused.value.constraint_name == rule


async def test_the_database_knows_the_zones_that_clients_may_name(database_url: str) -> None:
    asked = sorted({*available_timezones(), "Foo3", "Foo/Bar", "europe/amsterdam", "Foo/5", "UTC+3", "", "Etc/GMT+50"})
    found = await values(database_url, "SELECT name, is_time_zone(name) FROM unnest($1::text[]) AS name", asked)

    assert len(asked) > 500
    assert {name for name, known in found if known} == {name for name in asked if validation.is_zone(name)}


async def test_no_column_of_days_was_forgotten(database_url: str) -> None:
    """A new one needs a check of its own: the driver writes the last day of the calendar as infinity."""
    query = """
        SELECT c.relname, a.attname FROM pg_class AS c
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
            AND format_type(a.atttypid, a.atttypmod) IN ('date', 'date[]') AND NOT EXISTS (
                SELECT FROM pg_constraint AS said
                WHERE said.conrelid = c.oid AND said.contype = 'c' AND a.attnum = ANY (said.conkey))
    """
    assert await values(database_url, query) == set()
    assert timedelta(days=1830) == LONGEST_LIFE


@pytest.fixture
def external_url() -> Iterator[str]:
    """The address of a database whose owner is a plain login."""
    with external_login() as url:
        yield url


async def test_a_plain_login_heals_though_policies_hold_for_it(external_url: str) -> None:
    engine = open_engine(external_url, size=2)
    try:
        worlds = await make_world(engine, "Mine"), await make_world(engine, "Theirs")
        await asyncio.to_thread(downgrade, external_url, BEFORE_IT)
        for world in worlds:
            async with transaction(engine, world.organization_id) as connection:
                await connection.execute(sa.update(territories).values(time_zone="localtime"))

        await asyncio.to_thread(upgrade, external_url)

        for world in worlds:
            async with transaction(engine, world.organization_id) as connection:
                zones = (await connection.scalars(sa.select(territories.c.time_zone))).all()
            assert zones == ["Europe/Amsterdam"]
    finally:
        await engine.dispose()
