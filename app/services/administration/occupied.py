"""What technicians have to do, told to whoever changes their time."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.appointments import appointments
from app.db.tables.assignments import assignments
from app.db.tables.availability import shifts
from app.domain.appointment_life import OPEN
from app.domain.appointments import LONGEST
from app.domain.assignments import ACTIVE
from app.domain.utilization import Stretch, without
from app.services.change import Change

# More are told by their number alone.
_MOST_NAMED = 3


async def warn_of_work(change: Change, technician_id: UUID) -> None:
    """Warn of the jobs and appointments of somebody who gets no more."""
    job, agreed, mine = assignments.c, appointments.c, change.actor.organization_id
    jobs = await change.connection.scalar(
        sa.select(sa.func.count()).where(
            job.organization_id == mine, job.technician_id == technician_id, job.status.in_(ACTIVE)
        )
    )
    coming = await change.connection.scalar(
        sa.select(sa.func.count()).where(
            agreed.organization_id == mine,
            agreed.technician_id == technician_id,
            agreed.status.in_(OPEN),
            agreed.ends_at > change.now,
        )
    )
    if jobs:
        change.warnings.append(f"They have {_counted(jobs, 'active job')}: give them to others.")
    if coming:
        change.warnings.append(f"They have {_counted(coming, 'coming appointment')}: move or cancel them.")


async def warn_of_time_off(change: Change, technician_id: UUID, off: Stretch) -> None:
    """Warn of open appointments that lie in time off."""
    _warn(change, await _agreed(change, technician_id, off), "in this time off")


async def warn_of_lost_hours(change: Change, technician_id: UUID, lost: Stretch) -> None:
    """Warn of open appointments within a time that no shift covers any more, breaks aside."""
    found = await _agreed(change, technician_id, lost)
    worked = await _shifts(change, technician_id, lost)

    def uncovered(agreed: Stretch) -> bool:
        return bool(without([(max(agreed[0], lost[0]), min(agreed[1], lost[1]))], worked))

    _warn(change, [each for each in found if uncovered(each)], "in no shift")


async def _agreed(change: Change, technician_id: UUID, within: Stretch) -> list[Stretch]:
    of = appointments.c
    rows = await change.connection.execute(
        sa.select(of.starts_at, of.ends_at)
        .where(
            of.organization_id == change.actor.organization_id,
            of.technician_id == technician_id,
            of.status.in_(OPEN),
            of.ends_at > max(within[0], change.now),
            of.starts_at < within[1],
            of.starts_at > within[0] - LONGEST,
        )
        .order_by(of.starts_at, of.id)
    )
    return [(row.starts_at, row.ends_at) for row in rows]


async def _shifts(change: Change, technician_id: UUID, within: Stretch) -> list[Stretch]:
    of = shifts.c
    rows: Iterable[Any] = await change.connection.execute(
        sa.select(of.starts_at, of.ends_at).where(
            of.organization_id == change.actor.organization_id,
            of.technician_id == technician_id,
            of.ends_at > within[0],
            of.starts_at < within[1],
        )
    )
    return [(row.starts_at, row.ends_at) for row in rows]


def _warn(change: Change, found: Sequence[Stretch], where: str) -> None:
    if not found:
        return
    named = ", ".join(f"{start:%Y-%m-%dT%H:%MZ}" for start, _ in found[:_MOST_NAMED])
    more = "" if len(found) <= _MOST_NAMED else f" and {len(found) - _MOST_NAMED} more"
    verb, them = ("lies", "it") if len(found) == 1 else ("lie", "them")
    change.warnings.append(
        f"{_counted(len(found), 'open appointment').capitalize()} {verb} {where} ({named}{more}): move {them}."
    )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
