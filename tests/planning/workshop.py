"""The worked case: a workshop with eight bays on the last days of January 2026, and an engine to be repaired."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from app.domain.appointments import AppointmentType, LocationMode, Urgency
from app.planning.slots.problem import (
    Bay,
    Booking,
    Facility,
    PartStock,
    Place,
    Problem,
    Shift,
    SlotRules,
    Span,
    Technician,
)
from app.planning.slots.request import PartNeed, SlotRequest

NOW = datetime(2026, 1, 30, 8, 0, tzinfo=UTC)
SUNDAY = datetime(2026, 2, 1, tzinfo=UTC)
ENGINES, BRAKES = UUID(int=1), UUID(int=2)
WORKSHOP = UUID(int=50)
HERE: Place = (52.52, 13.40)
ANNA, BEN, MIKE, RUTH = UUID(int=101), UUID(int=102), UUID(int=103), UUID(int=104)
BAYS = {number: UUID(int=600 + number) for number in range(1, 9)}
# Equipped for engines as Bay 3 is, and taken at that time.
BOOKED = 602


def day(number: int, start: float, end: float) -> Span:
    """Return hours of a day: 0 is the Sunday of the case."""
    midnight = SUNDAY + timedelta(days=number)
    return Span(start=midnight + timedelta(hours=start), end=midnight + timedelta(hours=end))


def shifts() -> tuple[Shift, ...]:
    """Return shifts from nine to half past five, a break at half past twelve, on every day but Saturday."""
    return tuple(
        Shift(
            start=day(number, 9, 17.5).start,
            end=day(number, 9, 17.5).end,
            breaks=(day(number, 12.5, 13),),
        )
        for number in range(-2, 13)
        if number % 7 != 6
    )


def booking(number: int, when: Span) -> Booking:
    return Booking(id=UUID(int=900 + number), start=when.start, end=when.end, place=HERE)


def technician(
    identity: UUID, skills: Mapping[UUID, int], rating: float, bookings: tuple[Booking, ...] = ()
) -> Technician:
    return Technician(id=identity, skills=skills, rating=rating, home=HERE, shifts=shifts(), bookings=bookings)


def workshop() -> Problem:
    """Return the workshop: Mike and Ruth know engines, Ruth is busy on the Sunday's morning, Bay 2 is taken."""
    equipped = {2: {ENGINES}, 3: {ENGINES}, 4: {ENGINES}, 7: {ENGINES, BRAKES}}
    taken = booking(1, day(0, 8, 11))
    return Problem(
        now=NOW,
        technicians=(
            technician(ANNA, {BRAKES: 5}, 5.0),
            technician(BEN, {ENGINES: 1}, 4.9),
            technician(MIKE, {ENGINES: 5}, 4.8, (booking(2, day(0, 13, 13.75)),)),
            technician(RUTH, {ENGINES: 4}, 4.9, (booking(3, day(0, 9, 10)),)),
        ),
        bays=tuple(
            Bay(
                id=identity,
                facility_id=WORKSHOP,
                name=f"Bay {number}",
                equipped_for=frozenset(equipped.get(number, {BRAKES})),
                bookings=(taken,) if number == 2 else (),
            )
            for number, identity in BAYS.items()
        ),
        facilities=(Facility(id=WORKSHOP, place=HERE),),
        parts={"THERMOSTAT": PartStock(stock=4), "COOLANT": PartStock(stock=20)},
        rules=SlotRules(),
    )


def engine_repair() -> SlotRequest:
    """Return the request of the case."""
    return SlotRequest(
        appointment_type=AppointmentType.COMPONENT_REPAIR,
        duration_minutes=180,
        urgency=Urgency.HIGH,
        location_mode=LocationMode.AT_FACILITY,
        skills={ENGINES: 3},
        parts=(
            PartNeed(part_number="THERMOSTAT", quantity=1),
            PartNeed(part_number="COOLANT", quantity=5),
        ),
        preferred_date=date(2026, 2, 1),
    )
