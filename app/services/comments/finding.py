"""Finding and locking what was said on a ticket, and telling what became of it."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.tickets import comments
from app.domain.events import EventType, FieldChange, NewEvent
from app.domain.people import Actor
from app.domain.policy import sees_internal
from app.domain.refusals import NotFound, StaleVersion
from app.domain.situations import Situation, concerned
from app.services.change import Change
from app.services.situations import read_ticket

CommentRow = sa.Row[Any]


async def lock_comment(change: Change, comment_id: UUID) -> "tuple[Situation, CommentRow]":
    """Lock a comment that the actor may see, with the ticket it is said on. Raises NotFound."""
    missing = NotFound(field=("id",), kind="comment")
    of, mine = comments.c, comments.c.organization_id == change.actor.organization_id
    ticket_id = await change.connection.scalar(sa.select(of.ticket_id).where(mine, of.id == comment_id))
    if ticket_id is None:
        raise missing
    try:
        situation = await read_ticket(change, ticket_id)
    except NotFound as hidden:
        raise missing from hidden
    query = sa.select(comments).where(mine, of.id == comment_id, of.deleted_at.is_(None)).with_for_update()
    comment = (await change.connection.execute(query)).one_or_none()
    if comment is None or (comment.internal and not sees_internal(change.actor)):
        raise missing
    return situation, comment


def is_own(actor: Actor, comment: CommentRow) -> bool:
    """Tell whether it was the actor who said it."""
    return not comment.system_generated and comment.author_id == actor.user_id


def expect_comment(comment: CommentRow, expected: int) -> None:
    """Raise StaleVersion when the client has read another version than the locked one."""
    if comment.version != expected:
        raise StaleVersion(
            field=("expectedVersion",), kind="Comment", id=comment.id, expected=expected, current=comment.version
        )


async def save_comment(change: Change, comment: CommentRow, **values: object) -> None:
    """Write a locked comment, as its next version."""
    of = comments.c
    await change.connection.execute(
        sa.update(comments)
        .where(of.organization_id == change.actor.organization_id, of.id == comment.id)
        .values(**values, version=comment.version + 1, updated_at=max(change.now, comment.updated_at))
    )


def comment_event(
    change: Change, situation: Situation, comment: CommentRow, type_: EventType, *changed: FieldChange
) -> NewEvent:
    """Tell of a comment that was there, and is not after."""
    ticket, job = situation.ticket, situation.job
    return NewEvent(
        type=type_,
        kind="Comment",
        id=comment.id,
        version=comment.version + 1,
        ticket_id=ticket.id,
        assignment_id=None if job is None else job.id,
        occurred_at=change.now,
        before=concerned(ticket, job, situation.team_id, internal=comment.internal),
        changes=changed,
    )
