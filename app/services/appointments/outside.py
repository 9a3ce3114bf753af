"""What happens to appointments is told outside of the house, too, and they are reminded of."""

from collections.abc import Mapping
from types import MappingProxyType

from app.domain.appointments import Appointment
from app.domain.deliveries import DeliveryPurpose
from app.domain.events import EventType
from app.services.change import Change
from app.services.invitations.announce import announce
from app.services.invitations.reminders import set_reminder

# What is not here concerns nobody's calendar.
PURPOSES: Mapping[EventType, DeliveryPurpose] = MappingProxyType(
    {
        EventType.APPOINTMENT_SCHEDULED: DeliveryPurpose.INVITE,
        EventType.APPOINTMENT_RESCHEDULED: DeliveryPurpose.UPDATE,
        EventType.APPOINTMENT_CANCELLED: DeliveryPurpose.CANCEL,
        EventType.APPOINTMENT_CONFIRMED: DeliveryPurpose.CONFIRMATION,
        EventType.APPOINTMENT_REMINDER: DeliveryPurpose.REMINDER,
    }
)
_TIMED = frozenset({EventType.APPOINTMENT_SCHEDULED, EventType.APPOINTMENT_RESCHEDULED})


async def tell_outside(change: Change, appointment: Appointment, told_as: EventType) -> None:
    """Put down whom to tell of an appointment that was written and told of so, and when to remind of it.

    Guard: as `announce`.
    """
    purpose = PURPOSES.get(told_as)
    if purpose is not None:
        await announce(change, appointment, purpose)
    if told_as in _TIMED:
        await set_reminder(change, appointment)
