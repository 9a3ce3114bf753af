"""Saved views: lists of tickets that somebody wants to see again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain.events import VIEW, Concerned, EventType, NewEvent, changed_fields

LONGEST_NAME = 100
# Lists of views are not paged.
MOST_OWN = 50
MOST_SHARED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """A filter and an order of tickets under a name of the owner's; `shared` shows it to all staff."""

    id: UUID
    organization_id: UUID
    owner_id: UUID
    name: str
    filter: Mapping[str, Any]
    order_by: list[Any] | None
    shared: bool
    created_at: datetime
    updated_at: datetime
    version: int = 1


def view_event(before: SavedView | None, after: SavedView | None, *, now: datetime) -> NewEvent:
    """Tell of a view that came, changed or went."""
    view = after or before
    if view is None:
        raise TypeError("a view is before or after")
    return NewEvent(
        type=EventType.RECORD_CHANGED,
        kind=VIEW,
        id=view.id,
        version=view.version if after is not None else view.version + 1,
        occurred_at=now,
        before=_concerned(before),
        after=_concerned(after),
        changes=() if after is None else changed_fields(before, after),
    )


def _concerned(view: SavedView | None) -> Concerned | None:
    """Say whose it is; internal is what nobody else sees."""
    return None if view is None else Concerned(requester_id=view.owner_id, internal=not view.shared)
