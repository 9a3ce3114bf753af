"""Some sixty tickets with their jobs, comments and things, made by plain inserts from one seed."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from app.db.tables.assignments import assignment_parts, assignments
from app.db.tables.attachments import attachments, file_contents
from app.db.tables.base import metadata
from app.db.tables.customers import assets, customers
from app.db.tables.locations import technician_locations
from app.db.tables.organizations import territories
from app.db.tables.people import technician_territories, technicians
from app.db.tables.sla import business_calendars, sla_clocks, sla_policies
from app.db.tables.tickets import (
    NEVER_DUE_COMES_LAST,
    NEVER_DUE_FALLS_LAST,
    comments,
    ticket_required_parts,
    ticket_required_skills,
    tickets,
)
from app.db.tables.views import saved_views
from app.db.transaction import transaction
from app.domain.assignments import AssignmentStatus
from app.domain.files import ScanState
from app.domain.people import Actor
from app.domain.sla import SlaMetric, SlaState
from app.domain.tickets import TicketCategory, TicketPriority, TicketStatus
from app.reads.reader import Reader
from tests.reads.agreed import agreed_rows
from tests.services.scene import a_policy
from tests.world import BEFORE, World, make_world

TAGS = ("pump", "leak", "urgent", "second visit")
_OUTCOMES = {"COMPLETED": "SUCCESS", "FAILED": "PARTS_REQUIRED", "ESCALATED": "ESCALATED"}
_STAMPS: dict[str, Any] = {"created_at": BEFORE, "updated_at": BEFORE}


@dataclass(slots=True, kw_only=True)
class Seed:
    """An organisation with rows to list; `tickets` and `jobs` are what was inserted, deleted ones too.

    `agreed` are the rows about appointments, by table.
    """

    engine: AsyncEngine
    world: World
    customers: list[UUID] = field(default_factory=list)
    assets: list[UUID] = field(default_factory=list)
    territories: list[UUID] = field(default_factory=list)
    teams: dict[UUID, UUID | None] = field(default_factory=dict)
    tickets: list[dict[str, Any]] = field(default_factory=list)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    policies: list[UUID] = field(default_factory=list)
    calendars: list[UUID] = field(default_factory=list)
    agreed: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def reader(self, name: str = "dispatcher") -> Reader:
        """Return a look at the database as the user of this name."""
        return Reader(self.engine, self.actor(name))

    def actor(self, name: str) -> Actor:
        """Return the user of this name; dan is in no team."""
        return self.world.actor(name)


async def make_seed(engine: AsyncEngine) -> Seed:
    """Insert everything and return it."""
    chance = random.Random(20260301)
    seed = Seed(engine=engine, world=await make_world(engine))
    async with transaction(engine, seed.world.organization_id) as connection:
        await _insert_places(connection, seed)
        await _insert_policies(connection, seed)
        await _insert_views(connection, seed)
        for number in range(60):
            await _insert_ticket(connection, seed, chance, number)
        places, customers = seed.territories, seed.customers
        for table, row in agreed_rows(
            seed.world, seed.tickets, seed.jobs, places, customers, calendar_id=seed.calendars[0]
        ):
            seed.agreed.setdefault(table, []).append(row)
            await _insert(connection, seed, metadata.tables[table], **row)
    return seed


async def _insert(connection: AsyncConnection, seed: Seed, table: sa.Table, **values: Any) -> None:
    await connection.execute(sa.insert(table).values(organization_id=seed.world.organization_id, **values))


async def _insert_places(connection: AsyncConnection, seed: Seed) -> None:
    world = seed.world
    other = uuid7()
    seed.customers = [world.customer_id, other]
    await _insert(connection, seed, customers, id=other, name="Elsewhere", tier="FLEET", address="Far 9", **_STAMPS)
    for name, owner in (("Pump", world.customer_id), ("Mill", world.customer_id), ("Lift", other), ("Loan", None)):
        seed.assets.append(uuid7())
        values = {"id": seed.assets[-1], "kind": "EQUIPMENT", "name": name, "customer_id": owner}
        await _insert(connection, seed, assets, **values, **_STAMPS)
    seed.territories = [world.territory_id, uuid7()]
    await _insert(connection, seed, territories, id=seed.territories[1], name="Edge", time_zone="Europe/Amsterdam")
    for name in ("ann", "cleo"):
        for territory_id in seed.territories:
            key = {"technician_id": world.technicians[name], "territory_id": territory_id}
            await _insert(connection, seed, technician_territories, **key)
    for number, name in enumerate(("ann", "bob", "cleo", "dan")):
        where = {"latitude": 52.0 + number, "longitude": 5.0, "recorded_at": BEFORE}
        key = {"technician_id": world.technicians[name]}
        await _insert(connection, seed, technician_locations, **key, **where)
    dan = technicians.c.id == world.technicians["dan"]
    of_here = technicians.c.organization_id == world.organization_id
    await connection.execute(sa.update(technicians).where(of_here, dan).values(team_id=None))
    north, south = world.teams["north"], world.teams["south"]
    of = {"ann": north, "bob": south, "cleo": north, "dan": None}
    seed.teams = {world.technicians[name]: team for name, team in of.items()}


async def _insert_ticket(connection: AsyncConnection, seed: Seed, chance: random.Random, number: int) -> None:
    located = chance.random() < 0.7
    row: dict[str, Any] = {
        "id": uuid7(),
        "ticket_number": f"TKT-2026-{number:06d}",
        "title": f"Ticket {number}",
        "description": "It leaks.",
        "status": chance.choice(list(TicketStatus)),
        "priority": chance.choice(list(TicketPriority)),
        "category": chance.choice(list(TicketCategory)),
        "tags": tuple(chance.sample(TAGS, chance.randint(0, 3))),
        "customer_id": chance.choice([*seed.customers, None]),
        "asset_id": chance.choice([*seed.assets, None]),
        "requester_id": seed.world.users[chance.choice(["customer", "stranger", "dispatcher"])],
        "territory_id": chance.choice([*seed.territories, None]),
        "latitude": 52.0 + number / 100 if located else None,
        "longitude": 5.0 if located else None,
        "address": f"Quay {number}" if located else None,
        "escalation_count": chance.randint(0, 3),
        "escalation_tier_level": chance.choice([None, 1, 2]),
        # Few moments, so that there are ties for the id to decide.
        "created_at": _moment(chance, 4),
        "updated_at": _moment(chance, 3),
        "deleted_at": BEFORE if chance.random() < 0.08 else None,
        "sla_due_first": datetime.fromisoformat(NEVER_DUE_COMES_LAST),
        "sla_due_last": datetime.fromisoformat(NEVER_DUE_FALLS_LAST),
    }
    await _insert(connection, seed, tickets, **row)
    seed.tickets.append(row)
    if number % 3 == 0:
        needs = {"ticket_id": row["id"], "skill_id": seed.world.skill_id, "level": 2}
        await _insert(connection, seed, ticket_required_skills, **needs)
        part = {"ticket_id": row["id"], "part_id": seed.world.part_id, "quantity": 1, "critical": False}
        await _insert(connection, seed, ticket_required_parts, **part)
    await _insert_jobs(connection, seed, chance, row["id"])
    said = [uuid7() for _ in range(chance.randint(0, 6))]
    for comment_id in said:
        await _insert(
            connection,
            seed,
            comments,
            id=comment_id,
            ticket_id=row["id"],
            author_id=seed.world.users["dispatcher"],
            body="Seen.",
            internal=chance.random() < 0.4,
            system_generated=False,
            deleted_at=BEFORE if chance.random() < 0.1 else None,
            created_at=_moment(chance, 2),
            updated_at=BEFORE,
        )
    await _insert_clocks(connection, seed, random.Random(f"clocks {number}"), row["id"])
    # By a chance of their own, which leaves every other row as it is without them.
    await _insert_files(connection, seed, random.Random(number), row["id"], said)


async def _insert_policies(connection: AsyncConnection, seed: Seed) -> None:
    for revision in (1, 2):
        calendar_id = uuid7()
        seed.calendars.append(calendar_id)
        office = {"name": "Office", "time_zone": "Europe/Amsterdam", "weekly": {"MON": [["09:00", "17:00"]]}}
        await _insert(connection, seed, business_calendars, id=calendar_id, **office, created_at=BEFORE)
        row = a_policy(revision=revision, calendar_id=calendar_id)
        seed.policies.append(row["id"])
        await _insert(connection, seed, sla_policies, **row)


async def _insert_views(connection: AsyncConnection, seed: Seed) -> None:
    for number, owner in enumerate(("dispatcher", "ann", "customer", "dispatcher")):
        values = {"name": f"View {number}", "owner_id": seed.world.users[owner], "shared": number % 2 == 0}
        await _insert(connection, seed, saved_views, id=uuid7(), filter={}, **values, **_STAMPS)


async def _insert_clocks(connection: AsyncConnection, seed: Seed, chance: random.Random, ticket_id: UUID) -> None:
    if chance.random() < 0.4:
        return
    policy_id, due = chance.choice(seed.policies), _moment(chance, 3)
    clocks = []
    for metric in SlaMetric:
        state = chance.choice(list(SlaState))
        clocks.append(state)
        for generation in (1, 2):
            values = {
                "id": uuid7(),
                "ticket_id": ticket_id,
                "metric": metric,
                "generation": generation,
                "policy_id": policy_id,
                "target_minutes": 60,
                "state": state,
                "started_at": BEFORE,
                "due_at": due,
                "segments": [{"running": True, "start": BEFORE.isoformat(), "end": None, "cause": "CREATED"}],
                "breached_at": due if state in {SlaState.BREACHED, SlaState.MET_LATE} else None,
                "current": generation == 2,
            }
            await _insert(connection, seed, sla_clocks, **values, **_STAMPS)
    shown: dict[str, Any] = {"sla_policy_id": policy_id, "sla_state": min(clocks)}
    if (due_at := chance.choice([None, due])) is not None:
        shown |= dict.fromkeys(("sla_due_at", "sla_due_first", "sla_due_last"), due_at)
    of = tickets.c
    mine = of.organization_id == seed.world.organization_id
    await connection.execute(sa.update(tickets).where(mine, of.id == ticket_id).values(**shown))
    seed.tickets[-1] |= shown


async def _insert_files(
    connection: AsyncConnection, seed: Seed, chance: random.Random, ticket_id: UUID, said: list[UUID]
) -> None:
    jobs = [job["id"] for job in seed.jobs if job["ticket_id"] == ticket_id]
    for _ in range(chance.randint(0, 5)):
        content_id, deleted = uuid7(), chance.random() < 0.1
        bytes_ = {"sha256": content_id.hex * 2, "size_bytes": 1, "scan_state": chance.choice(list(ScanState))}
        await _insert(connection, seed, file_contents, id=content_id, **bytes_, created_at=BEFORE)
        await _insert(
            connection,
            seed,
            attachments,
            id=uuid7(),
            ticket_id=ticket_id,
            comment_id=chance.choice([None, *said]),
            assignment_id=chance.choice([None, *jobs]),
            uploaded_by=seed.world.users["dispatcher"],
            file_name="a.txt",
            content_type="text/plain",
            **bytes_,
            internal=chance.random() < 0.4,
            content_id=None if deleted else content_id,
            former_content_id=content_id if deleted else None,
            deleted_at=BEFORE if deleted else None,
            created_at=_moment(chance, 2),
            updated_at=BEFORE,
        )


async def _insert_jobs(connection: AsyncConnection, seed: Seed, chance: random.Random, ticket_id: UUID) -> None:
    turns = chance.randint(0, 4)
    ended = [status for status in AssignmentStatus if not status.is_active]
    active = [status for status in AssignmentStatus if status.is_active]
    previous_id = None
    for sequence in range(1, turns + 1):
        last = sequence == turns
        status = chance.choice(active if last and chance.random() < 0.6 else ended)
        row: dict[str, Any] = {
            "id": uuid7(),
            "ticket_id": ticket_id,
            "technician_id": chance.choice(list(seed.world.technicians.values())),
            "sequence": sequence,
            "previous_id": previous_id,
            "tier_level": chance.randint(1, 3),
            "reason": "INITIAL",
            "type": "MANUAL",
            "status": status,
            "assigned_by": seed.world.users["dispatcher"],
            "assigned_at": _moment(chance, 4),
            "ended_at": None if status.is_active else BEFORE,
            "started_at": _moment(chance, 4) if status == "IN_PROGRESS" else None,
            "rejected_at": BEFORE if status == "REJECTED" else None,
            "rejection_reason": "Too far." if status == "REJECTED" else None,
            "escalation_reason": "Too hard." if status == "ESCALATED" else None,
            "outcome": _OUTCOMES.get(status),
            **_STAMPS,
        }
        await _insert(connection, seed, assignments, **row)
        seed.jobs.append(row)
        previous_id = row["id"]
        if status == "COMPLETED":
            for line in (1, 2):
                used = {
                    "part_number": "SEAL-1",
                    "part_name": "Seal",
                    "quantity": line,
                    "cost": "4.50",
                    "currency": "EUR",
                }
                await _insert(connection, seed, assignment_parts, assignment_id=row["id"], line=line, **used)


def _moment(chance: random.Random, different: int) -> datetime:
    return BEFORE + timedelta(days=chance.randrange(different), microseconds=chance.randrange(2))
