"""Appointments that are near."""

from app.db.timers.carrying import Handler
from app.domain.people import Actor, EventSource, Role
from app.domain.timers import Timer
from app.services.invitations.remind import Remind, remind
from app.services.perform import Writer


def appointment_reminder(writer: Writer) -> Handler:
    """Return what reminds of an appointment."""

    async def carry(timer: Timer) -> None:
        server = Actor(
            organization_id=timer.organization_id,
            user_id=None,
            roles=frozenset({Role.DISPATCHER}),
            source=EventSource.SYSTEM,
        )
        await remind(writer, server, Remind(appointment_id=timer.subject_id))

    return carry
