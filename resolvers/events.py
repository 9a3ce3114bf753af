"""Events: the rows they are about, and their values as clients know them."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from app.domain.events import Event
from app.domain.sight import visible_changes
from app.reads.entities import Entity
from app.reads.record import Record
from resolvers.context import Operation


async def row(operation: Operation, entity: Entity, key: UUID | None) -> Record | None:
    """Return the row as it is now, None where there is none or it is out of sight."""
    return None if key is None else await operation.loaders.row(entity, key)


def changes(operation: Operation, event: Event) -> Iterator[tuple[str, Any, Any]]:
    """Yield each changed field that the viewer may see: its column's name, the old and the new value."""
    for change in visible_changes(operation.actor, event):
        yield change.field, change.old, change.new


def ticket_of(event: Event) -> UUID:
    """Return the ticket that an event of a ticket or job belongs to."""
    if event.ticket_id is None:
        raise LookupError(f"event {event.id} belongs to no ticket")
    return event.ticket_id


def technician_of(event: Event) -> UUID:
    """Return the technician of a job's event."""
    concerned = event.after or event.before
    if concerned is None or concerned.technician_id is None:
        raise LookupError(f"event {event.id} belongs to no technician")
    return concerned.technician_id
