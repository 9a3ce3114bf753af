"""The events that tell who waits for a time, and what becomes of them."""

from datetime import datetime
from uuid import UUID

from app.domain.events import WAITING, Concerned, EventType, NewEvent, changed_fields
from app.domain.waitlist import WaitlistEntry


def waitlist_event(
    type_: EventType,
    before: WaitlistEntry | None,
    after: WaitlistEntry,
    *,
    technician_id: UUID | None = None,
    occurred_at: datetime,
) -> NewEvent:
    """Tell what happened to somebody who waits; `technician_id` is whose time they were offered."""
    concerned = Concerned(technician_id=technician_id, requester_id=after.joined_by, customer_id=after.customer_id)
    return NewEvent(
        type=type_,
        kind=WAITING,
        id=after.id,
        version=after.version,
        occurred_at=occurred_at,
        before=None if before is None else concerned,
        after=concerned,
        changes=changed_fields(before, after),
    )
