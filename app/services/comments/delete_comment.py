"""Somebody takes back what was said on a ticket."""

from uuid import UUID

from app.domain.events import EventType, FieldChange
from app.domain.people import Actor
from app.domain.policy import Action, Standing, may
from app.domain.refusals import Forbidden
from app.services.change import Change
from app.services.comments.finding import comment_event, expect_comment, is_own, lock_comment, save_comment
from app.services.deleting import Delete
from app.services.perform import Writer, Written, perform


async def delete_comment(writer: Writer, actor: Actor, command: Delete) -> Written:
    """Take back what the actor, or as a moderator anybody, has said; its row and log stay. Ids: deleted_comment.

    Guard: the comment's row lock.
    """

    async def work(change: Change) -> dict[str, UUID]:
        situation, comment = await lock_comment(change, command.id)
        if not is_own(change.actor, comment) and not may(change.actor, Action.MODERATE, Standing()):
            raise Forbidden(action="take back what somebody else has said")
        if command.expected_version is not None:
            expect_comment(comment, command.expected_version)
        await save_comment(change, comment, deleted_at=change.now)
        changed = FieldChange(field="deleted_at", old=None, new=change.now.isoformat())
        change.tell(comment_event(change, situation, comment, EventType.COMMENT_DELETED, changed))
        return {"deleted_comment": comment.id}

    return await perform(writer, actor, "deleteComment", command, work)
