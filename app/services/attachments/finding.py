"""Attachments as use cases find them, and how what happens to them is told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.attachments import attachments, file_contents
from app.db.tables.tickets import comments
from app.domain.events import EventType, FieldChange, NewEvent, plain
from app.domain.policy import Action, Standing
from app.domain.refusals import Forbidden, NotFound
from app.domain.situations import Situation, concerned
from app.domain.tickets import Ticket
from app.services.change import Change
from app.services.situations import require

Row: TypeAlias = sa.Row[Any]


def attachment_event(
    type_: EventType,
    situation: Situation,
    id_: UUID,
    version: int,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    at: datetime,
    internal: bool,
) -> NewEvent:
    """Tell what happened to a file of a ticket: of each field in `new` what it was in `old`."""
    whom = concerned(situation.ticket, situation.job, situation.team_id, internal=internal)
    return NewEvent(
        type=type_,
        kind="Attachment",
        id=id_,
        version=version,
        ticket_id=situation.ticket.id,
        assignment_id=None if situation.job is None else situation.job.id,
        occurred_at=at,
        before=None if type_ is EventType.ATTACHMENT_ADDED else whom,
        after=None if type_ is EventType.ATTACHMENT_DELETED else whom,
        changes=tuple(
            FieldChange(field=name, old=plain(old.get(name)), new=plain(value)) for name, value in new.items()
        ),
    )


async def find_attachment(change: Change, id_: UUID) -> Row | None:
    """Return an attachment that was not deleted."""
    query = sa.select(attachments).where(
        attachments.c.organization_id == change.actor.organization_id,
        attachments.c.id == id_,
        attachments.c.deleted_at.is_(None),
    )
    return (await change.connection.execute(query)).one_or_none()


async def lock_content(change: Change, id_: UUID) -> Row | None:
    """Lock bytes that are kept.

    Guard: who refers to them is read in a later statement; nobody comes to refer to them without this lock.
    """
    query = sa.select(file_contents).where(
        file_contents.c.organization_id == change.actor.organization_id, file_contents.c.id == id_
    )
    return (await change.connection.execute(query.with_for_update())).one_or_none()


async def said_internally(change: Change, ticket: Ticket, comment_id: UUID | None) -> bool:
    """Tell whether a comment that the actor sees is internal. Raises NotFound, Forbidden."""
    if comment_id is None:
        return False
    query = sa.select(comments).where(
        comments.c.organization_id == ticket.organization_id,
        comments.c.id == comment_id,
        comments.c.ticket_id == ticket.id,
        comments.c.deleted_at.is_(None),
    )
    comment = (await change.connection.execute(query)).one_or_none()
    missing = NotFound(field=("commentId",), kind="comment")
    if comment is None:
        raise missing
    if comment.internal:
        try:
            require(change.actor, Action.SEE_INTERNAL, Standing(), words="see it")
        except Forbidden:
            raise missing from None
    if comment.author_id != change.actor.user_id:
        raise Forbidden(field=("commentId",), action="attach files to what somebody else has said")
    return bool(comment.internal)
