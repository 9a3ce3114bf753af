"""A made-up company whose near days are fuller than its far ones, for measuring; equal seeds make equal companies."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np

from app.domain.appointments import AppointmentType, LocationMode, Urgency
from app.domain.distances import estimated
from app.planning.slots.problem import (
    Bay,
    Booking,
    Facility,
    PartStock,
    Place,
    Problem,
    Shift,
    Span,
    Technician,
)
from app.planning.slots.request import PartNeed, SlotRequest

NOW = datetime(2026, 3, 2, 9, 7, tzinfo=UTC)
_MIDNIGHT = NOW.replace(hour=0, minute=0)
_SKILLS = tuple(UUID(int=900_000 + number) for number in range(8))
_BAYS_EACH = 10
_BOX = 0.35


def company(technicians: int, bays: int, *, seed: int, fullness: float = 0.65, days: int = 14) -> Problem:
    """Return a problem with so many technicians and bays, whose next days are `fullness` full."""
    chance = np.random.default_rng(seed)
    facilities = tuple(
        Facility(
            id=UUID(int=800_000 + number),
            place=_place(chance, 0.4),
            opening=tuple(_span(day, 420, 1140) for day in range(-1, days + 1)),
        )
        for number in range(-(-bays // _BAYS_EACH))
    )
    return Problem(
        now=NOW,
        technicians=tuple(_technician(number, chance, fullness, days) for number in range(technicians)),
        bays=tuple(_bay(number, facilities[number // _BAYS_EACH].id, chance, fullness, days) for number in range(bays)),
        facilities=facilities,
        parts={f"P-{number}": PartStock(stock=number % 3, lead_time_days=number % 5) for number in range(20)},
    )


def request(problem: Problem, chance: np.random.Generator, *, urgent: bool = False) -> SlotRequest:
    """Return a request such as customers make: half of them at a facility."""
    kind = AppointmentType(chance.choice([each.value for each in AppointmentType if each != "EMERGENCY"]))
    at_facility = bool(problem.facilities) and chance.random() < 0.5
    levels = (Urgency.HIGH, Urgency.CRITICAL) if urgent else tuple(Urgency)
    where = problem.facilities[int(chance.integers(len(problem.facilities)))] if at_facility else None
    preferred = None if urgent or chance.random() < 0.3 else NOW.date() + timedelta(days=int(chance.integers(10)))
    return SlotRequest(
        appointment_type=kind,
        duration_minutes=int(chance.choice([30, 60, 90, 120])),
        urgency=levels[int(chance.integers(len(levels)))],
        location_mode=LocationMode.AT_FACILITY if where else LocationMode.ON_SITE,
        facility_id=where.id if where else None,
        place=None if where else _place(chance, 0.85),
        skills={_SKILLS[int(chance.integers(len(_SKILLS)))]: int(chance.integers(1, 4))},
        parts=(PartNeed(part_number=f"P-{int(chance.integers(20))}", quantity=1),) if chance.random() < 0.3 else (),
        preferred_date=preferred,
    )


def _place(chance: np.random.Generator, size: float) -> Place:
    lat, lon = chance.uniform(-_BOX * size, _BOX * size, 2)
    return (48.85 + float(lat), 2.35 + float(lon))


def _span(day: int, start: int, end: int) -> Span:
    midnight = _MIDNIGHT + timedelta(days=day)
    return Span(start=midnight + timedelta(minutes=start), end=midnight + timedelta(minutes=end))


def _technician(number: int, chance: np.random.Generator, fullness: float, days: int) -> Technician:
    begins = int(chance.choice([420, 480, 540]))
    home = _place(chance, 1.0)
    skills = {skill: int(chance.integers(2, 6)) for skill in _SKILLS if chance.random() < 0.3}
    skills[_SKILLS[int(chance.integers(len(_SKILLS)))]] = 4
    shifts: list[Shift] = []
    off: list[Span] = []
    bookings: list[Booking] = []
    for day in range(-1, days + 1):
        midnight = _MIDNIGHT + timedelta(days=day)
        if midnight.weekday() >= 5:
            continue
        shift, lunch = _span(day, begins, begins + 540), _span(day, begins + 240, begins + 270)
        shifts.append(Shift(start=shift.start, end=shift.end, breaks=(lunch,)))
        if chance.random() < 0.05:
            off.append(shift)
        else:
            full = fullness * (1 - 0.45 * max(0, day) / days)
            bookings += _bookings(number, day, begins, home, chance, full)
    return Technician(
        id=UUID(int=number + 1),
        tier_level=1,
        skills=skills,
        home=home,
        rating=round(float(chance.uniform(3, 5)), 1),
        shifts=tuple(shifts),
        time_off=tuple(off),
        bookings=tuple(bookings),
    )


def _bookings(
    number: int, day: int, begins: int, home: Place, chance: np.random.Generator, full: float
) -> list[Booking]:
    found: list[Booking] = []
    clock, here = begins + int(chance.integers(0, 60)), home
    while len(found) < 6:
        there, length = _place(chance, 0.6), int(chance.choice([30, 45, 60, 90, 120]))
        start = -(-(clock + max(30, estimated(here, there).minutes)) // 15) * 15
        if start < begins + 270 and start + length > begins + 240:
            start = begins + 270
        if start + length > begins + 540:
            break
        if chance.random() < full:
            span = _span(day, start, start + length)
            identity = UUID(int=(number + 1) * 1_000_000 + (day + 1) * 100 + len(found))
            found.append(Booking(id=identity, start=span.start, end=span.end, place=there))
            here = there
        clock = start + length
    return found


def _bay(number: int, facility: UUID, chance: np.random.Generator, fullness: float, days: int) -> Bay:
    bookings: list[Booking] = []
    for day in range(-1, days + 1):
        clock = 420
        while clock < 1080:
            length = int(chance.choice([30, 60, 90, 120]))
            if chance.random() < fullness:
                span = _span(day, clock, min(1140, clock + length))
                identity = UUID(int=10**12 + number * 10_000 + len(bookings))
                bookings.append(Booking(id=identity, start=span.start, end=span.end))
            clock += length + 30
    skills = frozenset(skill for skill in _SKILLS if chance.random() < 0.6)
    return Bay(
        id=UUID(int=700_000 + number),
        facility_id=facility,
        name=f"Bay {number + 1}",
        equipped_for=skills,
        bookings=tuple(bookings),
    )
