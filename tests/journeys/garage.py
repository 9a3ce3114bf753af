"""A garage on a Friday in January 2026, before work begins: the organisation of the worked case."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from app.clock import now
from app.db.tables.availability import shifts
from app.db.tables.customers import assets, parts
from app.db.tables.organizations import organizations, skills, territories
from app.db.tables.people import technician_skills, technicians, users
from app.db.tables.supply import facilities, service_bay_skills, service_bays
from app.db.transaction import transaction
from app.main import parts as main_parts
from app.main import server
from schema.ids import global_id
from tests.journeys.stage import Stage
from tests.serving import serving
from tests.world import BEFORE, World, make_world

FRIDAY = datetime(2026, 1, 30, 8, tzinfo=UTC)
SUNDAY = date(2026, 2, 1)
_DAYS = 14
_STAMPS = {"created_at": BEFORE, "updated_at": BEFORE}

SLOTS = """query Slots($input: SlotSearchInput!) {
  availableSlots(input: $input) {
    slots {
      token window { start end } arrivalWindow { start end }
      technician { id name specialization rating yearsExperience } bay { id name }
      partsAvailable partsReadyOn estimatedCompletion travelMinutes confidence
      score { urgency customerPreference waitingPenalty workloadBalance travelPenalty total }
    }
    rejections { constraint count message technicians { name } }
    partsToOrder solver { status candidates degraded wallMs } eventCursor
  }
}"""


@dataclass(slots=True)
class Clock:
    """The time since a Friday in January, to which some can be added."""

    began: datetime = field(default_factory=now)
    passed: timedelta = timedelta()

    def __call__(self) -> datetime:
        """Return the moment."""
        return FRIDAY + (now() - self.began) + self.passed

    def pass_by(self, **how_long: float) -> None:
        """Move on."""
        self.passed += timedelta(**how_long)


@dataclass(frozen=True, slots=True, kw_only=True)
class Garage(Stage):
    """A served garage: Mike and Sue repair engines, three bays, one of them equipped for that."""

    clock: Clock
    facility_id: UUID
    skill_id: UUID
    asset_id: UUID

    @property
    def repair(self) -> dict[str, Any]:
        """What the worked case asks for."""
        return {
            "appointmentType": "COMPONENT_REPAIR",
            "assetId": global_id("Asset", self.asset_id),
            "durationMinutes": 180,
            "urgency": "HIGH",
            "locationMode": "AT_FACILITY",
            "facilityId": global_id("Facility", self.facility_id),
            "requiredSkillIds": [global_id("Skill", self.skill_id)],
            "partNumbers": ["THERMOSTAT", "COOLANT"],
            "preferredDate": SUNDAY.isoformat(),
        }

    def inspection(self, **values: Any) -> dict[str, Any]:
        """What half an hour at the customer's asks for that only Mike can do."""
        return {
            "appointmentType": "DIAGNOSTIC",
            "assetId": global_id("Asset", self.asset_id),
            "durationMinutes": 30,
            "requiredSkillIds": [global_id("Skill", self.skill_id)],
            **values,
        }


@asynccontextmanager
async def garage(
    database_url: str, engine: AsyncEngine, folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: Any
) -> AsyncIterator[Garage]:
    """Serve the garage until the block ends."""
    world, clock = await make_world(engine), Clock()
    keys = {name: uuid7() for name in ("facility_id", "skill_id", "asset_id")}
    async with transaction(engine, world.organization_id) as connection:
        await _build(connection, world, keys)
    for module in (main_parts, server):
        monkeypatch.setattr(module, "now", clock)
    async with (
        serving(database_url, max_cost=100_000, upload_dir=folder, **settings) as served,
        AsyncExitStack() as leaving,
    ):
        yield Garage(served=served, engine=engine, world=world, leaving=leaving, clock=clock, **keys)


async def _build(connection: AsyncConnection, world: World, keys: dict[str, UUID]) -> None:
    key = {"organization_id": world.organization_id}

    async def add(table: sa.Table, **values: Any) -> None:
        await connection.execute(sa.insert(table).values(**key, **values))

    for table in (organizations, territories):
        await connection.execute(
            sa.update(table).where(table.c.organization_id == world.organization_id).values(time_zone="UTC")
        )
    await add(skills, id=keys["skill_id"], code="ENGINE", name="Engine Specialist")
    for name, years, total, count in (("Mike Johnson", 15, 48, 10), ("Sue Meyer", 6, 41, 10)):
        who, user = uuid7(), uuid7()
        await add(users, id=user, name=name, roles=["TECHNICIAN"], **_STAMPS)
        await add(
            technicians,
            id=who,
            user_id=user,
            tier_level=1,
            main_skill_id=keys["skill_id"],
            years_experience=years,
            rating_total=total,
            rating_count=count,
            **_STAMPS,
        )
        level = 5 if name == "Mike Johnson" else 3
        await add(technician_skills, technician_id=who, skill_id=keys["skill_id"], level=level)
        for day in range(_DAYS):
            # The Sunday is worked; Sue has it off.
            if name == "Sue Meyer" and day == 2:
                continue
            begins = FRIDAY.replace(hour=9) + timedelta(days=day)
            ends = begins + timedelta(hours=8)
            await add(shifts, technician_id=who, starts_at=begins, ends_at=ends, **_STAMPS)
    await add(facilities, id=keys["facility_id"], name="Garage", **_STAMPS)
    for name in ("Bay 1", "Bay 2", "Bay 3"):
        bay = uuid7()
        await add(service_bays, id=bay, facility_id=keys["facility_id"], name=name, **_STAMPS)
        if name == "Bay 3":
            await add(service_bay_skills, bay_id=bay, skill_id=keys["skill_id"])
    for number in ("THERMOSTAT", "COOLANT"):
        await add(parts, part_number=number, name=number.title(), stock=5, currency="EUR", lead_time_days=4, **_STAMPS)
    await add(
        assets,
        id=keys["asset_id"],
        external_id="V001",
        kind="VEHICLE",
        name="Truck 1",
        customer_id=world.customer_id,
        **_STAMPS,
    )
