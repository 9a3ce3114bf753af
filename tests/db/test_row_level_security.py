"""The tenant rule below the application: plain statements, without a word about organisations."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql.expression import quoted_name

from app.db.engine import open_engine
from app.db.tables.assignments import assignments
from app.db.transaction import transaction
from app.services.assignments.reject_assignment import RejectAssignment, reject_assignment
from app.services.tickets.escalate_ticket import EscalateTicket, escalate_ticket
from tests.db.logins import external_login
from tests.db.rights import ADDED_TO, CHANGED_IN_PART, KEPT, NO_TENANTS, OF_ALL, REPLACED, SYSTEM_READS
from tests.services.scene import Scene, fill_every_table
from tests.world import World, make_world

LOGINS = ("embedded", "external")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenants:
    """Two organisations in one database, each with rows in every table."""

    engine: AsyncEngine
    mine: World
    theirs: World


@pytest.fixture(scope="module")
def external_url() -> Iterator[str]:
    with external_login() as url:
        yield url


@pytest.fixture(params=LOGINS)
def url(request: pytest.FixtureRequest) -> str:
    chosen: str = request.getfixturevalue("database_url" if request.param == "embedded" else "external_url")
    return chosen


@pytest.fixture
async def tenants(url: str) -> AsyncIterator[Tenants]:
    engine = open_engine(url, size=4)
    mine, theirs = await make_world(engine, "Mine"), await make_world(engine, "Theirs")
    for world in (mine, theirs):
        await fill_every_table(engine, world)
    yield Tenants(engine=engine, mine=mine, theirs=theirs)
    await engine.dispose()


async def tenant_tables(engine: AsyncEngine) -> list[str]:
    async with engine.connect() as connection:
        found = await connection.scalars(
            sa.text(
                "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
                " ORDER BY relname"
            )
        )
        return [name for name in found.all() if name not in NO_TENANTS]


@asynccontextmanager
async def eyes_of(engine: AsyncEngine, role: str, setting: str | None) -> AsyncIterator[AsyncConnection]:
    """Open a transaction by hand, with any role and setting; it is rolled back."""
    async with engine.connect() as connection:
        await connection.execute(sa.text("BEGIN"))
        await connection.execute(sa.text(f"SET LOCAL ROLE {role}"))
        if setting is not None:
            await connection.execute(sa.select(sa.func.set_config("app.organization_id", setting, True)))
        try:
            yield connection
        finally:
            await connection.execute(sa.text("ROLLBACK"))


def named(table: str) -> sa.TableClause:
    return sa.table(quoted_name(table, quote=True), sa.column("organization_id"), sa.column("version"))


async def count(connection: AsyncConnection, table: str, *, not_of: World | None = None) -> int:
    rows = named(table)
    query = sa.select(sa.func.count()).select_from(rows)
    if not_of is not None:
        query = query.where(rows.c.organization_id != not_of.organization_id)
    return int(await connection.scalar(query) or 0)


async def leaks(tenants: Tenants) -> list[str]:
    """Return the tables in which one organisation sees or reaches a row of the other."""
    tables = await tenant_tables(tenants.engine)
    async with transaction(tenants.engine, tenants.mine.organization_id) as connection:
        return [table for table in tables if await count(connection, table, not_of=tenants.mine)]


async def test_every_table_but_the_logs_identity_belongs_to_tenants_and_forces_its_policy(tenants: Tenants) -> None:
    query = sa.text(
        """
        SELECT relname, relrowsecurity AND relforcerowsecurity AS forced,
            (SELECT attnotnull FROM pg_attribute WHERE attrelid = c.oid AND attname = 'organization_id') AS owned,
            (SELECT qual FROM pg_policies WHERE tablename = relname AND roles = '{fieldgraph_app}') AS rule
        FROM pg_class c WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
        """
    )
    async with tenants.engine.connect() as connection:
        rows = (await connection.execute(query)).all()

    by_name = {row.relname: row for row in rows if row.relname not in NO_TENANTS}
    assert len(by_name) >= 23
    assert [name for name, row in by_name.items() if not (row.forced and row.owned)] == []
    # A sub-select, so that no cached plan depends on the organisation it was made under.
    rule = "(organization_id = ( SELECT current_organization() AS current_organization))"
    assert {row.rule for row in by_name.values()} == {rule}


async def test_every_key_of_a_tenants_table_begins_with_the_organisation(tenants: Tenants) -> None:
    query = sa.text(
        """
        SELECT format('%s on %s', o.conname, o.conrelid::regclass) AS name, a.attname AS first,
            f.attname AS foreign_first
        FROM pg_constraint o
        JOIN pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = o.conkey[1]
        LEFT JOIN pg_attribute f ON f.attrelid = o.confrelid AND f.attnum = o.confkey[1]
        WHERE o.contype IN ('p', 'u', 'f', 'x') AND o.connamespace = 'public'::regnamespace
            AND o.conrelid::regclass::text <> ALL (:others)
        UNION ALL
        SELECT format('index %s', i.indexrelid::regclass), coalesce(a.attname, '(expression)'), NULL
        FROM pg_index i
        JOIN pg_class c ON c.oid = i.indrelid AND c.relnamespace = 'public'::regnamespace
        LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE c.relname <> ALL (:others)
        """
    )
    async with tenants.engine.connect() as connection:
        rows = (await connection.execute(query, {"others": sorted(NO_TENANTS)})).all()

    assert len(rows) > 80
    first = {row.name: {row.first, row.foreign_first} - {None} for row in rows}
    assert {name for name, keys in first.items() if keys != {"organization_id"}} == OF_ALL


async def test_none_of_another_organisations_rows_are_seen(tenants: Tenants) -> None:
    tables = await tenant_tables(tenants.engine)
    for world in (tenants.mine, tenants.theirs):
        async with transaction(tenants.engine, world.organization_id) as connection:
            filled = {table: await count(connection, table) for table in tables}
            assert [table for table, rows in filled.items() if rows == 0] == []

    assert await leaks(tenants) == []


@pytest.mark.parametrize("url", ["embedded"], indirect=True)
async def test_without_its_policy_a_table_would_show_the_other_organisations_rows(tenants: Tenants) -> None:
    async with tenants.engine.connect() as connection:
        await connection.execute(sa.text("ALTER TABLE comments DISABLE ROW LEVEL SECURITY"))

    assert await leaks(tenants) == ["comments"]


async def test_none_of_another_organisations_rows_are_changed(tenants: Tenants) -> None:
    theirs = tenants.theirs.organization_id
    for table in set(await tenant_tables(tenants.engine)) - ADDED_TO:
        rows = named(table)
        column = rows.c.version if table in CHANGED_IN_PART else rows.c.organization_id
        same = sa.update(rows).values({column: column})
        async with transaction(tenants.engine, tenants.mine.organization_id) as connection:
            own = await count(connection, table)
            everything = await connection.execute(same)
            foreign = await connection.execute(same.where(rows.c.organization_id == theirs))
        assert (table, everything.rowcount, foreign.rowcount) == (table, own, 0)


async def test_no_row_can_be_handed_to_another_organisation(tenants: Tenants) -> None:
    for table in set(await tenant_tables(tenants.engine)) - ADDED_TO:
        async with transaction(tenants.engine, tenants.mine.organization_id) as connection:
            why = "permission denied" if table in CHANGED_IN_PART else "violates row-level security policy"
            with pytest.raises(DBAPIError, match=f'{why} for table "?{table}'):
                await connection.execute(sa.update(named(table)).values(organization_id=tenants.theirs.organization_id))


@pytest.mark.parametrize("seen_by", ["another organisation", "nobody"])
async def test_no_row_can_be_inserted_for_an_organisation_that_is_not_set(tenants: Tenants, seen_by: str) -> None:
    setting = str(tenants.mine.organization_id) if seen_by == "another organisation" else ""
    for table in await tenant_tables(tenants.engine):
        row, columns = await row_of(tenants.engine, tenants.theirs, table)
        record = f"jsonb_populate_record(NULL::{table}, CAST(:row AS jsonb))"
        insert = f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {record}"  # noqa: S608 - names out of the catalogue
        async with eyes_of(tenants.engine, "fieldgraph_app", setting) as connection:
            with pytest.raises(DBAPIError, match=f'violates row-level security policy for table "{table}"'):
                await connection.execute(sa.text(insert), {"row": row})


async def row_of(engine: AsyncEngine, world: World, table: str) -> tuple[str, str]:
    """Return a row of the world's as JSON, and the names of the columns one can insert."""
    names = (
        "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute"
        " WHERE attrelid = CAST(:name AS regclass) AND attnum > 0 AND attgenerated = ''"
    )
    async with transaction(engine, world.organization_id) as connection:
        one = f"SELECT to_jsonb(t)::text FROM {table} t LIMIT 1"  # noqa: S608 - a name out of the catalogue
        row = await connection.scalar(sa.text(one))
        columns = await connection.scalar(sa.text(names), {"name": table})
    return str(row), str(columns)


