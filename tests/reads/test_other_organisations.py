"""Statements keep to the viewer's organisation by themselves, whatever the database would let through.

Row-level security is asked nothing here: the reads run on a login that it does not bind, beside a twin
organisation whose rows carry the very same keys.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.db.tables.base import metadata
from app.domain.people import Actor, Role
from app.domain.waitlist import WaitlistStatus
from app.reads import agreements, entities, filters, relations
from app.reads.appointments import place_in_line, scheduled_date
from app.reads.batches import count_many, load_by_key, load_computed, load_many, load_one
from app.reads.entities import Entity
from app.reads.filters import (
    AppointmentFilter,
    AssignmentFilter,
    IdFilter,
    TechnicianFilter,
    TicketFilter,
    WaitlistFilter,
)
from app.reads.lists import load_list
from app.reads.named import AssetFilter, CustomerFilter, PartFilter
from app.reads.orders import Kind, Term, ending_in_id
from app.reads.pages import Page, Placed
from app.reads.parts import left_over
from app.reads.queues import load_queues
from app.reads.reader import Reader
from app.reads.record import Record
from app.reads.relations import Relation
from tests.reads.seed import Seed
from tests.world import BEFORE

pytestmark = pytest.mark.asyncio(loop_scope="module")

_USERS = ["dispatcher", "ann", "customer", "stranger"]
_RELATIONS = [each for each in [*vars(relations).values(), *vars(agreements).values()] if isinstance(each, Relation)]
_TABLES = [table for table in metadata.tables.values() if "organization_id" in table.c]
_COMPUTED = ((entities.TICKET, scheduled_date), (entities.WAITLIST_ENTRY, place_in_line), (entities.PART, left_over))
_NOBODY_S_SKILL = UUID(int=7)
# Rows of the twin that would open what is closed, if a condition looked at them by mistake.
_OPEN_THE_TWIN = (
    "UPDATE tickets SET deleted_at = NULL WHERE organization_id = :twin",
    "UPDATE tickets SET requester_id = :stranger, customer_id = :customer WHERE organization_id = :twin",
    "UPDATE comments SET deleted_at = NULL, internal = false WHERE organization_id = :twin",
    "UPDATE assignments SET technician_id = :ann WHERE organization_id = :twin",
    "UPDATE technicians SET team_id = :north WHERE organization_id = :twin",
    "UPDATE technician_skills SET skill_id = :unskilled WHERE organization_id = :twin",
    "UPDATE technician_territories SET technician_id = :bob WHERE technician_id = :cleo AND organization_id = :twin",
)


class Unguarded(Reader):
    """A look through a login that row-level security does not bind."""

    async def rows(
        self, statement: "sa.Select[Any] | sa.CompoundSelect[Any]", values: Mapping[str, Any] | None = None
    ) -> "Sequence[sa.Row[Any]]":
        """Return the statement's rows, in a transaction of its own."""
        async with self._engine.connect() as connection:
            found = await connection.execute(statement, {**self._parameters, **(values or {})})
            return list(found.all())


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What each user saw before there was a twin."""

    twin: UUID
    seen: dict[str, dict[str, Any]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def beside(seed: Seed) -> Beside:
    """Look first, then copy the whole organisation."""
    seen = {name: await everything(seed, Unguarded(seed.engine, seed.actor(name))) for name in _USERS}
    return Beside(twin=await copy(seed), seen=seen)


async def copy(seed: Seed) -> UUID:
    """Insert the organisation's rows once more under another organisation, and open them to everyone."""
    twin, world = uuid4(), seed.world
    async with unbound(seed.engine) as connection:
        for table in _TABLES:
            columns = [each for each in table.c if each.computed is None and each.name != "organization_id"]
            rows = sa.select(sa.literal(twin), *columns).where(table.c.organization_id == world.organization_id)
            await connection.execute(
                sa.insert(table).from_select(["organization_id", *(each.name for each in columns)], rows)
            )
        named = {
            "twin": twin,
            "stranger": world.users["stranger"],
            "customer": world.customer_id,
            "ann": world.technicians["ann"],
            "bob": world.technicians["bob"],
            "cleo": world.technicians["cleo"],
            "unskilled": _NOBODY_S_SKILL,
            "north": world.teams["north"],
        }
        for statement in _OPEN_THE_TWIN:
            bound = sa.text(statement)
            await connection.execute(bound, {key: named[key] for key in bound.compile().params})
    return twin


