"""A technician's queue."""

from dataclasses import dataclass
from typing import Any

from app.domain.policy import Action, Standing, may
from app.domain.refusals import Forbidden, Invalid
from app.reads.orders import UnknownPlace, read_cursor, write_cursor
from app.reads.pages import window
from app.reads.queues import QUEUE_ORDER, QueueItem, load_queues
from resolvers import cursors
from resolvers.context import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePart:
    """A page of a queue, with what the whole of it says."""

    items: list[QueueItem]
    total_count: int
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None
    next: QueueItem | None
    event_cursor: str


def may_see(operation: Operation, technician: Any) -> bool:
    """Tell whether the viewer may see the technician's queue."""
    return may(operation.actor, Action.VIEW_QUEUE, Standing(technician_id=technician.id))


async def queue_of(operation: Operation, technician: Any, first: int | None, after: str | None) -> QueuePart:
    """Return a page of the technician's queue, at most 100 jobs.

    Raises:
        Forbidden: the viewer is no staff.
        Invalid: the cursor is of another list, or `first` is out of bounds.
    """
    if not may_see(operation, technician):
        raise Forbidden(action="see technicians' queues")
    asked = window(first, after, default=50)
    loaders = operation.loaders
    queue: list[QueueItem] = await loaders.by("queue", lambda keys: load_queues(operation.reader, keys), technician.id)
    behind = queue if after is None else _behind(queue, after)
    items = behind[: asked.size]
    return QueuePart(
        items=items,
        total_count=len(queue),
        has_next_page=len(behind) > len(items),
        has_previous_page=len(behind) < len(queue),
        start_cursor=_cursor(items[0]) if items else None,
        end_cursor=_cursor(items[-1]) if items else None,
        next=queue[0] if queue else None,
        event_cursor=await cursors.present(operation),
    )


def _behind(queue: list[QueueItem], after: str) -> list[QueueItem]:
    try:
        place = read_cursor(QUEUE_ORDER, after)
    except UnknownPlace as unknown:
        raise Invalid(field=("after",), problem="after is no cursor of a technician's queue.") from unknown
    return [item for item in queue if _values(item) > place]


def _cursor(item: QueueItem) -> str:
    return write_cursor(QUEUE_ORDER, {term.column: item.assignment[term.column] for term in QUEUE_ORDER.terms})


def _values(item: QueueItem) -> tuple[Any, ...]:
    return tuple(item.assignment[term.column] for term in QUEUE_ORDER.terms)
