"""What fills technicians' time, and how much of it and of bays is used."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from app.db.tables.base import metadata
from app.db.transaction import transaction
from app.domain.appointments import AppointmentStatus
from schema.ids import global_id
from tests.graphql.conftest import House
from tests.graphql.work import Work
from tests.reads.agreed import an_appointment
from tests.serving import token
from tests.world import BEFORE

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOUR = timedelta(hours=1)
# Monday 4 May 2026; the territory's clocks are two hours ahead of UTC.
EIGHT = datetime(2026, 5, 4, 8, tzinfo=UTC)
_STAMPS = {"created_at": BEFORE, "updated_at": BEFORE}
WEEK = 'from: "2026-05-04T00:00:00Z", to: "2026-05-11T00:00:00Z"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """A house with a week of ann's, and a bay."""

    house: House
    bay_id: UUID
    appointments: dict[str, UUID]

    async def ask(self, query: str, name: str = "dispatcher") -> Any:
        answer = await self.house.served.ask(token(self.house.world, name), query)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def technician(self, fields: str, name: str = "dispatcher", whose: str = "ann") -> Any:
        key = global_id("Technician", self.house.world.technicians[whose])
        return (await self.ask(f'{{ technician(id: "{key}") {{ {fields} }} }}', name))["technician"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def week(house: House) -> AsyncIterator[Week]:
    """Ann works on Monday and Tuesday, is on call on Tuesday night, and off on Wednesday, when she has a shift.

    Tuesday is a holiday in her only territory.
    """
    world, ann = house.world, house.world.technicians["ann"]
    rows: list[tuple[str, dict[str, Any]]] = [
        ("technician_territories", {"technician_id": ann, "territory_id": world.territory_id}),
        ("territory_holidays", {"territory_id": world.territory_id, "day": date(2026, 5, 5), "name": "Liberation Day"}),
    ]
    for day in range(3):
        start = EIGHT + day * 24 * HOUR
        shift_id = uuid7()
        rows.append(("shifts", shift(shift_id, ann, start, start + 8 * HOUR)))
        noon = {"starts_at": start + 4 * HOUR, "ends_at": start + 5 * HOUR}
        rows.append(("shift_breaks", {"shift_id": shift_id, **noon}))
    on_call = EIGHT + 24 * HOUR + 10 * HOUR
    rows.append(("shifts", {**shift(uuid7(), ann, on_call, on_call + 2 * HOUR), "on_call": True}))
    wednesday = EIGHT + 48 * HOUR
    off = {"id": uuid7(), "technician_id": ann, "starts_at": wednesday, "ends_at": wednesday + 24 * HOUR}
    rows.append(("time_off", {**off, "reason": "Wedding", **_STAMPS}))
    facility_id, bay_id, calendar_id = uuid7(), uuid7(), uuid7()
    hours = {"time_zone": "UTC", "weekly": {"MON": [["08:00", "16:00"]]}, "created_at": BEFORE}
    rows.append(("business_calendars", {"id": calendar_id, "name": "Hall", **hours}))
    rows.append(("facilities", {"id": facility_id, "name": "Hall", "calendar_id": calendar_id, **_STAMPS}))
    rows.append(("service_bays", {"id": bay_id, "facility_id": facility_id, "name": "A", **_STAMPS}))
    keys = {}
    work = Work(house.engine, world)
    plan = {
        "first": (EIGHT, AppointmentStatus.COMPLETED, True),
        "second": (EIGHT + 2 * HOUR, AppointmentStatus.SCHEDULED, False),
        "called off": (EIGHT + 4 * HOUR, AppointmentStatus.CANCELLED, False),
    }
    for name, (start, status, in_bay) in plan.items():
        ticket_id = await work.create()
        job_id = await work.assign(ticket_id, "ann")
        place = {"location_mode": "AT_FACILITY", "facility_id": facility_id, "bay_id": bay_id} if in_bay else {}
        row = an_appointment(world, {"id": ticket_id}, status=status, start=start, assignment_id=job_id, **place)
        keys[name] = row["id"]
        rows.append(("appointments", row))
    async with transaction(house.engine, world.organization_id) as connection:
        for table, row in rows:
            insert = sa.insert(metadata.tables[table]).values(organization_id=world.organization_id, **row)
            await connection.execute(insert)
        of = metadata.tables["assignments"]
        mine = (of.c.organization_id == world.organization_id) & (of.c.technician_id == ann)
        await connection.execute(sa.update(of).where(mine).values(travel_minutes=20))
    yield Week(house=house, bay_id=bay_id, appointments=keys)


def shift(key: UUID, technician_id: UUID, start: datetime, end: datetime) -> dict[str, Any]:
    return {"id": key, "technician_id": technician_id, "starts_at": start, "ends_at": end, **_STAMPS}


SCHEDULE = f"""schedule({WEEK}) {{ __typename
  ... on Shift {{ start onCall breaks {{ start }} }} ... on TimeOff {{ start reason }}
  ... on Appointment {{ id status }} }}"""


async def test_a_schedule_has_shifts_time_off_and_appointments_by_where_they_begin(week: Week) -> None:
    entries = (await week.technician(SCHEDULE))["schedule"]

    keys = {name: global_id("Appointment", key) for name, key in week.appointments.items()}
    assert [(each["__typename"], each.get("start") or each["id"]) for each in entries] == [
        ("Shift", "2026-05-04T08:00:00.000000Z"),
        ("Appointment", keys["first"]),
        ("Appointment", keys["second"]),
        ("Shift", "2026-05-05T08:00:00.000000Z"),
        ("Shift", "2026-05-05T18:00:00.000000Z"),
        ("Shift", "2026-05-06T08:00:00.000000Z"),
        ("TimeOff", "2026-05-06T08:00:00.000000Z"),
    ]
    assert entries[0]["breaks"] == [{"start": "2026-05-04T12:00:00.000000Z"}]
    assert [each["onCall"] for each in entries if each["__typename"] == "Shift"] == [False, False, True, False]


@pytest.mark.parametrize(("name", "reason"), [("dispatcher", "Wedding"), ("ann", "Wedding"), ("bob", None)])
async def test_why_somebody_is_off_is_for_themselves_and_dispatchers(week: Week, name: str, reason: str | None) -> None:
    entries = (await week.technician(SCHEDULE, name))["schedule"]

    assert [each["reason"] for each in entries if each["__typename"] == "TimeOff"] == [reason]


async def test_customers_see_no_schedule_and_no_utilization(week: Week) -> None:
    told = await week.technician(f"schedule({WEEK}) {{ __typename }} utilization({WEEK}) {{ ratio }}", "customer")
    bay = await week.ask(
        f'{{ node(id: "{global_id("ServiceBay", week.bay_id)}") {{ ... on ServiceBay'
        f" {{ name utilization({WEEK}) {{ ratio }} }} }} }}",
        "customer",
    )

    assert told == {"schedule": None, "utilization": None}
    assert bay["node"] == {"name": "A", "utilization": None}


async def test_utilization_counts_what_is_worked_and_what_is_booked(week: Week) -> None:
    found = (
        await week.technician(f"utilization({WEEK}) {{ availableMinutes bookedMinutes travelMinutes ratio bookings }}")
    )["utilization"]

    # Monday's seven hours and two on call on the holiday; not the holiday's shift, nor that of the day off.
    assert found["availableMinutes"] == 7 * 60 + 2 * 60
    assert (found["bookedMinutes"], found["bookings"], found["travelMinutes"]) == (120, 2, 40)
    assert found["ratio"] == pytest.approx(120 / 540, abs=1e-4)


async def test_whoever_has_no_shifts_is_not_available(week: Week) -> None:
    found = (await week.technician(f"utilization({WEEK}) {{ availableMinutes ratio }}", whose="bob"))["utilization"]

    assert found == {"availableMinutes": 0, "ratio": 0.0}


async def test_a_bay_is_used_while_its_facility_is_open(week: Week) -> None:
    query = (
        f"{{ facilities {{ nodes {{ bays {{ utilization({WEEK}) {{ availableMinutes bookedMinutes ratio }} }} }} }} }}"
    )
    (facility,) = (await week.ask(query))["facilities"]["nodes"]

    used = {"availableMinutes": 8 * 60, "bookedMinutes": 60, "ratio": 0.125}
    assert facility["bays"] == [{"utilization": used}]


@pytest.mark.parametrize("field", ["schedule(%s) { __typename }", "utilization(%s) { ratio }"])
@pytest.mark.parametrize("end", ["2026-05-04", "2026-08-05"])
async def test_a_time_that_makes_no_sense_is_named(week: Week, field: str, end: str) -> None:
    times = f'from: "2026-05-04T00:00:00Z", to: "{end}T00:00:00Z"'
    query = f"{{ technicians {{ nodes {{ {field % times} }} }} }}"
    answer = await week.house.served.ask(token(week.house.world, "dispatcher"), query)

    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}
    assert "to must come after from, at most 92 days." in answer["errors"][0]["message"]


