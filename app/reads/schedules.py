"""When technicians work and what is agreed with them, and what is agreed in bays, within a time; many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.appointments import appointments
from app.db.tables.assignments import assignments
from app.db.tables.availability import shift_breaks, shifts, time_off
from app.db.tables.base import Moment, Uuid
from app.db.tables.organizations import organizations, territories
from app.db.tables.people import technician_territories
from app.db.tables.supply import territory_holidays
from app.domain.appointments import LONGEST, AppointmentStatus
from app.domain.utilization import Shift, Stretch, Taken
from app.reads.batches import columns_of
from app.reads.entities import APPOINTMENT, SHIFT, TIME_OFF
from app.reads.reader import Reader
from app.reads.record import Record
from app.reads.viewers import ORGANIZATION

_KEYS = sa.bindparam("keys", type_=sa.ARRAY(Uuid))
_START = sa.bindparam("from_moment", type_=Moment)
_END = sa.bindparam("to_moment", type_=Moment)
_DAY: sa.ColumnElement[int] = sa.literal_column("1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """A shift's row, and the time that it is."""

    row: Record
    hours: Shift


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """An appointment, and how long the way there takes, where its job knows."""

    appointment: Record
    travel_minutes: int | None

    @property
    def taken(self) -> Taken:
        """The time that it takes."""
        row = self.appointment
        return Taken(start=row.starts_at, end=row.ends_at, travel_minutes=self.travel_minutes or 0)


Times = tuple[datetime, datetime]


async def load_shifts(reader: Reader, technician_ids: Sequence[UUID], times: Times) -> dict[UUID, list[Worked]]:
    """Return each technician's shifts that have some of their time within it, first to last."""
    of = shifts.c
    pause = shift_breaks.alias()
    mine = sa.and_(pause.c.organization_id == of.organization_id, pause.c.shift_id == of.id)

    def every(column: str) -> Any:
        listed = sa.func.array(
            sa.select(pause.c[column]).where(mine).order_by(pause.c.starts_at).correlate(shifts).scalar_subquery(),
            type_=sa.ARRAY(Moment),
        )
        return listed.label(f"breaks_{column}")

    statement = (
        sa.select(*columns_of(SHIFT, shifts, reader.visibility), every("starts_at"), every("ends_at"))
        .where(*SHIFT.seen(shifts, reader.visibility), of.technician_id == sa.any_(_KEYS))
        .where(of.starts_at < _END, of.ends_at > _START)
        .order_by(of.starts_at, of.id)
    )
    found: dict[UUID, list[Worked]] = {each: [] for each in technician_ids}
    for row in await reader.rows(statement, _values(technician_ids, times)):
        breaks = tuple(zip(row.breaks_starts_at, row.breaks_ends_at, strict=True))
        hours = Shift(start=row.starts_at, end=row.ends_at, breaks=breaks, on_call=row.on_call)
        found[row.technician_id].append(Worked(row=Record(SHIFT, row), hours=hours))
    return found


async def load_time_off(reader: Reader, technician_ids: Sequence[UUID], times: Times) -> dict[UUID, list[Record]]:
    """Return each technician's time off that has some of it within the time, first to last."""
    of = time_off.c
    statement = (
        sa.select(*columns_of(TIME_OFF, time_off, reader.visibility))
        .where(*TIME_OFF.seen(time_off, reader.visibility), of.technician_id == sa.any_(_KEYS))
        .where(of.starts_at < _END, of.ends_at > _START)
        .order_by(of.starts_at, of.id)
    )
    found: dict[UUID, list[Record]] = {each: [] for each in technician_ids}
    for row in await reader.rows(statement, _values(technician_ids, times)):
        found[row.technician_id].append(Record(TIME_OFF, row))
    return found


