"""Shifts of several weeks at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from app.db.locks import lock_technicians
from app.db.tables.availability import shift_breaks, shifts
from app.db.tables.organizations import organizations, territories
from app.db.tables.people import technician_territories, technicians
from app.domain.availability import HORIZON, LOOKING_BACK
from app.domain.people import Actor
from app.domain.refusals import Invalid
from app.domain.rosters import MOST_DAYS, WeeklyShift, laid_out
from app.domain.utilization import Shift
from app.services.administration.drafting import Draft, tell
from app.services.administration.keeping import require_right
from app.services.administration.shifts import SHIFT, check_shift, overlap, shift_row
from app.services.change import Change
from app.services.naming import check_exists
from app.services.perform import Writer, Written, perform

# Shifts are held to the hour. Days beyond that much more are refused as days: the last ones there are have no hours.
_DAYS = timedelta(days=MOST_DAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateShifts:
    """Whose shifts, on which days, both included, and which by the week."""

    technician_id: UUID
    first: date
    last: date
    weekly: tuple[WeeklyShift, ...]
    idempotency_key: str | None = None


async def create_shifts(writer: Writer, actor: Actor, command: CreateShifts) -> Written:
    """Make shifts by a weekly pattern, by the clock of the technician; what is there already is left as it is.

    Ids: shift.0 and so on, by where they begin.

    Guard: the technician's lock, under which shifts that are there are read.

    Raises:
        Forbidden: the actor may not keep shifts.
        Invalid: a day or an hour is wrong, or another shift lies there; nothing is written.
        NotFound: there is no such technician.
    """

    async def work(change: Change) -> dict[str, UUID]:
        require_right(SHIFT, change)
        await check_exists(change, technicians, "technicianId", "technician", command.technician_id)
        zone = await zone_of(change, command.technician_id)
        _check_near(command, change.now)
        wanted = laid_out(command.weekly, command.first, command.last, zone)
        _check_each(change, command.technician_id, wanted)
        await lock_technicians(change.connection, change.actor.organization_id, [command.technician_id])
        there = await _there(change, command.technician_id, wanted)
        made = [shift for shift in wanted if shift not in there]
        _check_beside(made, [*there, *made], zone)
        ids = await _insert(change, command.technician_id, made)
        return {f"shift.{number}": there.get(each) or ids[each] for number, each in enumerate(wanted)}

    return await perform(writer, actor, "createShifts", command, work)


async def zone_of(change: Change, technician_id: UUID) -> ZoneInfo:
    """Return the zone of a technician's dates: that of the first of their territories, else the organisation's."""
    works, place, mine = technician_territories.c, territories.c, change.actor.organization_id
    first = (
        sa.select(place.time_zone)
        .join_from(
            technician_territories,
            territories,
            sa.and_(place.organization_id == works.organization_id, place.id == works.territory_id),
        )
        .where(works.organization_id == mine, works.technician_id == technician_id)
        .order_by(place.name, place.id)
        .limit(1)
        .scalar_subquery()
    )
    usual = sa.select(sa.func.coalesce(first, organizations.c.time_zone)).where(organizations.c.organization_id == mine)
    return ZoneInfo(str(await change.connection.scalar(usual)))


def _check_near(command: CreateShifts, now: datetime) -> None:
    """Refuse days on which no shift may begin, before their hours are looked for. Raises Invalid."""
    for name, day in (("from", command.first), ("to", command.last)):
        if not now.date() - LOOKING_BACK - _DAYS <= day <= now.date() + HORIZON + _DAYS:
            problem = f"{name} must lie at most {LOOKING_BACK.days} days ago and within {HORIZON.days} days."
            raise Invalid(field=(name,), problem=problem)


def _check_each(change: Change, technician_id: UUID, wanted: Sequence[Shift]) -> None:
    for each in wanted:
        try:
            check_shift(shift_row(technician_id, each), now=change.now)
        except Invalid as refusal:
            raise Invalid(field=("weekly",), problem=refusal.problem) from refusal


async def _there(change: Change, technician_id: UUID, wanted: Sequence[Shift]) -> Mapping[Shift, UUID]:
    """Return the technician's shifts that have some of their time among the wanted ones."""
    of, rest, mine = shifts.c, shift_breaks.c, change.actor.organization_id
    start, end = wanted[0].start, max(each.end for each in wanted)
    rows = (
        await change.connection.execute(
            sa.select(of.id, of.starts_at, of.ends_at, of.on_call).where(
                of.organization_id == mine, of.technician_id == technician_id, of.ends_at > start, of.starts_at < end
            )
        )
    ).all()
    pauses: dict[UUID, list[tuple[Any, Any]]] = {row.id: [] for row in rows}
    listed = (
        sa.select(rest.shift_id, rest.starts_at, rest.ends_at)
        .where(rest.organization_id == mine, rest.shift_id == sa.any_(sa.cast(list(pauses), sa.ARRAY(sa.Uuid))))
        .order_by(rest.starts_at)
    )
    for pause in await change.connection.execute(listed):
        pauses[pause.shift_id].append((pause.starts_at, pause.ends_at))
    return {
        Shift(start=row.starts_at, end=row.ends_at, breaks=tuple(pauses[row.id]), on_call=row.on_call): row.id
        for row in rows
    }


def _check_beside(made: Sequence[Shift], all_: Sequence[Shift], zone: ZoneInfo) -> None:
    for number, each in enumerate(made):
        for other in [*all_[: len(all_) - len(made)], *made[number + 1 :]]:
            if overlap(each, other):
                day = each.start.astimezone(zone).date()
                raise Invalid(
                    field=("weekly",),
                    problem=f"On {day} it overlaps another shift: {other.start:%Y-%m-%dT%H:%MZ} to"
                    f" {other.end:%Y-%m-%dT%H:%MZ}.",
                )


async def _insert(change: Change, technician_id: UUID, made: Sequence[Shift]) -> dict[Shift, UUID]:
    mine = {"organization_id": change.actor.organization_id}
    stamps = {"version": 1, "created_at": change.now, "updated_at": change.now}
    rows: list[dict[str, Any]] = [{"id": change.new_id(), **stamps, **shift_row(technician_id, each)} for each in made]
    if not rows:
        return {}
    kept = [{name: value for name, value in row.items() if name in shifts.c} for row in rows]
    await change.connection.execute(sa.insert(shifts), [{**mine, **row} for row in kept])
    pauses = [{**mine, "shift_id": row["id"], **pause} for row in rows for pause in row["breaks"]]
    if pauses:
        await change.connection.execute(sa.insert(shift_breaks), pauses)
    await tell(SHIFT, change, [Draft(before=None, after=row) for row in rows])
    return {each: row["id"] for each, row in zip(made, rows, strict=True)}
