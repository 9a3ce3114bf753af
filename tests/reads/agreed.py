"""Facilities, appointments and who waits for one, for the rows that reads are tried on."""

import random
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.domain.appointment_life import OPEN
from app.domain.appointments import AppointmentStatus, AppointmentType, Urgency
from app.domain.waitlist import WaitlistStatus
from tests.holds import a_hold
from tests.world import BEFORE, World

Row = dict[str, Any]

HOUR = timedelta(hours=1)
_STAMPS: Row = {"created_at": BEFORE, "updated_at": BEFORE}


def agreed_rows(
    world: World,
    tickets: Sequence[Row],
    jobs: Sequence[Row],
    territories: Sequence[UUID],
    customers: Sequence[UUID],
    *,
    calendar_id: UUID,
) -> Iterator[tuple[str, Row]]:
    """Yield the rows by table, in the order in which they can be inserted."""
    chance = random.Random(20260302)
    bays, series = [], []
    for number, territory_id in enumerate((None, *territories)):
        facility_id = uuid7()
        place = {"latitude": 52.0 + number, "longitude": 5.0} if number else {"latitude": None, "longitude": None}
        facility = {"id": facility_id, "name": f"Hall {number}", "territory_id": territory_id, **place}
        yield "facilities", {**facility, "calendar_id": calendar_id, **_STAMPS}
        for name in ("Bay A", "Bay B")[:number]:
            bays.append((facility_id, uuid7()))
            bay = {"id": bays[-1][1], "facility_id": facility_id, "name": name, "active": name == "Bay A"}
            yield "service_bays", {**bay, **_STAMPS}
            yield "service_bay_skills", {"bay_id": bays[-1][1], "skill_id": world.skill_id}
    yield from _settled(world, territories)
    for rule in ("FREQ=WEEKLY", "FREQ=MONTHLY"):
        series.append(uuid7())
        rule_row: Row = {
            "id": series[-1],
            "rrule": rule,
            "time_zone": "UTC",
            "starts_at": BEFORE,
            "planned_until": BEFORE,
            "template": {},
        }
        yield "appointment_series", {**rule_row, "exceptions": (date(2026, 2, 2),), **_STAMPS}
    known: list[UUID] = []
    for number, ticket in enumerate(tickets):
        for turn in range(chance.choice((0, 1, 2))):
            status = chance.choice(OPEN if turn == 0 else [each for each in AppointmentStatus if each not in OPEN])
            own = [job["id"] for job in jobs if job["ticket_id"] == ticket["id"]]
            row: Row = {
                **an_appointment(world, ticket, status=status, start=BEFORE + chance.randrange(48) * HOUR),
                "assignment_id": chance.choice([None, *own]),
                "technician_id": chance.choice(list(world.technicians.values())),
                "booked_by": chance.choice([None, world.users["customer"]]),
            }
            if chance.random() < 0.4:
                at = dict(zip(("facility_id", "bay_id"), chance.choice(bays), strict=True))
                row |= {"location_mode": "AT_FACILITY", **at}
            if chance.random() < 0.4:
                row |= {"series_id": chance.choice(series), "occurrence_at": BEFORE + (2 * number + turn) * HOUR}
            known.append(row["id"])
            yield "appointments", row
            reserved = {"appointment_id": row["id"], "part_id": world.part_id}
            yield "part_reservations", {**reserved, "quantity": 1, "critical": False}
    for technician_id in world.technicians.values():
        yield "calendar_feeds", {"technician_id": technician_id, "generation": 1, "updated_at": BEFORE}
    users = [world.users[name] for name in ("customer", "stranger", "dispatcher")]
    entries = [uuid7() for _ in range(12)]
    for number, entry_id in enumerate(entries):
        yield (
            "waitlist_entries",
            {
                "id": entry_id,
                "customer_id": chance.choice([None, *customers]),
                "appointment_id": known[number],
                "joined_by": chance.choice([None, *users]),
                "appointment_type": AppointmentType.DIAGNOSTIC,
                "windows": [["2026-01-02T08:00:00Z", "2026-01-02T12:00:00Z"]],
                "request": {},
                "tier_rank": chance.randrange(3),
                "status": chance.choice(list(WaitlistStatus)),
                "expires_at": BEFORE + 24 * HOUR,
                "created_at": BEFORE + chance.randrange(2) * HOUR,
                "updated_at": BEFORE,
            },
        )
    for number in range(12):
        whose = {
            "held_by": chance.choice([None, *users]),
            "customer_id": chance.choice([None, *customers]),
            "waitlist_entry_id": chance.choice([None, entries[number]]),
        }
        start = BEFORE + (1000 + 3 * number) * HOUR
        yield "bookings", a_hold(uuid7(), chance.choice(list(world.technicians.values())), start, **whose)


def an_appointment(
    world: World,
    ticket: Row,
    *,
    status: AppointmentStatus = AppointmentStatus.SCHEDULED,
    start: datetime,
    **others: Any,
) -> Row:
    """Return an appointment of an hour with ann for a ticket."""
    cancelled = status is AppointmentStatus.CANCELLED
    row = {
        "id": uuid7(),
        "ticket_id": ticket["id"],
        "assignment_id": None,
        "asset_id": ticket.get("asset_id"),
        "customer_id": ticket.get("customer_id"),
        "type": AppointmentType.DIAGNOSTIC,
        "urgency": Urgency.MEDIUM,
        "status": status,
        "location_mode": "ON_SITE",
        "facility_id": None,
        "bay_id": None,
        "technician_id": world.technicians["ann"],
        "starts_at": start,
        "ends_at": start + HOUR,
        "arrival_until": start,
        "time_zone": "Europe/Amsterdam",
        "series_id": None,
        "occurrence_at": None,
        "request": {},
        "notify": True,
        "used_recommended_slot": True,
        "booked_by": None,
        "cancelled_at": BEFORE if cancelled else None,
        "cancellation_reason": "It works again." if cancelled else None,
        **_STAMPS,
    }
    return {**row, **others}


def _settled(world: World, territories: Sequence[UUID]) -> Iterator[tuple[str, Row]]:
    for territory_id in territories:
        for day in (date(2026, 12, 25), date(2026, 1, 1), date(2027, 1, 1)):
            yield "territory_holidays", {"territory_id": territory_id, "day": day, "name": "Nobody works"}
    for kind in (AppointmentType.EMERGENCY, AppointmentType.DIAGNOSTIC):
        yield "service_types", {"type": kind, "duration_minutes": 90, **_STAMPS}
        yield "service_type_skills", {"type": kind, "skill_id": world.skill_id, "level": 2}