@pytest.mark.parametrize("setting", [None, ""])
async def test_without_an_organisation_nothing_is_seen(tenants: Tenants, setting: str | None) -> None:
    tables = await tenant_tables(tenants.engine)
    fresh = open_engine(tenants.engine.url.render_as_string(hide_password=False), size=1)
    async with eyes_of(fresh, "fieldgraph_app", setting) as connection:
        seen = {table: await count(connection, table) for table in tables}
    await fresh.dispose()

    assert set(seen.values()) == {0}


async def test_the_application_removes_nothing_that_tells_what_was(tenants: Tenants) -> None:
    for table in set(await tenant_tables(tenants.engine)) - REPLACED - KEPT:
        async with transaction(tenants.engine, tenants.mine.organization_id) as connection:
            with pytest.raises(DBAPIError, match=f"permission denied for table {table}"):
                await connection.execute(sa.delete(named(table)))


async def test_what_is_replaced_or_forgotten_is_ones_own(tenants: Tenants) -> None:
    for table in REPLACED:
        theirs = {}
        for moment in ("before", "after"):
            async with transaction(tenants.engine, tenants.theirs.organization_id) as connection:
                theirs[moment] = await count(connection, table)
            async with transaction(tenants.engine, tenants.mine.organization_id) as connection:
                await connection.execute(sa.delete(named(table)))
                assert await count(connection, table) == 0

        assert theirs["before"] == theirs["after"] > 0, table


