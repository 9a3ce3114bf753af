"""A made-up company in a real database, as its services find it."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.tables.appointments import bookings
from app.db.tables.availability import shift_breaks, shifts, time_off
from app.db.tables.customers import parts
from app.db.tables.organizations import skills
from app.db.tables.people import technician_skills, technicians, users
from app.db.tables.sla import business_calendars
from app.db.tables.supply import facilities, service_bay_skills, service_bays
from app.domain.calendars import WEEKDAYS
from app.domain.people import Role
from app.domain.slot_offers import SlotTokens
from app.planning.slots.problem import Bay, Booking, Facility, Problem, Technician
from app.planning.slots.request import SlotRequest
from app.services.appointments.agendas import Agendas
from app.services.appointments.wanting import SlotQuestion
from app.services.perform import Writer
from benchmarks.slots.company import NOW
from tests.services.scene import Scene
from tests.world import BEFORE, World, make_world

_STAMPS = {"created_at": BEFORE, "updated_at": BEFORE}
_BUFFER = timedelta(minutes=30)
_AT_ONCE = 1000
_TOKENS = SlotTokens(b"the key of a benchmark's tokens")
_PARTS = UUID(int=500_000)


@dataclass(slots=True, kw_only=True)
class Branch(Scene):
    """The company at work: its clock goes on from the company's morning."""

    problem: Problem
    begun: float = field(default_factory=monotonic)

    @property
    def writer(self) -> Writer:
        """What the services write with."""
        return Writer(engine=self.engine, clock=self.clock, wake=self.woken.append, slot_tokens=_TOKENS)

    def agendas(self) -> Agendas:
        """Return agendas of a process that has kept none yet."""
        return Agendas(self.engine, clock=self.clock, rules=self.writer.booking_rules)


async def branch_of(engine: AsyncEngine, problem: Problem) -> Branch:
    """Insert a company; bookings are there without appointments, which nobody who looks for slots reads."""
    world, begun = await make_world(engine), monotonic()
    rows = list(await asyncio.to_thread(lambda: list(_rows(problem, world))))
    async with engine.begin() as connection:
        # Its bookings are of no appointments, and those of bays of no technicians.
        await connection.execute(sa.text("SET session_replication_role = replica"))
        for table, found in rows:
            for at in range(0, len(found), _AT_ONCE):
                await connection.execute(sa.insert(table), found[at : at + _AT_ONCE])
        await connection.execute(sa.text("SET session_replication_role = origin"))
        await connection.execute(sa.text("ANALYZE"))
    clock = lambda: NOW + timedelta(seconds=monotonic() - begun)  # noqa: E731 - a clock is a function
    return Branch(engine=engine, world=world, clock=clock, problem=problem, begun=begun)


def question_of(request: SlotRequest) -> SlotQuestion:
    """Return a request as a client asks it."""
    return SlotQuestion(
        appointment_type=request.appointment_type,
        duration_minutes=request.duration_minutes,
        urgency=request.urgency,
        location_mode=request.location_mode,
        latitude=None if request.place is None else request.place[0],
        longitude=None if request.place is None else request.place[1],
        facility_id=request.facility_id,
        skill_ids=tuple(request.skills),
        part_numbers=tuple(part.part_number for part in request.parts),
        preferred_date=request.preferred_date,
    )


def _rows(problem: Problem, world: World) -> Iterator[tuple[sa.Table, Sequence[dict[str, Any]]]]:
    key = {"organization_id": world.organization_id}
    dated = {**key, **_STAMPS}
    known = sorted({skill for each in problem.technicians for skill in each.skills})
    yield skills, [{**key, "id": each, "code": f"S{n}", "name": f"Skill {n}"} for n, each in enumerate(known)]
    yield (
        parts,
        [
            {
                **dated,
                "id": UUID(int=_PARTS.int + number),
                "part_number": name,
                "name": name,
                "stock": stock.stock,
                "currency": "EUR",
                "lead_time_days": stock.lead_time_days,
            }
            for number, (name, stock) in enumerate(problem.parts.items())
        ],
    )
    yield (
        users,
        [
            {**dated, "id": _user(each), "name": f"Technician {n}", "roles": [Role.TECHNICIAN]}
            for n, each in enumerate(problem.technicians)
        ],
    )
    yield technicians, [_technician(each, world, dated) for each in problem.technicians]
    yield (
        technician_skills,
        [
            {**key, "technician_id": each.id, "skill_id": skill, "level": level}
            for each in problem.technicians
            for skill, level in each.skills.items()
        ],
    )
    yield from _times(problem, key, dated)
    yield from _buildings(problem, key, dated)
    nobody = uuid5(world.organization_id, "nobody")
    yield (
        bookings,
        [
            *(_booking(each.id, None, one, key) for each in problem.technicians for one in each.bookings),
            *(_booking(nobody, each.id, one, key) for each in problem.bays for one in each.bookings),
        ],
    )


