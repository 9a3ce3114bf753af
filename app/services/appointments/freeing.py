"""The time and the parts of an appointment are free again."""

from app.db.locks import lock_technicians
from app.domain.appointments import Appointment
from app.services.appointments.holds import give_back, tell_who_waits
from app.services.appointments.reserving import unreserve
from app.services.appointments.taking import booking_of, release
from app.services.appointments.waiting import stop_waiting
from app.services.change import Change


async def free_time(change: Change, appointment: Appointment) -> None:
    """Give the time and the parts of an appointment back, and let whoever waits be asked.

    Guard: the technician's lock.
    """
    await lock_technicians(change.connection, appointment.organization_id, [appointment.technician_id])
    booking = await booking_of(change, appointment.id)
    for hold in await stop_waiting(change, appointment.id):
        await give_back(change, hold)
    await unreserve(change, [appointment.id])
    if booking is not None:
        await release(change, [booking.id])
        if booking.ends_at > change.now:
            await tell_who_waits(change, booking.id)
