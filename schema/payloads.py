"""What mutations answer: the rows as they are after the change, or why there was none."""

from typing import Any

import strawberry

from app.domain.locations import MOST_REFUSALS
from app.reads import entities
from app.services.change import Written
from resolvers.context import Operation
from schema.errors import AssignmentError, CommentError, OkError, TicketError
from schema.fields import ONE_ROW
from schema.ids import global_id
from schema.scalars import EventCursor
from schema.types.assignments import Assignment
from schema.types.comments import Comment
from schema.types.tickets import Ticket


@strawberry.interface(description="What every mutation answers.")
class MutationPayload:
    """What every mutation answers."""

    change_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Names this change in the log: a client drops events that bear it. Null: the log was left alone.",
    )
    event_cursor: EventCursor | None = strawberry.field(
        default=None, description="Where the log stood after this change. Null: the log was left alone."
    )


@strawberry.type(description="What mutations on tickets answer.")
class TicketPayload(MutationPayload):
    """What mutations on tickets answer."""

    ticket: Ticket | None = strawberry.field(default=None, description="The ticket; null: nothing was written.")
    errors: list[TicketError] = strawberry.field(
        default_factory=list, description="Why nothing was written; empty: it was.", metadata=ONE_ROW
    )


@strawberry.type(description="What mutations on assignments answer.")
class AssignmentPayload(MutationPayload):
    """What mutations on assignments answer."""

    assignment: Assignment | None = strawberry.field(
        default=None, description="The job; null: nothing was written, or the ticket waits in a tier's queue."
    )
    previous_assignment: Assignment | None = strawberry.field(
        default=None, description="The job that ended so that this one could begin; null: none."
    )
    ticket: Ticket | None = strawberry.field(default=None, description="The ticket; null: nothing was written.")
    errors: list[AssignmentError] = strawberry.field(
        default_factory=list, description="Why nothing was written; empty: it was.", metadata=ONE_ROW
    )


@strawberry.type(description="What mutations on comments answer.")
class CommentPayload(MutationPayload):
    """What mutations on comments answer."""

    comment: Comment | None = strawberry.field(default=None, description="The comment; null: nothing was written.")
    ticket: Ticket | None = strawberry.field(default=None, description="Its ticket; null: nothing was written.")
    errors: list[CommentError] = strawberry.field(
        default_factory=list, description="Why nothing was written; empty: it was.", metadata=ONE_ROW
    )


@strawberry.type(description="What mutations answer that have no row to show.")
class OkPayload(MutationPayload):
    """What mutations answer that have no row to show."""

    errors: list[OkError] = strawberry.field(
        default_factory=list, description="Why nothing was done; empty: it was.", metadata={"rows": MOST_REFUSALS}
    )


_ROWS = {
    "ticket": entities.TICKET,
    "assignment": entities.ASSIGNMENT,
    "previous_assignment": entities.ASSIGNMENT,
    "comment": entities.COMMENT,
}


async def fields_of(operation: Operation, written: Written) -> dict[str, Any]:
    """Return a payload's fields for what was written, each row read as it is now."""
    rows = {name: await operation.loaders.row(_ROWS[name], key) for name, key in written.ids.items()}
    return {
        **rows,
        "change_id": global_id("Change", written.change_id),
        "event_cursor": EventCursor(operation.cursor(written.position)),
    }
