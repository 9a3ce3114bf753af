"""Somebody changes what they have said on a ticket."""

from dataclasses import dataclass, replace
from uuid import UUID

from app.domain import validation
from app.domain.events import EventType, FieldChange
from app.domain.people import Actor
from app.domain.refusals import Forbidden
from app.services.change import Change
from app.services.comments.finding import comment_event, expect_comment, is_own, lock_comment, save_comment
from app.services.perform import Writer, Written, perform


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateComment:
    """Which comment, and what it is to say: 1 to 20,000 characters."""

    id: UUID
    body: str
    expected_version: int
    idempotency_key: str | None = None


async def update_comment(writer: Writer, actor: Actor, command: UpdateComment) -> Written:
    """Change what the actor has said. Ids: comment, ticket.

    Guard: the comment's row lock, under which its version is compared.
    """

    async def work(change: Change) -> dict[str, UUID]:
        body = validation.text(command.body, "body", longest=validation.LONGEST_TEXT)
        situation, comment = await lock_comment(change, command.id)
        if not is_own(change.actor, comment):
            raise Forbidden(action="change what somebody else has said")
        expect_comment(comment, command.expected_version)
        if body != comment.body:
            changed = FieldChange(field="body", old=comment.body, new=body)
            await save_comment(change, comment, body=body, edited_at=change.now)
            told = comment_event(change, situation, comment, EventType.COMMENT_UPDATED, changed)
            change.tell(replace(told, after=told.before))
        return {"comment": comment.id, "ticket": situation.ticket.id}

    return await perform(writer, actor, "updateComment", command, work)