async def test_what_another_organisation_keeps_is_not_there_to_be_deleted(tenants: Tenants) -> None:
    theirs = tenants.theirs.organization_id
    for table in KEPT:
        rows = named(table)
        async with transaction(tenants.engine, theirs) as connection:
            assert await count(connection, table) > 0, table
        async with transaction(tenants.engine, tenants.mine.organization_id) as connection:
            gone = await connection.execute(sa.delete(rows).where(rows.c.organization_id == theirs))
        assert gone.rowcount == 0, table


async def test_the_system_reads_the_logs_of_all_and_no_other_table(tenants: Tenants) -> None:
    both = {tenants.mine.organization_id, tenants.theirs.organization_id}
    for table in (*await tenant_tables(tenants.engine), "alembic_version"):
        async with eyes_of(tenants.engine, "fieldgraph_system", None) as connection:
            if table in SYSTEM_READS:
                column = named(table).c.organization_id
                assert both <= set((await connection.scalars(sa.select(column).distinct())).all())
                continue
            with pytest.raises(DBAPIError, match=f"permission denied for table {table}"):
                await count(connection, table)


@pytest.mark.parametrize("table", sorted(SYSTEM_READS))
async def test_the_system_writes_nothing(tenants: Tenants, table: str) -> None:
    target = named(table)
    for statement in (
        sa.update(target).values(organization_id=target.c.organization_id),
        sa.delete(target),
        sa.insert(target).values(organization_id=uuid4()),
    ):
        async with eyes_of(tenants.engine, "fieldgraph_system", None) as connection:
            with pytest.raises(DBAPIError, match=f"permission denied for table {table}"):
                await connection.execute(statement)


