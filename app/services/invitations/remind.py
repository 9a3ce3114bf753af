"""An appointment is near, and whom it concerns is reminded of it."""

from dataclasses import dataclass, replace
from uuid import UUID

from app.domain.appointment_life import AHEAD
from app.domain.events import EventType
from app.domain.people import Actor
from app.domain.refusals import NotFound
from app.domain.timers import TooEarly
from app.services.appointments.agreed import lock_agreed, save
from app.services.change import Change
from app.services.perform import Writer, Written, perform


@dataclass(frozen=True, slots=True, kw_only=True)
class Remind:
    """Which appointment."""

    appointment_id: UUID
    idempotency_key: str | None = None


async def remind(writer: Writer, actor: Actor, command: Remind) -> Written | None:
    """Tell that an appointment is near, once. None: there is nothing to remind of. Ids: appointment.

    Guard: the ticket's row lock, under which the appointment is read: of any number of workers one reminds.

    Raises:
        TooEarly: it is not time yet, by this clock or since the appointment was moved.
    """

    async def work(change: Change) -> dict[str, UUID]:
        try:
            agreed = await lock_agreed(change, command.appointment_id)
        except NotFound as gone:
            raise _NothingToDo from gone
        appointment = agreed.appointment
        if appointment.remind_at is None or appointment.reminded_at is not None or appointment.status not in AHEAD:
            raise _NothingToDo
        if appointment.remind_at > change.now:
            raise TooEarly(appointment.remind_at - change.now)
        if appointment.starts_at <= change.now:
            # Workers were away for long: now it would only be odd.
            raise _NothingToDo
        reminded = replace(appointment, reminded_at=change.now)
        await save(change, agreed, reminded, told_as=EventType.APPOINTMENT_REMINDER)
        return {"appointment": appointment.id}

    try:
        return await perform(writer, actor, "remind", command, work)
    except _NothingToDo:
        return None


class _NothingToDo(Exception):
    """There is nothing to remind of."""
