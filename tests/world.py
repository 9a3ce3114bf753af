"""A small organisation to test in: a few people, one customer, one part, made by plain inserts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from app.clock import now
from app.db.tables.customers import customer_users, customers, parts
from app.db.tables.log import event_heads
from app.db.tables.organizations import (
    escalation_tiers,
    organization_settings,
    organizations,
    skills,
    teams,
    territories,
)
from app.db.tables.people import technician_skills, technicians, users
from app.db.transaction import transaction
from app.domain.people import Actor, EventSource, Role
from app.services.perform import Writer

BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
_STAMPS: dict[str, Any] = {"created_at": BEFORE, "updated_at": BEFORE}


@dataclass(slots=True, kw_only=True)
class World:
    """An organisation's keys by the names the tests use.

    `users` and `technicians` are keyed by role-like names: dispatcher, admin, customer (an END_USER of
    the customer), stranger (an END_USER of nobody), and the technicians ann (L1), bob (L1), cleo (L2,
    senior), dan (L3). All technicians have the skill pumps at level 3.
    """

    organization_id: UUID
    users: dict[str, UUID] = field(default_factory=dict)
    technicians: dict[str, UUID] = field(default_factory=dict)
    teams: dict[str, UUID] = field(default_factory=dict)
    customer_id: UUID
    territory_id: UUID
    skill_id: UUID
    part_id: UUID
    _roles: dict[str, Role] = field(default_factory=dict)

    def actor(self, name: str, source: EventSource = EventSource.API) -> Actor:
        """Return the user of this name as the services see them."""
        technician = name if name in self.technicians else None
        return Actor(
            organization_id=self.organization_id,
            user_id=self.users[name],
            roles=frozenset({self._roles[name]}),
            technician_id=None if technician is None else self.technicians[technician],
            team_id=None if technician is None else self.teams[_TEAMS[technician]],
            customer_ids=frozenset({self.customer_id} if name == "customer" else ()),
            source=source,
        )


_STAFF = {
    "dispatcher": Role.DISPATCHER,
    "lead": Role.TEAM_LEAD,
    "manager": Role.MANAGER,
    "admin": Role.ADMIN,
    "customer": Role.END_USER,
    "stranger": Role.END_USER,
}
_TECHNICIANS = {
    "ann": (1, Role.TECHNICIAN),
    "bob": (1, Role.TECHNICIAN),
    "cleo": (2, Role.SENIOR_TECHNICIAN),
    "dan": (3, Role.TECHNICIAN),
}
_TEAMS = {"ann": "north", "bob": "south", "cleo": "north", "dan": "south"}


async def make_world(engine: AsyncEngine, name: str = "Testwerk", *, promises: bool = False) -> World:
    """Insert an organisation of this name and return its keys; its log is empty.

    Its tickets get clocks only if it makes `promises`: most tests are about something else.
    """
    world = World(organization_id=uuid7(), customer_id=uuid7(), territory_id=uuid7(), skill_id=uuid7(), part_id=uuid7())
    async with transaction(engine, world.organization_id) as connection:
        await _insert_organization(connection, world, name, promises=promises)
        for each, role in _STAFF.items():
            await _insert_user(connection, world, each, role)
        for each, (level, role) in _TECHNICIANS.items():
            await _insert_technician(connection, world, each, level, role)
        await _insert_customer(connection, world)
    return world


def writer_for(
    engine: AsyncEngine,
    *,
    clock: Callable[[], datetime] = now,
    wake: Callable[[UUID], None] = lambda _organization_id: None,
) -> Writer:
    """Return what services write with."""
    return Writer(engine=engine, clock=clock, wake=wake)


async def _insert(connection: AsyncConnection, world: World, table: sa.Table, **values: Any) -> None:
    await connection.execute(sa.insert(table).values(organization_id=world.organization_id, **values))


async def _insert_organization(connection: AsyncConnection, world: World, name: str, *, promises: bool) -> None:
    await _insert(connection, world, organizations, name=name, time_zone="Europe/Amsterdam", **_STAMPS)
    await _insert(connection, world, organization_settings, sla_enabled=promises, **_STAMPS)
    await _insert(connection, world, event_heads, recorded_at=BEFORE)
    for level in (1, 2, 3):
        await _insert(connection, world, escalation_tiers, level=level, code=f"L{level}", name=f"Line {level}")
    for team in ("north", "south"):
        world.teams[team] = uuid7()
        await _insert(connection, world, teams, id=world.teams[team], name=team)
    await _insert(connection, world, territories, id=world.territory_id, name="Centre", time_zone="Europe/Amsterdam")
    await _insert(connection, world, skills, id=world.skill_id, code="PUMPS", name="Pumps")


async def _insert_user(connection: AsyncConnection, world: World, name: str, role: Role) -> None:
    world.users[name] = uuid7()
    world._roles[name] = role
    await _insert(
        connection,
        world,
        users,
        id=world.users[name],
        name=name.capitalize(),
        email=f"{name}@test.example",
        roles=[role],
        **_STAMPS,
    )


async def _insert_technician(connection: AsyncConnection, world: World, name: str, level: int, role: Role) -> None:
    await _insert_user(connection, world, name, role)
    world.technicians[name] = uuid7()
    await _insert(
        connection,
        world,
        technicians,
        id=world.technicians[name],
        user_id=world.users[name],
        team_id=world.teams[_TEAMS[name]],
        tier_level=level,
        main_skill_id=world.skill_id,
        **_STAMPS,
    )
    await _insert(
        connection,
        world,
        technician_skills,
        technician_id=world.technicians[name],
        skill_id=world.skill_id,
        level=3,
    )


async def _insert_customer(connection: AsyncConnection, world: World) -> None:
    await _insert(
        connection,
        world,
        customers,
        id=world.customer_id,
        name="Harbour Mills",
        tier="PREMIUM",
        address="Quay 1",
        latitude=52.1,
        longitude=5.1,
        **_STAMPS,
    )
    await _insert(connection, world, customer_users, customer_id=world.customer_id, user_id=world.users["customer"])
    await _insert(
        connection,
        world,
        parts,
        id=world.part_id,
        part_number="SEAL-1",
        name="Seal",
        stock=10,
        unit_cost="4.50",
        currency="EUR",
        **_STAMPS,
    )