BOARD = f"""{{ dispatchBoard(filter: {{ {WEEK} }}) {{ rows {{
  technician {{ id }} entries {{ __typename ... on Appointment {{ id }} }}
  conflicts {{ kind message appointments {{ id }} }}
}} }} }}"""


async def test_a_board_s_lane_has_its_technician_s_schedule_and_nothing_that_conflicts(week: Week) -> None:
    lanes = {row["technician"]["id"]: row for row in (await week.ask(BOARD))["dispatchBoard"]["rows"]}
    ann, bob = (lanes[global_id("Technician", week.house.world.technicians[name])] for name in ("ann", "bob"))
    schedule = (await week.technician(SCHEDULE))["schedule"]

    assert [each["__typename"] for each in ann["entries"]] == [each["__typename"] for each in schedule]
    assert bob["entries"] == []
    assert (ann["conflicts"], bob["conflicts"]) == ([], [])


async def test_a_board_tells_what_conflicts(week: Week) -> None:
    house = week.house
    keys = []
    async with transaction(house.engine, house.world.organization_id) as connection:
        for start, minutes in ((EIGHT + 5 * HOUR, 60), (EIGHT + 6.1 * HOUR, 60), (EIGHT + 48 * HOUR, 60)):
            ticket_id = await Work(house.engine, house.world).create()
            row = an_appointment(house.world, {"id": ticket_id}, start=start)
            row["ends_at"] = start + timedelta(minutes=minutes)
            keys.append(row["id"])
            values = {"organization_id": house.world.organization_id, **row}
            await connection.execute(sa.insert(metadata.tables["appointments"]).values(**values))
    lanes = {row["technician"]["id"]: row for row in (await week.ask(BOARD))["dispatchBoard"]["rows"]}
    of_ann = lanes[global_id("Technician", house.world.technicians["ann"])]["conflicts"]
    of = metadata.tables["appointments"]
    async with transaction(house.engine, house.world.organization_id) as connection:
        ours = (of.c.organization_id == house.world.organization_id) & of.c.id.in_(keys)
        cancelled = {"status": "CANCELLED", "cancelled_at": BEFORE, "cancellation_reason": "A test."}
        await connection.execute(sa.update(of).where(ours).values(**cancelled))

    first, second, third = (global_id("Appointment", key) for key in keys)
    assert [(each["kind"], [one["id"] for one in each["appointments"]]) for each in of_ann] == [
        ("BUFFER", [first, second]),
        ("TIME_OFF", [third]),
    ]
    assert of_ann[0]["message"] == "Only 6 minutes lie between them, and 30 are wanted."


