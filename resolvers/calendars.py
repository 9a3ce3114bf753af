"""Where calendars can be had from."""

from app.domain.appointments import AppointmentStatus
from app.domain.calendar_addresses import CalendarAddresses, EntryKey, FeedKey
from app.domain.policy import Action, Standing, Visibility, may, visibility_class
from app.reads import relations
from app.reads.record import Record
from resolvers.context import Operation


async def feed(operation: Operation, technician: Record) -> str | None:
    """Return where a technician's feed can be had from; None where that is not the viewer's to know."""
    actor = operation.actor
    if not may(actor, Action.SUBSCRIBE_JOBS, Standing(technician_id=technician.id)):
        return None
    row = await operation.loaders.one(relations.TECHNICIAN_CALENDAR_FEED, technician)
    key = FeedKey(actor.organization_id, technician.id, 0 if row is None else row.generation)
    return CalendarAddresses.beside(operation.process.addresses).feed(key)


def entry(operation: Operation, appointment: Record) -> str | None:
    """Return where an appointment can be had from; None for one that was called off."""
    if appointment.status is AppointmentStatus.CANCELLED:
        return None
    actor, process = operation.actor, operation.process
    theirs = actor.technician_id is not None and appointment.technician_id == actor.technician_id
    with_place = theirs or visibility_class(actor) is not Visibility.STAFF
    key = EntryKey(actor.organization_id, appointment.id, with_place)
    return CalendarAddresses.beside(process.addresses).entry(key, process.clock())
