"""Someone says something on a ticket."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.tickets import comments
from app.domain import validation
from app.domain.events import EventType, FieldChange, NewEvent
from app.domain.people import Actor
from app.domain.policy import Action, Standing
from app.domain.situations import Situation, concerned
from app.services.change import Change
from app.services.perform import Writer, Written, perform
from app.services.situations import read_ticket, require


@dataclass(frozen=True, slots=True, kw_only=True)
class AddComment:
    """What is said, 1 to 20,000 characters; `internal` hides it from customers."""

    ticket_id: UUID
    body: str
    internal: bool = False
    idempotency_key: str | None = None


async def add_comment(writer: Writer, actor: Actor, command: AddComment) -> Written:
    """Add a comment by the actor. Ids: comment, ticket.

    Guard: none but the log's head; a comment changes no other row.
    """

    async def work(change: Change) -> dict[str, UUID]:
        body = validation.text(command.body, "body", longest=validation.LONGEST_TEXT)
        situation = await read_ticket(change, command.ticket_id)
        ticket = situation.ticket
        standing = Standing(requester_id=ticket.requester_id, customer_id=ticket.customer_id)
        require(change.actor, Action.COMMENT, standing, words="comment on this ticket")
        if command.internal:
            require(change.actor, Action.COMMENT_INTERNALLY, standing, words="comment internally")
        comment_id = await write_comment(change, situation, body, internal=command.internal)
        return {"comment": comment_id, "ticket": ticket.id}

    return await perform(writer, actor, "addComment", command, work)


async def write_comment(
    change: Change, situation: Situation, body: str, *, internal: bool, by_server: bool = False
) -> UUID:
    """Insert what the actor, or the server itself, says on a ticket, and tell it; return its id."""
    ticket, comment_id = situation.ticket, change.new_id()
    await change.connection.execute(
        sa.insert(comments).values(
            organization_id=ticket.organization_id,
            id=comment_id,
            ticket_id=ticket.id,
            author_id=None if by_server else change.actor.user_id,
            body=body,
            internal=internal,
            system_generated=by_server,
            created_at=change.now,
            updated_at=change.now,
        )
    )
    change.tell(
        NewEvent(
            type=EventType.COMMENT_ADDED,
            kind="Comment",
            id=comment_id,
            version=1,
            ticket_id=ticket.id,
            assignment_id=None if situation.job is None else situation.job.id,
            occurred_at=change.now,
            after=concerned(ticket, situation.job, situation.team_id, internal=internal),
            changes=(
                FieldChange(field="body", old=None, new=body),
                FieldChange(field="internal", old=None, new=internal),
                *((FieldChange(field="system_generated", old=None, new=True),) if by_server else ()),
            ),
        )
    )
    return comment_id
