"""What technicians are at a moment, and when they rest in their shifts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.assignments import assignments
from app.db.tables.availability import shift_breaks, shifts, time_off
from app.db.tables.base import Uuid
from app.domain.assignments import AssignmentStatus
from app.domain.availability import Availability
from app.domain.policy import Visibility
from app.domain.utilization import Stretch
from app.reads.entities import TECHNICIAN
from app.reads.reader import Reader
from app.reads.statement.pieces import literal
from app.reads.viewers import NOW, ORGANIZATION

_KEYS = sa.bindparam("keys", type_=sa.ARRAY(Uuid))


def present_availability(technician: sa.FromClause, visibility: Visibility) -> "sa.ColumnElement[Any]":
    """Return what a technician is now; null for whoever is no staff.

    What was said or planned as time off goes before the work at hand, and that before shifts.
    """
    if visibility in {Visibility.OWN, Visibility.NOTHING}:
        return sa.cast(sa.null(), sa.Text)
    job = assignments.alias()
    at_work = (
        sa.exists()
        .where(
            job.c.organization_id == technician.c.organization_id,
            job.c.technician_id == technician.c.id,
            job.c.status == AssignmentStatus.IN_PROGRESS,
        )
        .correlate_except(job)
    )
    regular = _on_shift(technician, on_call=False)
    return sa.case(
        (~technician.c.active, literal(Availability.OFF_SHIFT)),
        (_away(technician).is_not(None), _away(technician)),
        (at_work, literal(Availability.BUSY)),
        (regular & _resting(technician), literal(Availability.ON_BREAK)),
        (regular, literal(Availability.AVAILABLE)),
        (_on_shift(technician, on_call=True), literal(Availability.ON_CALL)),
        (_has_shifts(technician), literal(Availability.OFF_SHIFT)),
        else_=literal(Availability.AVAILABLE),
    )


async def load_availability(reader: Reader, technician_ids: Sequence[UUID], now: datetime) -> dict[UUID, Any]:
    """Return what each technician is at a moment."""
    table = TECHNICIAN.table
    said = present_availability(table, reader.visibility).label("availability")
    statement = sa.select(table.c.id, said).where(table.c.organization_id == ORGANIZATION, table.c.id == sa.any_(_KEYS))
    rows = await reader.rows(statement, {"keys": list(technician_ids), "now": now})
    found = {row.id: row.availability for row in rows}
    return {each: found.get(each) for each in technician_ids}


async def load_breaks(reader: Reader, shift_ids: Sequence[UUID]) -> dict[UUID, list[Stretch]]:
    """Return each shift's breaks, first to last."""
    of = shift_breaks.c
    statement = (
        sa.select(of.shift_id, of.starts_at, of.ends_at)
        .where(of.organization_id == ORGANIZATION, of.shift_id == sa.any_(_KEYS))
        .order_by(of.shift_id, of.starts_at)
    )
    found: dict[UUID, list[Stretch]] = {each: [] for each in shift_ids}
    for row in await reader.rows(statement, {"keys": list(shift_ids)}):
        found[row.shift_id].append((row.starts_at, row.ends_at))
    return found


def _away(technician: sa.FromClause) -> "sa.ScalarSelect[Any]":
    off = time_off.alias()
    return (
        sa.select(sa.cast(off.c.availability, sa.Text))
        .where(
            off.c.organization_id == technician.c.organization_id,
            off.c.technician_id == technician.c.id,
            off.c.starts_at <= NOW,
            off.c.ends_at > NOW,
        )
        .order_by(off.c.said.desc(), off.c.starts_at.desc(), off.c.id)
        .limit(sa.literal_column("1"))
        .correlate_except(off)
        .scalar_subquery()
    )


def _on_shift(technician: sa.FromClause, *, on_call: bool) -> "sa.ColumnElement[bool]":
    shift = shifts.alias()
    return (
        sa.exists()
        .where(
            shift.c.organization_id == technician.c.organization_id,
            shift.c.technician_id == technician.c.id,
            shift.c.starts_at <= NOW,
            shift.c.ends_at > NOW,
            shift.c.on_call if on_call else ~shift.c.on_call,
        )
        .correlate_except(shift)
    )


def _resting(technician: sa.FromClause) -> "sa.ColumnElement[bool]":
    shift, rest = shifts.alias(), shift_breaks.alias()
    same = sa.and_(rest.c.organization_id == shift.c.organization_id, rest.c.shift_id == shift.c.id)
    return (
        sa.exists()
        .select_from(shift.join(rest, same))
        .where(
            shift.c.organization_id == technician.c.organization_id,
            shift.c.technician_id == technician.c.id,
            rest.c.starts_at <= NOW,
            rest.c.ends_at > NOW,
        )
        .correlate_except(shift, rest)
    )


def _has_shifts(technician: sa.FromClause) -> "sa.ColumnElement[bool]":
    shift = shifts.alias()
    return (
        sa.exists()
        .where(shift.c.organization_id == technician.c.organization_id, shift.c.technician_id == technician.c.id)
        .correlate_except(shift)
    )
