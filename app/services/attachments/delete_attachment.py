"""Somebody takes a file from a ticket."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.attachments import attachments
from app.db.timers.setting import set_timer
from app.domain.events import EventType
from app.domain.people import Actor
from app.domain.policy import Action, Standing, sees_internal
from app.domain.refusals import NotFound, StaleVersion
from app.domain.timers import Timer, TimerKind
from app.services.attachments.finding import attachment_event, find_attachment, lock_content
from app.services.change import Change
from app.services.deleting import Delete
from app.services.perform import Writer, Written, perform
from app.services.situations import read_ticket, require


async def delete_attachment(writer: Writer, actor: Actor, command: Delete) -> Written:
    """Take a file from its ticket; bytes that nobody refers to any more are erased soon.

    Ids: deleted_attachment.

    Guard: the row lock of its bytes, against their being erased or referred to anew; then its own.
    """

    async def work(change: Change) -> dict[str, UUID]:
        missing = NotFound(field=("id",), kind="attachment")
        found = await find_attachment(change, command.id)
        if found is None or (found.internal and not sees_internal(actor)):
            raise missing
        try:
            situation = await read_ticket(change, found.ticket_id)
        except NotFound:
            raise missing from None
        require(
            actor,
            Action.DELETE_FILE,
            Standing(requester_id=found.uploaded_by),
            words="delete what others have attached",
        )
        await lock_content(change, found.content_id)
        mine = (attachments.c.organization_id == found.organization_id, attachments.c.id == found.id)
        query = sa.select(attachments).where(*mine, attachments.c.deleted_at.is_(None)).with_for_update()
        row = (await change.connection.execute(query)).one_or_none()
        if row is None:
            raise missing
        expected = command.expected_version
        if expected is not None and expected != row.version:
            raise StaleVersion(
                field=("expectedVersion",), kind="Attachment", id=row.id, expected=expected, current=row.version
            )
        await change.connection.execute(
            sa.update(attachments)
            .where(*mine)
            .values(
                content_id=None,
                former_content_id=row.content_id,
                deleted_at=change.now,
                version=row.version + 1,
                updated_at=change.now,
            )
        )
        change.tell(
            attachment_event(
                EventType.ATTACHMENT_DELETED,
                situation,
                row.id,
                row.version + 1,
                {},
                {"deleted_at": change.now},
                at=change.now,
                internal=row.internal,
            )
        )
        # Of the attachment and not of its bytes: those may be under way to be erased, and then referred to again.
        await set_timer(change.connection, Timer(TimerKind.FILE_ERASE, row.organization_id, row.id), after=timedelta())
        return {"deleted_attachment": row.id}

    return await perform(writer, actor, "deleteAttachment", command, work)
