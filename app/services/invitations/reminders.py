"""Timers that remind of appointments."""

from app.db.timers.setting import set_timer
from app.domain.appointment_life import AHEAD
from app.domain.appointments import Appointment
from app.domain.timers import Timer, TimerKind
from app.services.change import Change


async def set_reminder(change: Change, appointment: Appointment) -> None:
    """Have an appointment reminded of at its `remind_at`, within the transaction that agreed on its time.

    After each move it is called again: earlier timers find that it is too early, or that there is nothing to do.
    """
    if appointment.remind_at is None or appointment.reminded_at is not None or appointment.status not in AHEAD:
        return
    timer = Timer(TimerKind.APPOINTMENT_REMINDER, appointment.organization_id, appointment.id)
    after = appointment.remind_at - change.now
    # Without its moment in the key it would count as set already, by the timer of the time before.
    await set_timer(change.connection, timer, after=after, apart=appointment.remind_at.isoformat())
