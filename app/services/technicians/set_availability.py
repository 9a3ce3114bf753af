"""A technician says, or has said of them, that they are away for a while, or back."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db.locks import lock_technicians
from app.db.tables.availability import shifts, time_off
from app.db.tables.people import technicians
from app.domain import validation
from app.domain.availability import AWAY, LONGEST_SAID, USUALLY_SAID, Absence, Availability
from app.domain.events import EventType
from app.domain.people import Actor
from app.domain.policy import Action, Standing
from app.domain.refusals import Invalid
from app.services.administration.drafting import tell_gone
from app.services.administration.keeping import insert, locked, save
from app.services.administration.occupied import warn_of_time_off
from app.services.administration.saying import Row
from app.services.administration.time_off import LONGEST_REASON, TIME_OFF
from app.services.change import Change
from app.services.naming import check_exists
from app.services.perform import Writer, Written, perform
from app.services.situations import require

SAID = replace(TIME_OFF, event=EventType.TECHNICIAN_AVAILABILITY_CHANGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAvailability:
    """Who is what, until when and why; without a technician: the actor."""

    availability: Availability
    technician_id: UUID | None = None
    until: datetime | None = None
    reason: str | None = None
    idempotency_key: str | None = None


async def set_availability(writer: Writer, actor: Actor, command: SetAvailability) -> Written:
    """Say that a technician is away from now on, until a moment, or that they are back; what was said before ends.

    Being away is time off of its kind, so that whatever heeds time off heeds it. Without `until` it lasts until the
    shift under way ends, or 24 hours. What was planned stays as it is.

    Guard: the technician's lock; what they said before is read under it.

    Raises:
        Forbidden: it is somebody else, and the actor is no dispatcher.
        NotFound: there is no such technician.
        Invalid: they are no longer active, or have to be named; ON_CALL, which shifts alone say; a moment makes no
            sense.
    """

    async def work(change: Change) -> dict[str, UUID]:
        technician_id = _whose(change.actor, command)
        require(
            change.actor,
            Action.SET_AVAILABILITY,
            Standing(technician_id=technician_id),
            words="say what another technician is",
        )
        await check_exists(change, technicians, "technicianId", "technician", technician_id)
        reason = validation.optional_text(command.reason, "reason", longest=LONGEST_REASON)
        _check(command, change.now)
        await lock_technicians(change.connection, change.actor.organization_id, [technician_id])
        for each in await _said(change, technician_id):
            await _end(change, each)
        if command.availability in AWAY:
            until = command.until or await _usual_end(change, technician_id)
            off: dict[str, Any] = {"starts_at": change.now, "ends_at": until, "reason": reason}
            off |= {"availability": Absence(command.availability.value), "said": True}
            values = {"technician_id": technician_id, **off}
            await insert(SAID, change, values)
            await warn_of_time_off(change, technician_id, (change.now, until))
        else:
            await _warn_of_plans(change, technician_id)
        return {"technician": technician_id}

    return await perform(writer, actor, "setAvailability", command, work)


def _whose(actor: Actor, command: SetAvailability) -> UUID:
    whose = command.technician_id or actor.technician_id
    if whose is None:
        raise Invalid(field=("technicianId",), problem="You are no technician: name one.")
    return whose


def _check(command: SetAvailability, now: datetime) -> None:
    if command.availability is Availability.ON_CALL:
        raise Invalid(
            field=("availability",), problem="Shifts say who is on call: have one made; say AVAILABLE to be back."
        )
    if command.until is None:
        return
    if command.availability is Availability.AVAILABLE:
        raise Invalid(field=("until",), problem="until goes with being away: leave it out with AVAILABLE.")
    if command.until <= now:
        raise Invalid(field=("until",), problem="until must lie in the future.")
    if command.until > now + LONGEST_SAID:
        raise Invalid(
            field=("until",), problem=f"until must lie within {LONGEST_SAID.days} days; have longer time off planned."
        )


async def _said(change: Change, technician_id: UUID) -> list[Row]:
    """Lock and return what was said of the technician and is not over."""
    of = time_off.c
    ids = await change.connection.scalars(
        sa.select(of.id)
        .where(
            of.organization_id == change.actor.organization_id,
            of.technician_id == technician_id,
            of.said.is_(True),
            of.ends_at > change.now,
        )
        .order_by(of.id)
    )
    return [await locked(SAID, change, each, to_delete=True) for each in ids]


async def _end(change: Change, row: Row) -> None:
    if row["starts_at"] < change.now:
        await save(SAID, change, row, {"ends_at": change.now})
    else:
        mine = (time_off.c.organization_id == change.actor.organization_id, time_off.c.id == row["id"])
        await change.connection.execute(sa.delete(time_off).where(*mine))
        await tell_gone(SAID, change, row)


async def _usual_end(change: Change, technician_id: UUID) -> datetime:
    of = shifts.c
    ends: datetime | None = await change.connection.scalar(
        sa.select(sa.func.max(of.ends_at)).where(
            of.organization_id == change.actor.organization_id,
            of.technician_id == technician_id,
            of.starts_at <= change.now,
            of.ends_at > change.now,
        )
    )
    return ends or change.now + USUALLY_SAID


async def _warn_of_plans(change: Change, technician_id: UUID) -> None:
    of = time_off.c
    ends: datetime | None = await change.connection.scalar(
        sa.select(sa.func.max(of.ends_at)).where(
            of.organization_id == change.actor.organization_id,
            of.technician_id == technician_id,
            of.starts_at <= change.now,
            of.ends_at > change.now,
        )
    )
    if ends is not None:
        change.warnings.append(f"Time off is planned until {ends:%Y-%m-%dT%H:%MZ}: it stays as it is.")
