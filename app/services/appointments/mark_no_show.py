"""The customer was not there."""

from uuid import UUID

from app.domain import validation
from app.domain.people import Actor
from app.domain.policy import dispatches
from app.domain.refusals import Forbidden, InvalidTransition
from app.services.appointments.action import AppointmentAction
from app.services.appointments.agreed import expect_version, lock_agreed
from app.services.appointments.booking import ids_of
from app.services.appointments.ending import miss
from app.services.change import Change
from app.services.comments.add_comment import write_comment
from app.services.perform import Writer, Written, perform


async def mark_no_show(writer: Writer, actor: Actor, command: AppointmentAction) -> Written:
    """Say that nobody was there at the agreed time; the job's technician, or DISPATCHER and up.

    The job fails, or is called off where the technician was not on the way yet; the ticket waits for the customer.
    Ids: appointment, ticket, assignment.

    Guard: the ticket's row lock, then the technician's.

    Raises:
        Forbidden: the actor is neither.
        InvalidTransition: the time has not come yet, or the appointment is over.
    """

    async def work(change: Change) -> dict[str, UUID]:
        note = validation.optional_text(command.note, "note")
        agreed = await lock_agreed(change, command.appointment_id)
        appointment = agreed.appointment
        if not dispatches(actor) and actor.technician_id != appointment.technician_id:
            raise Forbidden(action="say of another technician's appointment that nobody was there")
        expect_version(appointment, command.expected_version)
        if change.now < appointment.starts_at:
            raise InvalidTransition(
                subject="appointment",
                current=appointment.status,
                to="NO_SHOW",
                allowed=(),
                why=f"The appointment begins at {appointment.starts_at:%Y-%m-%dT%H:%M:%SZ}; nobody can have missed it.",
            )
        saved = await miss(change, agreed)
        if note is not None:
            await write_comment(change, agreed.situation, note, internal=True)
        return ids_of(saved)

    return await perform(writer, actor, "markNoShow", command, work)
