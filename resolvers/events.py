"""Events: the rows they are about, and their values as clients know them."""

from typing import Any
from uuid import UUID

from app.domain.events import Event
from app.domain.policy import Action, Standing, may, sees_place
from app.domain.sight import PLACE_FIELDS, stood, visible_changes
from app.reads import entities, relations
from app.reads.entities import Entity
from app.reads.record import Record
from resolvers.context import Operation

_COMMENT, _SAID = "Comment", "body"


async def row(operation: Operation, entity: Entity, key: UUID | None) -> Record | None:
    """Return the row as it is now, None where there is none or it is out of sight."""
    return None if key is None else await operation.loaders.row(entity, key)


async def changes(operation: Operation, event: Event) -> list[tuple[str, Any, Any]]:
    """Return each changed field that the viewer may see: its column's name, the old and the new value."""
    place = await _sees_place(operation, event)
    told = [(each.field, each.old, each.new) for each in visible_changes(operation.actor, event, place=place)]
    if event.kind != _COMMENT or may(operation.actor, Action.SEE_DELETED_VALUES, Standing()):
        return told
    if await row(operation, entities.COMMENT, event.subject_id) is not None:
        return told
    # What was taken back is not to be read in the log either.
    return [(field, None, None) if field == _SAID else (field, old, new) for field, old, new in told]


async def _sees_place(operation: Operation, event: Event) -> bool:
    if PLACE_FIELDS.isdisjoint(change.field for change in event.changes):
        return False
    if sees_place(operation.actor, stood(event, holder_id=None, job_status=None)):
        return True
    # Only a technician is left, who sees it while they have the job.
    if event.ticket_id is None or operation.actor.technician_id is None:
        return False
    job = await operation.loaders.found(relations.TICKET_CURRENT_ASSIGNMENT, event.ticket_id)
    return job is not None and sees_place(
        operation.actor, stood(event, holder_id=job.technician_id, job_status=job.status)
    )


def ticket_of(event: Event) -> UUID:
    """Return the ticket that an event of a ticket or job belongs to."""
    if event.ticket_id is None:
        raise LookupError(f"event {event.id} belongs to no ticket")
    return event.ticket_id


def told(event: Event, field: str) -> Any:
    """Return what an event says of a field that all of its kind have."""
    return next(change.new for change in event.changes if change.field == field)


def technician_of(event: Event) -> UUID:
    """Return the technician of a job's event."""
    concerned = event.after or event.before
    if concerned is None or concerned.technician_id is None:
        raise LookupError(f"event {event.id} belongs to no technician")
    return concerned.technician_id
