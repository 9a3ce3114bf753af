"""What a refused client needs to go on: the rows as they are now, and what happened meanwhile."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from app.db import log
from app.domain.events import QUEUE
from app.domain.refusals import StaleVersion
from app.domain.sight import Sight, sight
from app.reads import entities
from resolvers.context import Operation

_MOST_EVENTS = 50


async def changed_since(operation: Operation, refusal: StaleVersion) -> list[Any]:
    """Return the events of the row since the expected version, those in sight, at most 50."""
    events = await operation.reader.run(
        log.read_subject,
        operation.actor.organization_id,
        refusal.kind,
        refusal.id,
        after_version=refusal.expected,
        limit=_MOST_EVENTS,
    )
    return [event for event in events if sight(operation.actor, event) is Sight.SEEN]


async def present(operation: Operation, refusal: StaleVersion) -> Any:
    """Return the row as it is now, of a queue its technician; None where it is out of sight."""
    entity = entities.TECHNICIAN if refusal.kind == QUEUE else entities.NODES[refusal.kind]
    return await operation.loaders.row(entity, refusal.id)


async def job(operation: Operation, key: UUID | None) -> Any:
    """Return the assignment as it is now, None where there is none or it is out of sight."""
    return None if key is None else await operation.loaders.row(entities.ASSIGNMENT, key)


async def technicians(operation: Operation, keys: Iterable[UUID]) -> list[Any]:
    """Return the technicians that the viewer may see."""
    found = [await operation.loaders.row(entities.TECHNICIAN, key) for key in keys]
    return [each for each in found if each is not None]
