"""Shifts: when technicians work."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.db.locks import lock_technicians
from app.db.tables.availability import shift_breaks, shifts
from app.db.tables.people import technicians
from app.domain.availability import LONGEST_SHIFT, check_breaks, check_stretch
from app.domain.events import Concerned
from app.domain.lanes import NOWHERE
from app.domain.people import Actor
from app.domain.policy import Action
from app.domain.refusals import Invalid
from app.domain.utilization import Shift
from app.services.administration.keeping import create, expect, locked, remove, require_right, save
from app.services.administration.occupied import warn_of_lost_hours
from app.services.administration.saying import Create, Kept, Lines, Row, Said, Update
from app.services.change import Change
from app.services.deleting import Delete
from app.services.lanes import lanes_of
from app.services.perform import Writer, Written, perform


def shift_row(technician_id: UUID, shift: Shift) -> Row:
    """Return a shift as a row with its breaks."""
    breaks = tuple({"starts_at": start, "ends_at": end} for start, end in shift.breaks)
    hours = {"starts_at": shift.start, "ends_at": shift.end, "on_call": shift.on_call}
    return {"technician_id": technician_id, **hours, "breaks": breaks}


def check_shift(row: Row, *, now: datetime) -> None:
    """Check that a shift is short and near enough, and its breaks within it. Raises Invalid."""
    start, end = row["starts_at"], row["ends_at"]
    check_stretch(start, end, longest=LONGEST_SHIFT, now=now)
    check_breaks((start, end), [(each["starts_at"], each["ends_at"]) for each in row["breaks"]])


def overlap(one: Shift, other: Shift) -> bool:
    """Tell whether two shifts of a technician cannot both be; being on call goes beside a shift."""
    return one.on_call == other.on_call and one.start < other.end and other.start < one.end


async def lock_whose(kept: Kept, change: Change, id_: UUID) -> None:
    """Lock the technician whose time a row is, before the row itself; it never becomes another's."""
    of = kept.table.c
    technician_id = await change.connection.scalar(
        sa.select(of.technician_id).where(of.organization_id == change.actor.organization_id, of.id == id_)
    )
    if technician_id is not None:
        await lock_technicians(change.connection, change.actor.organization_id, [technician_id])


async def lane_beside(change: Change, rows: Sequence[Row]) -> Mapping[UUID, Row]:
    """Return the lanes of the technicians whose time rows are."""
    lanes = await lanes_of(change, (row["technician_id"] for row in rows))
    return {row["id"]: {"lane": lanes.get(row["technician_id"], NOWHERE)} for row in rows}


def concerns_technician(row: Row) -> Concerned:
    """Say that a row concerns the technician whose time it is."""
    concerned: Concerned = row["lane"].concerned(row["technician_id"])
    return concerned


async def _judge(change: Change, before: Row | None, after: Row) -> None:
    """Hold a shift against the technician's others, under the lock under which their time is booked, too."""
    if before is None or any(before[name] != after[name] for name in ("starts_at", "ends_at", "breaks")):
        check_shift(after, now=change.now)
    await lock_technicians(change.connection, change.actor.organization_id, [after["technician_id"]])
    of = shifts.c
    other = (
        await change.connection.execute(
            sa.select(of.starts_at, of.ends_at)
            .where(
                of.organization_id == change.actor.organization_id,
                of.technician_id == after["technician_id"],
                of.ends_at > after["starts_at"],
                of.starts_at < after["ends_at"],
                of.on_call == after["on_call"],
                of.id != after["id"],
            )
            .order_by(of.starts_at)
            .limit(1)
        )
    ).one_or_none()
    if other is not None:
        times = f"{other.starts_at:%Y-%m-%dT%H:%MZ} to {other.ends_at:%Y-%m-%dT%H:%MZ}"
        raise Invalid(field=("startsAt",), problem=f"It overlaps another shift of the technician: {times}.")


SHIFT = Kept(
    kind="Shift",
    words="shift",
    many="shifts",
    table=shifts,
    right=Action.MANAGE_PEOPLE,
    said=(
        Said(name="technician_id", needed=True, points_to=(technicians, "technician")),
        Said(name="starts_at", needed=True),
        Said(name="ends_at", needed=True),
        Said(name="on_call", needed=True),
    ),
    lines=(
        Lines(
            name="breaks",
            table=shift_breaks,
            parent="shift_id",
            columns=("starts_at", "ends_at"),
            check=tuple,
        ),
    ),
    judge=_judge,
    beside=lane_beside,
    concerns=concerns_technician,
)


async def create_shift(writer: Writer, actor: Actor, command: Create) -> Written:
    """Create a shift. Guard: the technician's lock. Raises what `create` does."""
    return await create(SHIFT, writer, actor, command)


async def update_shift(writer: Writer, actor: Actor, command: Update) -> Written:
    """Change a shift. Appointments that it leaves stay as they are, and the warnings tell of them.

    Guard: as `update`; the technician's lock.

    Raises:
        Forbidden, Invalid, NotFound, StaleVersion: as `update`.
    """

    async def work(change: Change) -> dict[str, UUID]:
        require_right(SHIFT, change)
        await lock_whose(SHIFT, change, command.id)
        before = await locked(SHIFT, change, command.id)
        expect(SHIFT, before, command.expected_version)
        await save(SHIFT, change, before, command.values)
        await _warn(change, before)
        return {"shift": command.id}

    return await perform(writer, actor, "updateShift", command, work)


async def delete_shift(writer: Writer, actor: Actor, command: Delete) -> Written:
    """Delete a shift. Appointments within it stay as they are, and the warnings tell of them.

    Guard: as `delete`; the technician's lock.

    Raises:
        Forbidden, NotFound, StaleVersion: as `delete`.
    """

    async def work(change: Change) -> dict[str, UUID]:
        require_right(SHIFT, change)
        await lock_whose(SHIFT, change, command.id)
        before = await locked(SHIFT, change, command.id, to_delete=True)
        expect(SHIFT, before, command.expected_version)
        await remove(SHIFT, change, before)
        await _warn(change, before)
        return {"deleted_shift": command.id}

    return await perform(writer, actor, "deleteShift", command, work)


async def _warn(change: Change, before: Row) -> None:
    await warn_of_lost_hours(change, before["technician_id"], (before["starts_at"], before["ends_at"]))
