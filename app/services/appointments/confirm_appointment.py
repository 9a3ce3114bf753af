"""Somebody confirms that an appointment suits."""

from dataclasses import replace
from uuid import UUID

from app.domain import validation
from app.domain.appointment_life import moved
from app.domain.appointments import AppointmentStatus
from app.domain.events import EventType
from app.domain.people import Actor
from app.domain.policy import is_staff
from app.services.appointments.action import AppointmentAction
from app.services.appointments.agreed import expect_bookable_by, expect_version, lock_agreed, save
from app.services.appointments.booking import ids_of
from app.services.change import Change
from app.services.comments.add_comment import write_comment
from app.services.perform import Writer, Written, perform


async def confirm_appointment(writer: Writer, actor: Actor, command: AppointmentAction) -> Written:
    """Confirm a scheduled appointment. Ids: appointment, ticket, assignment.

    Guard: the ticket's row lock.

    Raises:
        InvalidTransition: it is confirmed already, or over.
    """

    async def work(change: Change) -> dict[str, UUID]:
        note = validation.optional_text(command.note, "note")
        agreed = await lock_agreed(change, command.appointment_id)
        expect_bookable_by(change, agreed, words="confirm this appointment")
        expect_version(agreed.appointment, command.expected_version)
        confirmed = replace(moved(agreed.appointment, AppointmentStatus.CONFIRMED), confirmed_at=change.now)
        saved = await save(change, agreed, confirmed, told_as=EventType.APPOINTMENT_CONFIRMED)
        if note is not None:
            await write_comment(change, agreed.situation, note, internal=is_staff(actor))
        return ids_of(saved)

    return await perform(writer, actor, "confirmAppointment", command, work)
