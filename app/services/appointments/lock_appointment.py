"""A dispatcher says what of an appointment may not be changed."""

from dataclasses import dataclass, replace
from uuid import UUID

from app.domain.appointment_life import AHEAD
from app.domain.appointments import ScheduleLock
from app.domain.events import EventType
from app.domain.people import Actor
from app.domain.policy import dispatches
from app.domain.refusals import Forbidden, InvalidTransition
from app.services.appointments.agreed import expect_version, lock_agreed, save
from app.services.appointments.booking import ids_of
from app.services.change import Change
from app.services.perform import Writer, Written, perform


@dataclass(frozen=True, slots=True, kw_only=True)
class LockAppointment:
    """Which appointment, and what of it stands."""

    appointment_id: UUID
    lock: ScheduleLock
    expected_version: int | None = None
    idempotency_key: str | None = None


async def lock_appointment(writer: Writer, actor: Actor, command: LockAppointment) -> Written:
    """Lock the time of an appointment, who does it and where, both, or neither; DISPATCHER and up.

    What is locked is refused to everybody until it is unlocked. Ids: appointment, ticket, assignment.

    Guard: the ticket's row lock.

    Raises:
        Forbidden: the actor dispatches nobody.
        InvalidTransition: the work has begun, or is over.
    """

    async def work(change: Change) -> dict[str, UUID]:
        agreed = await lock_agreed(change, command.appointment_id)
        if not dispatches(actor):
            raise Forbidden(action="lock appointments")
        appointment = agreed.appointment
        expect_version(appointment, command.expected_version)
        if appointment.status not in AHEAD:
            raise InvalidTransition(
                subject="appointment",
                current=appointment.status,
                to=appointment.status,
                allowed=(),
                why="Only an appointment that is ahead can be locked.",
            )
        if appointment.lock is command.lock:
            return ids_of(appointment)
        locked = replace(appointment, lock=command.lock)
        return ids_of(await save(change, agreed, locked, told_as=EventType.APPOINTMENT_LOCKED))

    return await perform(writer, actor, "lockAppointment", command, work)