async def load_holidays(reader: Reader, technician_ids: Sequence[UUID], times: Times) -> dict[UUID, list[Stretch]]:
    """Return the days on which all of each technician's territories are on holiday, from midnight to midnight.

    Midnight is that of the technician's first territory by name, as for slots.
    """
    works, place, day = technician_territories.alias(), territories.alias(), territory_holidays.alias()
    own, zone_of = technician_territories.alias(), technician_territories.alias()
    how_many = (
        sa.select(sa.func.count())
        .where(own.c.organization_id == works.c.organization_id, own.c.technician_id == works.c.technician_id)
        .correlate(works)
        .scalar_subquery()
    )
    free = (
        sa.select(works.c.technician_id, day.c.day)
        .select_from(
            works.join(
                day,
                sa.and_(day.c.organization_id == works.c.organization_id, day.c.territory_id == works.c.territory_id),
            )
        )
        .where(
            works.c.organization_id == ORGANIZATION,
            works.c.technician_id == sa.any_(_KEYS),
            day.c.day >= sa.cast(_START, sa.Date) - _DAY,
            day.c.day <= sa.cast(_END, sa.Date) + _DAY,
        )
        .group_by(works.c.organization_id, works.c.technician_id, day.c.day)
        .having(sa.func.count() == how_many)
        .subquery()
    )
    first = (
        sa.select(place.c.time_zone)
        .select_from(
            zone_of.join(
                place,
                sa.and_(place.c.organization_id == zone_of.c.organization_id, place.c.id == zone_of.c.territory_id),
            )
        )
        .where(zone_of.c.organization_id == ORGANIZATION, zone_of.c.technician_id == free.c.technician_id)
        .order_by(place.c.name, place.c.id)
        .limit(1)
        .correlate(free)
        .scalar_subquery()
    )
    usual = sa.select(organizations.c.time_zone).where(organizations.c.organization_id == ORGANIZATION)
    zone = sa.func.coalesce(first, usual.scalar_subquery())

    def midnight(of: Any) -> Any:
        return sa.func.timezone(zone, sa.cast(of, sa.TIMESTAMP()), type_=Moment)

    statement = sa.select(
        free.c.technician_id, midnight(free.c.day).label("start"), midnight(free.c.day + _DAY).label("end")
    ).order_by(free.c.technician_id, free.c.day)
    found: dict[UUID, list[Stretch]] = {each: [] for each in technician_ids}
    for row in await reader.rows(statement, _values(technician_ids, times)):
        found[row.technician_id].append((row.start, row.end))
    return found


async def load_agreed(reader: Reader, column: str, keys: Sequence[UUID], times: Times) -> dict[UUID, list[Agreed]]:
    """Return the appointments of each technician (or bay) that were not called off and have some of their time within.

    First to last; `column` is what the keys are of.
    """
    of, job = appointments.c, assignments.alias()
    same = sa.and_(job.c.organization_id == of.organization_id, job.c.id == of.assignment_id)
    longest = sa.literal_column(f"interval '{LONGEST.total_seconds():.0f} seconds'", sa.Interval())
    statement = (
        sa.select(*columns_of(APPOINTMENT, appointments, reader.visibility), job.c.travel_minutes)
        .select_from(appointments.outerjoin(job, same))
        .where(*APPOINTMENT.seen(appointments, reader.visibility), of[column] == sa.any_(_KEYS))
        .where(of.status != AppointmentStatus.CANCELLED)
        .where(of.starts_at < _END, of.ends_at > _START, of.starts_at > sa.type_coerce(_START, Moment) - longest)
        .order_by(of.starts_at, of.id)
    )
    found: dict[UUID, list[Agreed]] = {each: [] for each in keys}
    for row in await reader.rows(statement, _values(keys, times)):
        agreed = Agreed(appointment=Record(APPOINTMENT, row), travel_minutes=row.travel_minutes)
        found[getattr(row, column)].append(agreed)
    return found


def _values(keys: Sequence[UUID], times: Times) -> Mapping[str, Any]:
    return {"keys": list(keys), "from_moment": times[0], "to_moment": times[1]}