@pytest.mark.parametrize("table", sorted(ADDED_TO))
async def test_what_is_only_added_to_is_never_changed(tenants: Tenants, table: str) -> None:
    async with transaction(tenants.engine, tenants.mine.organization_id) as connection:
        rows = named(table)
        with pytest.raises(DBAPIError, match=f"permission denied for table {table}"):
            await connection.execute(sa.update(rows).values(organization_id=rows.c.organization_id))


SYSTEM_COUNTS = [
    *(("sla_clocks", column, True) for column in ("ticket_id", "next_check_at", "state", "current")),
    *(("sla_clocks", column, False) for column in ("segments", "due_at")),
    ("assignments", "status", True),
    *(("assignments", column, False) for column in ("ticket_id", "technician_id", "diagnosis")),
]


@pytest.mark.parametrize(("table", "column", "allowed"), SYSTEM_COUNTS)
async def test_of_clocks_and_jobs_the_system_reads_what_is_due_and_what_is_counted_and_nothing_else(
    tenants: Tenants, table: str, column: str, allowed: bool
) -> None:
    async with eyes_of(tenants.engine, "fieldgraph_system", None) as connection:
        query: sa.Select[Any] = sa.select(sa.column(column)).select_from(named(table))
        if allowed:
            assert set(await connection.scalars(query)) != set()
            return
        with pytest.raises(DBAPIError, match=f"permission denied for table {table}"):
            await connection.execute(query)


async def test_every_other_write_works_too(tenants: Tenants) -> None:
    scene = Scene(engine=tenants.engine, world=tenants.mine)
    ticket_id = await scene.ticket(idempotency_key="twice")
    again = await scene.ticket(idempotency_key="twice")
    job_id = await scene.job("ann", ticket_id)
    command = EscalateTicket(ticket_id=ticket_id, reason="too hard")
    escalated = await escalate_ticket(scene.writer, scene.actor("ann"), command)
    job = escalated.ids["assignment"]
    await reject_assignment(
        scene.writer, scene.actor("cleo"), RejectAssignment(assignment_id=job, rejection_reason="busy")
    )

    turns = await scene.rows(assignments, assignments.c.ticket_id == ticket_id)
    assert again == ticket_id
    assert {row.id: row.status for row in turns} == {job_id: "ESCALATED", job: "REJECTED"}
    assert [event.position for event in await scene.events()] == list(range(1, len(await scene.events()) + 1))


@pytest.mark.parametrize("url", ["external"], indirect=True)
async def test_the_owner_of_the_tables_is_no_superuser_and_bound_by_the_same_rule(tenants: Tenants) -> None:
    async with tenants.engine.connect() as connection:
        owner = (
            await connection.execute(
                sa.text("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
            )
        ).one()
        owned = await connection.scalar(
            sa.text("SELECT bool_and(tableowner = current_user) FROM pg_tables WHERE schemaname = 'public'")
        )
        seen = {
            table: await count(connection, table) for table in set(await tenant_tables(tenants.engine)) - SYSTEM_READS
        }

    assert (tuple(owner), owned) == ((False, False), True)
    assert set(seen.values()) == {0}


def test_a_login_that_may_not_create_roles_works_with_those_an_administrator_made() -> None:
    with external_login(may_create_roles=False) as url:
        asyncio.run(work_in(url))


async def work_in(url: str) -> None:
    engine = open_engine(url, size=2)
    mine, theirs = await make_world(engine, "Mine"), await make_world(engine, "Theirs")
    for world in (mine, theirs):
        await fill_every_table(engine, world)
    assert await leaks(Tenants(engine=engine, mine=mine, theirs=theirs)) == []
    await engine.dispose()