def _technician(each: Technician, world: World, dated: dict[str, Any]) -> dict[str, Any]:
    home = each.home or (None, None)
    return {
        **dated,
        "id": each.id,
        "user_id": _user(each),
        "team_id": world.teams["north"],
        "tier_level": each.tier_level,
        "home_latitude": home[0],
        "home_longitude": home[1],
        "rating_total": round((each.rating or 0) * 10),
        "rating_count": 10,
    }


def _times(
    problem: Problem, key: dict[str, Any], dated: dict[str, Any]
) -> Iterator[tuple[sa.Table, Sequence[dict[str, Any]]]]:
    numbered = [(each.id, shift) for each in problem.technicians for shift in each.shifts]
    ids = [UUID(int=10**13 + number) for number in range(len(numbered))]
    yield (
        shifts,
        [
            {**dated, "id": id_, "technician_id": who, "starts_at": shift.start, "ends_at": shift.end}
            for id_, (who, shift) in zip(ids, numbered, strict=True)
        ],
    )
    yield (
        shift_breaks,
        [
            {**key, "shift_id": id_, "starts_at": pause.start, "ends_at": pause.end}
            for id_, (_, shift) in zip(ids, numbered, strict=True)
            for pause in shift.breaks
        ],
    )
    yield (
        time_off,
        [
            {**dated, "technician_id": each.id, "starts_at": span.start, "ends_at": span.end}
            for each in problem.technicians
            for span in each.time_off
        ],
    )


def _buildings(
    problem: Problem, key: dict[str, Any], dated: dict[str, Any]
) -> Iterator[tuple[sa.Table, Sequence[dict[str, Any]]]]:
    calendar = uuid5(key["organization_id"], "calendar")
    weekly = {day: [["07:00", "19:00"]] for day in WEEKDAYS}
    opening = {"name": "Open", "time_zone": "UTC", "weekly": weekly, "created_at": BEFORE}
    yield business_calendars, [{**key, "id": calendar, **opening}]
    yield facilities, [_facility(n, each, calendar, dated) for n, each in enumerate(problem.facilities)]
    yield service_bays, [_bay(each, dated) for each in problem.bays]
    yield (
        service_bay_skills,
        [{**key, "bay_id": each.id, "skill_id": skill} for each in problem.bays for skill in each.equipped_for],
    )


def _facility(number: int, each: Facility, calendar: UUID, dated: dict[str, Any]) -> dict[str, Any]:
    place = each.place or (None, None)
    where = {"latitude": place[0], "longitude": place[1], "calendar_id": calendar}
    return {**dated, "id": each.id, "name": f"Facility {number}", **where}


def _bay(each: Bay, dated: dict[str, Any]) -> dict[str, Any]:
    return {**dated, "id": each.id, "facility_id": each.facility_id, "name": each.name, "active": each.active}


def _booking(technician_id: UUID, bay_id: UUID | None, one: Booking, key: dict[str, Any]) -> dict[str, Any]:
    place = one.place or (None, None)
    id_ = uuid5(technician_id if bay_id is None else bay_id, str(one.id))
    # A bay's bookings are several technicians', who are nobody here.
    who = technician_id if bay_id is None else uuid5(bay_id, str(one.id))
    return {
        **key,
        "id": id_,
        "kind": "APPOINTMENT",
        "active": True,
        "technician_id": who,
        "bay_id": bay_id,
        "starts_at": one.start,
        "ends_at": one.end,
        "during": Range(one.start, one.end + _BUFFER, bounds="[)"),
        "latitude": place[0],
        "longitude": place[1],
        "appointment_id": uuid5(id_, "appointment"),
        "created_at": BEFORE,
    }


def _user(each: Technician) -> UUID:
    return uuid5(each.id, "user")