@asynccontextmanager
async def unbound(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Open a session without foreign keys, so that tables can be filled in any order."""
    async with engine.connect() as connection:
        await connection.execute(sa.text("SET session_replication_role = replica"))
        try:
            yield connection
        finally:
            await connection.execute(sa.text("RESET session_replication_role"))


async def everything(seed: Seed, reader: Reader) -> dict[str, Any]:
    """Read every entity, relation, list and queue for the seeded organisation's keys."""
    told: dict[str, Any] = {}
    for name, entity in entities.NODES.items():
        keys = await values(seed, entity.table.c.id)
        told[name] = {key: row(record) for key, record in (await load_by_key(reader, entity, keys)).items()}
    for entity, expression in _COMPUTED:
        keys = list(told[entity.name])
        told[expression.__name__] = await load_computed(reader, entity, expression, keys) if keys else {}
    for relation in _RELATIONS:
        told |= await related(seed, reader, relation)
    for name, page in (await lists(seed, reader)).items():
        told[name] = [row(node) for node in page.nodes], await page.count()
    queues = await load_queues(reader, list(seed.world.technicians.values()))
    told["queues"] = {key: [(item.position, row(item.assignment)) for item in queue] for key, queue in queues.items()}
    return told


async def related(seed: Seed, reader: Reader, relation: Relation) -> dict[str, Any]:
    """Read one relation, and a page and the counts of one to many."""
    near = relation.target.table.c[relation.target_column]
    if relation.via is not None:
        near = relation.via.table.c[relation.via.near]
    keys = await values(seed, near)
    if not relation.many:
        return {relation.name: {key: row(found) for key, found in (await load_one(reader, relation, keys)).items()}}

    async def counted(key: Any) -> int:
        return (await count_many(reader, relation, [key]))[key]

    told: dict[str, Any] = {f"{relation.name} counts": await count_many(reader, relation, keys)}
    for asked in (None, Placed(3, backwards=True)):
        pages = await load_many(reader, relation, asked, keys, counted)
        told[f"{relation.name} {asked}"] = {key: [row(node) for node in page.nodes] for key, page in pages.items()}
    return told


async def lists(seed: Seed, reader: Reader) -> dict[str, Page]:
    """Read lists by conditions that look at other tables."""
    north, ann = IdFilter(eq=seed.world.teams["north"]), IdFilter(nin=(seed.world.technicians["ann"],))
    skilled = TechnicianFilter(skill_ids=(_NOBODY_S_SKILL,))
    nearby = TechnicianFilter(territory_ids=tuple(seed.territories))
    of_a_day = AppointmentFilter(start=BEFORE, end=BEFORE + timedelta(days=1))
    narrowed: dict[str, tuple[Entity, filters.Conditions]] = {
        "all tickets": (entities.TICKET, filters.of_tickets(TicketFilter())),
        "nobody's tickets": (entities.TICKET, filters.of_tickets(TicketFilter(unassigned=True))),
        "the team's tickets": (entities.TICKET, filters.of_tickets(TicketFilter(team=north))),
        "not ann's tickets": (entities.TICKET, filters.of_tickets(TicketFilter(assignee=ann))),
        "not ann's jobs": (entities.ASSIGNMENT, filters.of_assignments(AssignmentFilter(technician=ann))),
        "technicians of a skill": (entities.TECHNICIAN, filters.of_technicians(skilled)),
        "technicians nearby": (entities.TECHNICIAN, filters.of_technicians(nearby)),
        "appointments of a day": (entities.APPOINTMENT, filters.of_appointments(of_a_day)),
        "who waits": (entities.WAITLIST_ENTRY, filters.conditions_of(WaitlistFilter(status=tuple(WaitlistStatus)))),
        "parts by name": (entities.PART, filters.conditions_of(PartFilter(like="%a%"))),
        "customers by name": (entities.CUSTOMER, filters.conditions_of(CustomerFilter(like="%e%"))),
        "assets by name": (entities.ASSET, filters.conditions_of(AssetFilter(like="%e%", active=True))),
    }
    by = ending_in_id([Term("created_at", Kind.MOMENT)])
    return {
        name: await load_list(reader, entity, by, Placed(100), *conditions)
        for name, (entity, conditions) in narrowed.items()
    }


async def values(seed: Seed, column: "sa.ColumnElement[Any]") -> list[Any]:
    """Return every value the column has in the seeded organisation, in order."""
    table = column.table
    here = sa.select(column).distinct().where(table.c.organization_id == seed.world.organization_id)
    async with seed.engine.connect() as connection:
        return list((await connection.scalars(here.where(column.is_not(None)).order_by(column))).all())


def row(record: Record) -> tuple[Any, ...]:
    return tuple(record[column.name] for column in record.entity.table.c)


@pytest.mark.parametrize("name", _USERS)
async def test_a_twin_with_the_same_keys_changes_nothing_that_anyone_sees(
    seed: Seed, beside: Beside, name: str
) -> None:
    now = await everything(seed, Unguarded(seed.engine, seed.actor(name)))
    assert list(now) == list(beside.seen[name])
    for what, told in beside.seen[name].items():
        assert now[what] == told, what


async def test_the_twin_is_there_and_is_another_s_to_see(seed: Seed, beside: Beside) -> None:
    there = replace(seed.actor("stranger"), organization_id=beside.twin)
    reader = Reader(seed.engine, there)
    found = await load_by_key(reader, entities.TICKET, [each["id"] for each in seed.tickets])
    await reader.close()
    assert len(found) == len(seed.tickets)
    assert {each["organization_id"] for each in found.values()} == {beside.twin}


def _emptied(told: Any) -> bool:
    """Tell whether nothing was found: no rows, or a zero or an empty list for each key."""
    if isinstance(told, dict):
        return not any(told.values())
    return bool(told == ([], 0))


@pytest.mark.parametrize("kind", [Reader, Unguarded])
async def test_keys_of_another_organisation_find_nothing(seed: Seed, beside: Beside, kind: type[Reader]) -> None:
    nowhere = uuid4()
    assert nowhere not in {seed.world.organization_id, beside.twin}
    reader = kind(seed.engine, _dispatcher_of(nowhere))
    told = await everything(seed, reader)
    await reader.close()
    assert {what: found for what, found in told.items() if not _emptied(found)} == {}


def _dispatcher_of(organization_id: UUID) -> Actor:
    return Actor(organization_id=organization_id, user_id=uuid4(), roles=frozenset({Role.DISPATCHER}))
