"""What happened to a ticket, as its viewer may know it."""

from functools import partial
from typing import Any
from uuid import UUID

from app.domain.policy import Action, Standing, may
from app.domain.sight import visible_changes
from app.reads.history import IN_ORDER, Entry, HistoryFilter, load_history
from app.reads.pages import Page, Window, placed
from resolvers.context import Operation


async def history_of(operation: Operation, ticket_id: UUID, wanted: HistoryFilter, asked: Window) -> Page:
    """Return a page of a ticket's history. Raises Invalid for a cursor of another list."""
    where = placed(IN_ORDER, asked)
    page: Page = await operation.loaders.by(
        ("history", wanted, where), partial(load_history, operation.reader, wanted, where), ticket_id
    )
    return page


def change_of(operation: Operation, entry: Entry) -> tuple[str, Any, Any] | None:
    """Return the column that changed with its values as the viewer may see them; None: none that they may."""
    # The statement looked at the job, and has left out places that are not the viewer's.
    for change in visible_changes(operation.actor, entry.event, place=True):
        return (change.field, None, None) if entry.withheld else (change.field, change.old, change.new)
    return None


def address_of(operation: Operation, entry: Entry) -> str | None:
    """Return from where it was asked for, for those who may know."""
    return entry.event.ip_address if may(operation.actor, Action.SEE_AUDIT_IP, Standing()) else None
