"""Which rows and which columns each kind of viewer sees, counted anew from the rows themselves."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.db.tables.assignments import assignment_parts
from app.db.tables.tickets import comments
from app.db.transaction import transaction
from app.reads import entities, relations
from app.reads.batches import count_many, load_by_key, load_many, load_one
from app.reads.entities import Entity
from app.reads.reader import Reader
from app.reads.record import Record
from tests.domain.life_cycles import ACTIVE_JOBS
from tests.reads.seed import Seed

pytestmark = pytest.mark.asyncio(loop_scope="module")

STAFF = ["ann", "cleo", "dispatcher", "lead", "manager", "admin"]
OUTSIDE = ["customer", "stranger"]
DISPATCH = ["dispatcher", "lead", "manager", "admin"]
TECHNICIANS = ["ann", "bob", "cleo", "dan"]
PLACE = ("address", "latitude", "longitude")


async def everything(seed: Seed, table: sa.Table) -> list[Any]:
    """Return all rows of a table as they stand."""
    async with transaction(seed.engine, seed.world.organization_id) as connection:
        return list((await connection.execute(sa.select(table))).all())


async def seen(seed: Seed, name: str, entity: Entity) -> dict[UUID, Record]:
    """Return the rows that the user sees, by key."""
    keys = [row.id for row in await everything(seed, entity.table)]
    reader = seed.reader(name)
    found = await load_by_key(reader, entity, keys)
    await reader.close()
    return found


def visible_tickets(seed: Seed, name: str) -> set[UUID]:
    """Say from the rows which tickets the user may see."""
    mine, customers = seed.world.users[name], seed.actor(name).customer_ids
    return {
        row["id"]
        for row in seed.tickets
        if row["deleted_at"] is None
        and (name in STAFF or row["requester_id"] == mine or row["customer_id"] in customers)
    }


@pytest.mark.parametrize("name", [*STAFF, *OUTSIDE])
async def test_tickets_and_their_jobs_are_seen_by_staff_and_by_those_whose_they_are(seed: Seed, name: str) -> None:
    tickets = visible_tickets(seed, name)
    assert set(await seen(seed, name, entities.TICKET)) == tickets
    jobs = {row["id"] for row in seed.jobs if row["ticket_id"] in tickets}
    assert set(await seen(seed, name, entities.ASSIGNMENT)) == jobs


async def test_the_customer_s_tickets_are_fewer_than_the_staff_s_and_the_stranger_s_fewer_still(seed: Seed) -> None:
    staff, customer, stranger = (len(visible_tickets(seed, name)) for name in ("ann", "customer", "stranger"))
    assert staff > customer > stranger > 0


@pytest.mark.parametrize("name", [*STAFF, *OUTSIDE])
async def test_comments_are_seen_by_any_way_without_the_internal_ones_for_outsiders(seed: Seed, name: str) -> None:
    tickets = visible_tickets(seed, name)
    expected = {
        row.id
        for row in await everything(seed, comments)
        if row.ticket_id in tickets and row.deleted_at is None and (name in STAFF or not row.internal)
    }
    assert set(await seen(seed, name, entities.COMMENT)) == expected
    reader = seed.reader(name)
    every = [row["id"] for row in seed.tickets]

    async def counted(key: UUID) -> int:
        return (await count_many(reader, relations.TICKET_COMMENTS, [key]))[key]

    pages = await load_many(reader, relations.TICKET_COMMENTS, None, every, counted)
    counts = await count_many(reader, relations.TICKET_COMMENTS, every)
    await reader.close()
    assert {node.id for page in pages.values() for node in page.nodes} == expected
    assert sum(counts.values()) == len(expected)


@pytest.mark.parametrize("name", [*STAFF, *OUTSIDE])
async def test_customers_and_assets_are_seen_by_staff_and_by_their_own(seed: Seed, name: str) -> None:
    own = seed.actor(name).customer_ids
    everyone = set(seed.customers)
    assert set(await seen(seed, name, entities.CUSTOMER)) == (everyone if name in STAFF else own)
    assets = await everything(seed, entities.ASSET.table)
    expected = {row.id for row in assets if name in STAFF or row.customer_id in own}
    assert set(await seen(seed, name, entities.ASSET)) == expected


@pytest.mark.parametrize("name", [*TECHNICIANS, *DISPATCH, *OUTSIDE])
async def test_where_a_ticket_is_is_told_to_its_technician_its_requester_and_dispatchers(seed: Seed, name: str) -> None:
    technician = seed.world.technicians.get(name)
    holding = {
        row["ticket_id"] for row in seed.jobs if row["status"] in ACTIVE_JOBS and row["technician_id"] == technician
    }
    rows = {row["id"]: row for row in seed.tickets}
    found = await seen(seed, name, entities.TICKET)
    told = {key for key, record in found.items() if record["address"] is not None}
    may_know = {key for key in found if name not in TECHNICIANS or key in holding}
    assert told == {key for key in may_know if rows[key]["address"] is not None}
    assert told
    for key, record in found.items():
        expected = tuple(rows[key][column] if key in told else None for column in PLACE)
        assert tuple(record[column] for column in PLACE) == expected


@pytest.mark.parametrize("name", TECHNICIANS)
async def test_where_a_customer_is_is_told_to_a_technician_while_a_job_there_is_active(seed: Seed, name: str) -> None:
    owner = {row["id"]: row["customer_id"] for row in seed.tickets}
    mine = [row for row in seed.jobs if row["technician_id"] == seed.world.technicians[name]]
    expected = {owner[row["ticket_id"]] for row in mine if row["status"] in ACTIVE_JOBS} - {None}
    found = await seen(seed, name, entities.CUSTOMER)
    assert {key for key, record in found.items() if record["address"] is not None} == expected


async def test_a_technician_without_a_job_is_told_where_no_customer_is(seed: Seed) -> None:
    idle = replace(seed.actor("ann"), technician_id=None)
    reader = Reader(seed.engine, idle)
    found = await load_by_key(reader, entities.CUSTOMER, seed.customers)
    await reader.close()
    assert {record["address"] for record in found.values()} == {None}
    assert {record["latitude"] for record in found.values()} == {None}


@pytest.mark.parametrize("name", [*DISPATCH, "customer"])
async def test_where_a_customer_is_is_told_to_dispatchers_and_to_the_customer(seed: Seed, name: str) -> None:
    found = await seen(seed, name, entities.CUSTOMER)
    assert found[seed.world.customer_id]["address"] == "Quay 1"


@pytest.mark.parametrize("name", [*TECHNICIANS, *DISPATCH, *OUTSIDE])
async def test_where_a_technician_is_is_told_to_dispatchers_and_to_whom_they_are_on_the_way(
    seed: Seed, name: str
) -> None:
    mine = {row["id"] for row in seed.tickets if row["requester_id"] == seed.world.users[name]}
    mine &= {row["id"] for row in seed.tickets if row["deleted_at"] is None}
    coming = {
        row["technician_id"]
        for row in seed.jobs
        if row["ticket_id"] in mine and row["status"] in {"EN_ROUTE", "IN_PROGRESS", "PAUSED"}
    }
    everybody = set(seed.world.technicians.values())
    reader = seed.reader(name)
    found = await load_one(reader, relations.TECHNICIAN_LAST_LOCATION, sorted(everybody))
    await reader.close()
    assert set(found) == (everybody if name in DISPATCH else coming)
    assert (coming == set()) is (name not in {"dispatcher", *OUTSIDE})


@pytest.mark.parametrize("name", [*STAFF, *OUTSIDE])
async def test_what_parts_cost_is_kept_from_outsiders(seed: Seed, name: str) -> None:
    unit_costs = {record["unit_cost"] for record in (await seen(seed, name, entities.PART)).values()}
    jobs = sorted({row.assignment_id for row in await everything(seed, assignment_parts)})
    reader = seed.reader(name)

    async def counted(_key: UUID) -> int:
        return 0

    pages = await load_many(reader, relations.ASSIGNMENT_PARTS, None, jobs, counted)
    await reader.close()
    costs = {node["cost"] for page in pages.values() for node in page.nodes}
    assert (unit_costs == {None}) is (name in OUTSIDE)
    assert (costs == {None}) is (name in OUTSIDE)


@pytest.mark.parametrize("name", [*STAFF, *OUTSIDE])
async def test_an_outsider_is_told_no_address_of_mail_but_their_own(seed: Seed, name: str) -> None:
    found = await seen(seed, name, entities.USER)
    told = {key for key, record in found.items() if record["email"] is not None}
    assert told == (set(seed.world.users.values()) if name in STAFF else {seed.world.users[name]})


async def test_without_a_role_there_is_nothing_to_see(seed: Seed) -> None:
    nobody = replace(seed.actor("customer"), roles=frozenset())
    reader = Reader(seed.engine, nobody)
    assert await load_by_key(reader, entities.TICKET, [row["id"] for row in seed.tickets]) == {}
    assert await load_by_key(reader, entities.ASSIGNMENT, [row["id"] for row in seed.jobs]) == {}
    written = [row.id for row in await everything(seed, comments)]
    assert await load_by_key(reader, entities.COMMENT, written) == {}
    await reader.close()


@pytest.mark.parametrize("name", [*STAFF, *OUTSIDE])
async def test_appointments_are_seen_with_their_tickets_and_series_with_an_appointment(seed: Seed, name: str) -> None:
    tickets = visible_tickets(seed, name)
    agreed = [row for row in seed.agreed["appointments"] if row["ticket_id"] in tickets]
    series = {row["series_id"] for row in agreed if row["series_id"] is not None}
    every = {row["id"] for row in seed.agreed["appointment_series"]}

    assert set(await seen(seed, name, entities.APPOINTMENT)) == {row["id"] for row in agreed}
    assert set(await seen(seed, name, entities.APPOINTMENT_SERIES)) == (every if name in STAFF else series)


@pytest.mark.parametrize("name", [*STAFF, *OUTSIDE])
async def test_customers_see_who_of_theirs_waits_and_what_they_joined(seed: Seed, name: str) -> None:
    mine, customers = seed.world.users[name], seed.actor(name).customer_ids
    expected = {
        row["id"]
        for row in seed.agreed["waitlist_entries"]
        if name in STAFF or row["joined_by"] == mine or row["customer_id"] in customers
    }

    assert set(await seen(seed, name, entities.WAITLIST_ENTRY)) == expected


async def test_whoever_has_no_role_sees_neither_series_nor_who_waits(seed: Seed) -> None:
    reader = Reader(seed.engine, replace(seed.actor("customer"), roles=frozenset()))
    for entity in (entities.APPOINTMENT, entities.APPOINTMENT_SERIES, entities.WAITLIST_ENTRY):
        keys = [row.id for row in await everything(seed, entity.table)]
        assert keys
        assert await load_by_key(reader, entity, keys) == {}
    await reader.close()


@pytest.mark.parametrize("name", ["ann", "customer", "stranger"])
async def test_facilities_and_bays_are_known_to_everyone(seed: Seed, name: str) -> None:
    for entity, table in ((entities.FACILITY, "facilities"), (entities.SERVICE_BAY, "service_bays")):
        assert set(await seen(seed, name, entity)) == {row["id"] for row in seed.agreed[table]}
