"""Time off: when technicians do not work although they have shifts."""

from functools import partial
from typing import Any
from uuid import UUID

from app.db.locks import lock_technicians
from app.db.tables.availability import time_off
from app.db.tables.people import technicians
from app.domain import validation
from app.domain.availability import LONGEST_TIME_OFF, Absence, check_stretch
from app.domain.people import Actor
from app.domain.policy import Action
from app.services.administration.keeping import expect, insert, locked, remove, require_right, save
from app.services.administration.occupied import warn_of_time_off
from app.services.administration.saying import Create, Kept, Row, Said, Update
from app.services.administration.shifts import concerns_technician, lane_beside, lock_whose
from app.services.change import Change
from app.services.deleting import Delete
from app.services.perform import Writer, Written, perform

LONGEST_REASON = 500


async def _judge(change: Change, before: Row | None, after: Row) -> None:
    times = ("starts_at", "ends_at")
    if before is None or any(before[name] != after[name] for name in times):
        check_stretch(after["starts_at"], after["ends_at"], longest=LONGEST_TIME_OFF, now=change.now)
    await lock_technicians(change.connection, change.actor.organization_id, [after["technician_id"]])


TIME_OFF = Kept(
    kind="TimeOff",
    words="time off",
    many="time off",
    table=time_off,
    right=Action.MANAGE_PEOPLE,
    said=(
        Said(name="technician_id", needed=True, points_to=(technicians, "technician")),
        Said(name="starts_at", needed=True),
        Said(name="ends_at", needed=True),
        Said(name="reason", check=partial(validation.optional_text, field="reason", longest=LONGEST_REASON)),
        Said(name="availability", needed=True),
        Said(name="said", needed=True),
    ),
    judge=_judge,
    beside=lane_beside,
    concerns=concerns_technician,
)


async def create_time_off(writer: Writer, actor: Actor, command: Create) -> Written:
    """Plan time off. Appointments within it stay as they are, and the warnings tell of them.

    Guard: the technician's lock, under which their time is booked, too.

    Raises:
        Forbidden, Invalid, NotFound: as `create`.
    """

    async def work(change: Change) -> dict[str, UUID]:
        require_right(TIME_OFF, change)
        planned: dict[str, Any] = {"availability": Absence.TIME_OFF, "said": False}
        after = await insert(TIME_OFF, change, {**planned, **command.values})
        await _warn(change, after)
        return {"time_off": after["id"]}

    return await perform(writer, actor, "createTimeOff", command, work)


async def update_time_off(writer: Writer, actor: Actor, command: Update) -> Written:
    """Change time off. Appointments within it stay as they are, and the warnings tell of them.

    Guard: as `update`; the technician's lock.

    Raises:
        Forbidden, Invalid, NotFound, StaleVersion: as `update`.
    """

    async def work(change: Change) -> dict[str, UUID]:
        require_right(TIME_OFF, change)
        await lock_whose(TIME_OFF, change, command.id)
        before = await locked(TIME_OFF, change, command.id)
        expect(TIME_OFF, before, command.expected_version)
        await _warn(change, await save(TIME_OFF, change, before, command.values))
        return {"time_off": command.id}

    return await perform(writer, actor, "updateTimeOff", command, work)


async def delete_time_off(writer: Writer, actor: Actor, command: Delete) -> Written:
    """Take time off back. Guard: as `delete`; the technician's lock. Raises what `delete` does."""

    async def work(change: Change) -> dict[str, UUID]:
        require_right(TIME_OFF, change)
        await lock_whose(TIME_OFF, change, command.id)
        before = await locked(TIME_OFF, change, command.id, to_delete=True)
        expect(TIME_OFF, before, command.expected_version)
        await remove(TIME_OFF, change, before)
        return {"deleted_time_off": command.id}

    return await perform(writer, actor, "deleteTimeOff", command, work)


async def _warn(change: Change, row: Row) -> None:
    await warn_of_time_off(change, row["technician_id"], (row["starts_at"], row["ends_at"]))
