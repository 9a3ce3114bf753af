"""A technician's queue."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from app.reads.orders import write_cursor
from app.reads.pages import PagePlace, Placed
from app.reads.queues import QUEUE_ORDER, QueueItem, load_queues, load_versions
from resolvers.context import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePart:
    """A page of a queue, with what the whole of it says."""

    technician: Any
    date: date | None
    version: int
    items: list[QueueItem]
    total_count: int
    page_info: PagePlace
    next: QueueItem | None


async def queue_of(
    operation: Operation,
    technician: Any,
    asked: Placed,
    territory_ids: tuple[UUID, ...] | None = None,
    *,
    day: date | None = None,
) -> QueuePart:
    """Return a part of the technician's queue, of all of it or of what is in the territories or of the day."""
    now = operation.process.clock()
    queue: list[QueueItem] = await operation.loaders.by(
        ("queue", territory_ids, day),
        lambda keys: load_queues(operation.reader, keys, territory_ids, day=day, now=now),
        technician.id,
    )
    place = asked.place
    behind = queue if place is None else [item for item in queue if _values(item) > place]
    items = behind[: asked.size]
    return QueuePart(
        technician=technician,
        date=day,
        version=await operation.loaders.by(
            "queue version", lambda keys: load_versions(operation.reader, keys), technician.id
        ),
        items=items,
        total_count=len(queue),
        page_info=PagePlace(
            has_next_page=len(behind) > len(items),
            has_previous_page=len(behind) < len(queue),
            start_cursor=_cursor(items[0]) if items else None,
            end_cursor=_cursor(items[-1]) if items else None,
        ),
        next=queue[0] if queue else None,
    )


def _cursor(item: QueueItem) -> str:
    return write_cursor(QUEUE_ORDER, {term.column: item.assignment[term.column] for term in QUEUE_ORDER.terms})


def _values(item: QueueItem) -> tuple[Any, ...]:
    return tuple(item.assignment[term.column] for term in QUEUE_ORDER.terms)
