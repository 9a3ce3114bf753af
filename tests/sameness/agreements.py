"""What is agreed with customers, and when and where technicians work."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

from app.demo.ids import chance as chance_of
from app.domain.appointment_life import OPEN
from app.domain.appointments import AppointmentStatus, AppointmentType, AutoBooking, LocationMode, ScheduleLock, Urgency
from app.domain.waitlist import WaitlistStatus
from tests.holds import a_hold
from tests.sameness.organisation import Organisation, Row

_HOUR = timedelta(hours=1)
_ZONES = ("UTC", "Asia/Kolkata", "Europe/Amsterdam")


def supply_of(of: Organisation) -> Iterator[tuple[str, Row]]:
    """Yield facilities with their bays, and the hours of technicians, table by table."""
    # By a chance of their own, which leaves every other row as it is without them.
    words, chance = of.vocabulary, chance_of(f"supply of {of.name}")
    for number in range(3):
        located = chance.random() < 0.7
        yield (
            "facilities",
            {
                "id": of.new("Facility"),
                "name": chance.choice(words.names),
                "latitude": chance.choice(words.latitudes) if located else None,
                "longitude": chance.choice(words.longitudes) if located else None,
                "territory_id": chance.choice((None, *of.keys["Territory"])),
                "calendar_id": chance.choice((None, *of.keys["BusinessCalendar"])),
                **_stamps(of, chance),
            },
        )
        for bay in range(number):
            yield (
                "service_bays",
                {
                    "id": of.new("ServiceBay"),
                    "facility_id": of.keys["Facility"][number],
                    "name": f"{chance.choice(words.lines)} {bay}",
                    "active": chance.random() < 0.7,
                    **_stamps(of, chance),
                },
            )
            for skill_id in chance.sample(of.keys["Skill"], chance.randint(0, 3)):
                yield "service_bay_skills", {"bay_id": of.keys["ServiceBay"][-1], "skill_id": skill_id}
    for territory_id in of.keys["Territory"][:2]:
        for day in words.days:
            yield "territory_holidays", {"territory_id": territory_id, "day": day, "name": chance.choice(words.lines)}
    for kind in chance.sample(list(AppointmentType), 3):
        usual = {"duration_minutes": chance.choice((None, 90)), "urgency": chance.choice((None, *Urgency))}
        booked = chance.choice((None, *AutoBooking))
        yield "service_types", {"type": kind, **usual, "auto_book_from": booked, **_stamps(of, chance)}
        for skill_id in chance.sample(of.keys["Skill"], chance.randint(0, 2)):
            yield "service_type_skills", {"type": kind, "skill_id": skill_id, "level": chance.randint(1, 5)}
    for technician_id in of.technicians.values():
        yield from _hours(of, chance, technician_id)


def _hours(of: Organisation, chance: Random, technician_id: Any) -> Iterator[tuple[str, Row]]:
    words = of.vocabulary
    for start in chance.sample(words.moments, 2):
        shift_id = of.new("Shift")
        shift = {"id": shift_id, "technician_id": technician_id, "starts_at": start, "ends_at": start + 8 * _HOUR}
        yield "shifts", {**shift, "on_call": chance.random() < 0.3, **_stamps(of, chance)}
        if chance.random() < 0.5:
            pause = {"starts_at": start + 3 * _HOUR, "ends_at": start + 4 * _HOUR}
            yield "shift_breaks", {"shift_id": shift_id, **pause}
    if chance.random() < 0.5:
        start = chance.choice(words.moments)
        off = {"id": of.new("TimeOff"), "technician_id": technician_id, "starts_at": start, "ends_at": start + _HOUR}
        yield "time_off", {**off, "reason": chance.choice((None, *words.lines)), **_stamps(of, chance)}


def agreements_of(of: Organisation, rows: dict[str, list[Row]]) -> Iterator[tuple[str, Row]]:
    """Yield series, appointments with the parts they reserve, and who waits, table by table."""
    words, chance = of.vocabulary, chance_of(f"agreements of {of.name}")
    for _ in range(3):
        yield (
            "appointment_series",
            {
                "id": of.new("AppointmentSeries"),
                "rrule": chance.choice(("FREQ=MONTHLY;BYDAY=1MO", "FREQ=WEEKLY;COUNT=4")),
                "time_zone": chance.choice(_ZONES),
                "starts_at": chance.choice(words.moments),
                "exceptions": tuple(chance.sample(words.days, chance.randint(0, len(words.days)))),
                "planned_until": chance.choice(words.moments),
                "template": {},
                "ended": chance.random() < 0.3,
                **_stamps(of, chance),
            },
        )
    for ticket in rows["tickets"]:
        for turn in range(chance.choice((0, 1, 1, 2))):
            appointment = _appointment(of, chance, ticket, rows, is_open=turn == 0 and chance.random() < 0.7)
            yield "appointments", appointment
            for part_id in chance.sample(of.keys["Part"], chance.choice((0, 0, 1, 2))):
                reserved = {"appointment_id": appointment["id"], "part_id": part_id}
                yield "part_reservations", {**reserved, "quantity": chance.randint(1, 3), "critical": True}
    for _ in range(12):
        yield "waitlist_entries", _waiting(of, chance)
    for number in range(12):
        whose = {
            "held_by": chance.choice((None, *of.users.values())),
            "customer_id": chance.choice((None, *of.keys["Customer"])),
            "waitlist_entry_id": chance.choice((None, of.keys["WaitlistEntry"][number])),
        }
        # Far enough from each other that nobody is held twice.
        start, bay_id = words.moments[0] + 3 * number * _HOUR, chance.choice((None, *of.keys["ServiceBay"]))
        technician_id = chance.choice(list(of.technicians.values()))
        yield "bookings", a_hold(of.new("SlotHold"), technician_id, start, bay_id=bay_id, **whose)


def _appointment(of: Organisation, chance: Random, ticket: Row, rows: dict[str, list[Row]], *, is_open: bool) -> Row:
    words = of.vocabulary
    jobs = [each["id"] for each in rows["assignments"] if each["ticket_id"] == ticket["id"]]
    status = chance.choice(OPEN if is_open else [each for each in AppointmentStatus if each not in OPEN])
    bay_id = chance.choice((None, *of.keys["ServiceBay"]))
    facility_id = next((each["facility_id"] for each in rows["service_bays"] if each["id"] == bay_id), None)
    start, cancelled, number = (
        chance.choice(words.moments),
        status is AppointmentStatus.CANCELLED,
        len(of.keys.get("Appointment", ())),
    )
    series_id = chance.choice((None, None, *of.keys["AppointmentSeries"]))
    fee = chance.choice((None, *words.prices)) if cancelled else None
    return {
        "id": of.new("Appointment"),
        "ticket_id": ticket["id"],
        "assignment_id": chance.choice((None, *jobs)),
        "asset_id": ticket["asset_id"],
        "customer_id": ticket["customer_id"],
        "type": chance.choice(list(AppointmentType)),
        "urgency": chance.choice(list(Urgency)),
        "status": status,
        "location_mode": LocationMode.ON_SITE if bay_id is None else LocationMode.AT_FACILITY,
        "facility_id": facility_id,
        "bay_id": bay_id,
        "technician_id": chance.choice(list(of.technicians.values())),
        "starts_at": start,
        "ends_at": start + chance.choice((1, 2)) * _HOUR,
        "arrival_until": start + chance.choice((0, 1)) * _HOUR,
        "time_zone": chance.choice(_ZONES),
        "lock": chance.choice(list(ScheduleLock)),
        "series_id": series_id,
        "occurrence_at": None if series_id is None else words.moments[0] + number * _HOUR,
        "request": {},
        "notes": chance.choice((None, *words.texts)),
        "notify": chance.random() < 0.5,
        "used_recommended_slot": chance.random() < 0.5,
        "invite_sequence": chance.randint(0, 3),
        "remind_at": chance.choice((None, *words.moments)),
        "reminded_at": chance.choice((None, *words.moments)),
        "confirmed_at": chance.choice((None, *words.moments)),
        "cancelled_at": chance.choice(words.moments) if cancelled else None,
        "cancellation_reason": chance.choice(words.texts) if cancelled else None,
        "cancellation_fee": fee,
        "currency": None if fee is None else "EUR",
        "booked_by": chance.choice((None, *of.users.values())),
        **_stamps(of, chance),
    }


def _waiting(of: Organisation, chance: Random) -> Row:
    words = of.vocabulary
    status = chance.choice(list(WaitlistStatus))
    waits = {WaitlistStatus.WAITING, WaitlistStatus.OFFERED}
    start = chance.choice(words.moments)
    # By a chance of its own, as facilities have.
    pause = chance_of(f"pause {len(of.keys.get('WaitlistEntry', ()))} of {of.name}")
    return {
        "id": of.new("WaitlistEntry"),
        "customer_id": chance.choice((None, *of.keys["Customer"])),
        "appointment_id": None if status in waits else chance.choice((None, *of.keys["Appointment"])),
        "joined_by": chance.choice((None, *of.users.values())),
        "appointment_type": chance.choice(list(AppointmentType)),
        "windows": [[start.isoformat(), (start + _HOUR).isoformat()]][: chance.randint(0, 1)],
        "request": {},
        "tier_rank": chance.randint(0, 2),
        "status": status,
        "expires_at": chance.choice(words.moments),
        "paused_at": pause.choice((None, *words.moments)),
        **_stamps(of, chance),
    }


def _stamps(of: Organisation, chance: Random) -> Row:
    words = of.vocabulary
    moments = {"created_at": chance.choice(words.moments), "updated_at": chance.choice(words.moments)}
    return {"version": chance.randint(1, 5), **moments}
