"""What technicians have to do, told to whoever changes their time."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.appointments import appointments
from app.db.tables.assignments import assignments
from app.db.tables.availability import shifts
from app.db.tables.base import Uuid
from app.domain.appointment_life import OPEN
from app.domain.appointments import LONGEST
from app.domain.assignments import ACTIVE
from app.domain.utilization import Stretch, without
from app.services.change import Change

_KEYS = sa.ARRAY(Uuid)
# More are told by their number alone.
_MOST_NAMED = 3


async def warn_of_work(change: Change, technician_id: UUID) -> None:
    """Warn of the jobs and appointments of somebody who gets no more."""
    for words in (await work_left(change, [technician_id])).values():
        change.warnings += words


async def work_left(change: Change, technician_ids: Iterable[UUID]) -> Mapping[UUID, Sequence[str]]:
    """Return what is to be thought about of each who gets no more work and has some yet, in words."""
    job, agreed, mine = assignments.c, appointments.c, change.actor.organization_id
    wanted = sa.literal(sorted(technician_ids), _KEYS)
    jobs = (
        sa.select(job.technician_id, sa.func.count())
        .where(job.organization_id == mine, job.technician_id == sa.any_(wanted), job.status.in_(ACTIVE))
        .group_by(job.technician_id)
    )
    coming = (
        sa.select(agreed.technician_id, sa.func.count())
        .where(
            agreed.organization_id == mine,
            agreed.technician_id == sa.any_(wanted),
            agreed.status.in_(OPEN),
            agreed.ends_at > change.now,
        )
        .group_by(agreed.technician_id)
    )
    left: dict[UUID, list[str]] = {}
    for id_, count in await change.connection.execute(jobs):
        left.setdefault(id_, []).append(f"They have {_counted(count, 'active job')}: give them to others.")
    for id_, count in await change.connection.execute(coming):
        left.setdefault(id_, []).append(f"They have {_counted(count, 'coming appointment')}: move or cancel them.")
    return left


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
