"""When technicians work and what is agreed with them, for those who work here; how well bays are used."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.domain.calendars import worked
from app.domain.policy import is_staff
from app.domain.utilization import Stretch, Utilization, lasting, utilized, working
from app.reads import agreements
from app.reads.availability import load_availability, load_breaks
from app.reads.record import Record
from app.reads.schedules import (
    Agreed,
    Worked,
    load_agreed,
    load_holidays,
    load_shifts,
    load_time_off,
)
from resolvers.appointments import within
from resolvers.clocks import calendar_from
from resolvers.context import Operation

LONGEST = timedelta(days=92)


def check(start: datetime, end: datetime) -> None:
    """Check that a time can be looked at. Raises Invalid."""
    within(start, end, LONGEST)


async def schedule(operation: Operation, technician_id: UUID, start: datetime, end: datetime) -> list[Record] | None:
    """Return a technician's shifts, time off and appointments within a time, by where they begin; None for customers.

    Raises:
        Invalid: the time ends before it begins, or is longer than 92 days.
    """
    check(start, end)
    if not is_staff(operation.actor):
        return None
    found: list[tuple[datetime, int, Record]] = [
        (each.hours.start, 0, each.row) for each in await shifts_of(operation, technician_id, start, end)
    ]
    found += [(each.starts_at, 1, each) for each in await time_off_of(operation, technician_id, start, end)]
    found += [
        (each.appointment.starts_at, 2, each.appointment)
        for each in await agreed_with(operation, technician_id, start, end)
    ]
    return [entry for _, _, entry in sorted(found, key=lambda each: each[:2])]


async def utilization(operation: Operation, technician_id: UUID, start: datetime, end: datetime) -> Utilization | None:
    """Return how much of a technician's working time within a time is booked; None for customers. Raises Invalid."""
    check(start, end)
    if not is_staff(operation.actor):
        return None
    at_work = await working_hours(operation, technician_id, start, end)
    agreed = await agreed_with(operation, technician_id, start, end)
    return utilized(lasting(at_work, start, end), [each.taken for each in agreed], start, end)


async def utilization_of_bay(operation: Operation, bay: Any, start: datetime, end: datetime) -> Utilization | None:
    """Return how much of the time in which a bay's facility is open is booked in it; None for customers.

    Raises:
        Invalid: the time ends before it begins, or is longer than 92 days.
    """
    check(start, end)
    if not is_staff(operation.actor):
        return None
    facility = await operation.loaders.one(agreements.BAY_FACILITY, bay)
    kept = None if facility is None else await operation.loaders.one(agreements.FACILITY_CALENDAR, facility)
    opened = worked(None if kept is None else calendar_from(kept), start, end)
    agreed = await _agreed(operation, "bay_id", bay.id, start, end)
    return utilized(opened, [each.taken for each in agreed], start, end)


async def working_hours(operation: Operation, technician_id: UUID, start: datetime, end: datetime) -> list[Stretch]:
    """Return when a technician works within a time, or around its bounds."""
    holidays: list[Stretch] = await _load(operation, "holidays", load_holidays, technician_id, start, end)
    off = await time_off_of(operation, technician_id, start, end)
    shifts = await shifts_of(operation, technician_id, start, end)
    return working([each.hours for each in shifts], holidays, [(each.starts_at, each.ends_at) for each in off])


async def shifts_of(operation: Operation, technician_id: UUID, start: datetime, end: datetime) -> list[Worked]:
    """Return a technician's shifts within a time."""
    found: list[Worked] = await _load(operation, "shifts", load_shifts, technician_id, start, end)
    return found


async def time_off_of(operation: Operation, technician_id: UUID, start: datetime, end: datetime) -> list[Record]:
    """Return a technician's time off within a time."""
    found: list[Record] = await _load(operation, "time off", load_time_off, technician_id, start, end)
    return found


async def breaks_of(operation: Operation, shift_id: UUID) -> list[Stretch]:
    """Return a shift's breaks, first to last."""
    found: list[Stretch] = await operation.loaders.by(
        "breaks", lambda keys: load_breaks(operation.reader, keys), shift_id
    )
    return found


async def availability(operation: Operation, technician_id: UUID) -> Any:
    """Return what a technician is at the moment; None for customers."""
    now = operation.process.clock()
    return await operation.loaders.by(
        "availability", lambda keys: load_availability(operation.reader, keys, now), technician_id
    )


async def agreed_with(operation: Operation, technician_id: UUID, start: datetime, end: datetime) -> list[Agreed]:
    """Return a technician's appointments within a time but for those that were called off."""
    return await _agreed(operation, "technician_id", technician_id, start, end)


async def _agreed(operation: Operation, column: str, key: UUID, start: datetime, end: datetime) -> list[Agreed]:
    found: list[Agreed] = await operation.loaders.by(
        ("agreed", column, start, end),
        lambda keys: load_agreed(operation.reader, column, keys, (start, end)),
        key,
    )
    return found


async def _load(operation: Operation, name: str, load: Any, key: UUID, start: datetime, end: datetime) -> Any:
    return await operation.loaders.by((name, start, end), lambda keys: load(operation.reader, keys, (start, end)), key)