FIGURES = """bookingSuccessRate noShowRate recommendedSlotRate averageWaitHours averageWaitHoursCritical
  travelRatio technicianUtilization"""
MONDAY = 'from: "2026-05-04T00:00:00Z", to: "2026-05-05T00:00:00Z"'


async def test_figures_tell_how_well_appointments_go(week: Week) -> None:
    found = (await week.ask(f"{{ metrics({MONDAY}) {{ {FIGURES} }} }}"))["metrics"]
    booked = (
        await week.ask(f'{{ metrics(from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z") {{ {FIGURES} }} }}')
    )["metrics"]

    # Of Monday one was done; those called off are over, too. None was booked on Monday.
    assert 0 < found["bookingSuccessRate"] <= 0.5
    assert found["noShowRate"] == 0
    assert (found["recommendedSlotRate"], found["averageWaitHours"]) == (None, None)
    assert found["travelRatio"] == pytest.approx(20 / 80)
    assert found["technicianUtilization"] == pytest.approx(120 / 420, abs=1e-4)
    # All were booked on the first of January.
    assert booked["recommendedSlotRate"] == 1
    assert booked["averageWaitHours"] == pytest.approx(((EIGHT - BEFORE) / HOUR * 2 + 2) / 2)
    assert (booked["averageWaitHoursCritical"], booked["bookingSuccessRate"], booked["travelRatio"]) == 3 * (None,)


async def test_a_year_is_too_long_to_reckon_hours(week: Week) -> None:
    year = 'from: "2026-01-01T00:00:00Z", to: "2027-01-01T00:00:00Z"'
    found = (await week.ask(f"{{ metrics({year}) {{ technicianUtilization bookingSuccessRate }} }}"))["metrics"]

    assert found["technicianUtilization"] is None
    assert found["bookingSuccessRate"] > 0
