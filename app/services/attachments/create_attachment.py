"""Somebody announces a file, and learns where to send its bytes."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.attachments import uploads
from app.db.timers.setting import set_timer
from app.domain import files as rules
from app.domain.files import FileLimits
from app.domain.people import Actor
from app.domain.policy import Action, Standing
from app.domain.refusals import Forbidden, Invalid
from app.domain.timers import Timer, TimerKind
from app.services.attachments.finding import said_internally
from app.services.change import Change
from app.services.perform import Writer, Written, perform
from app.services.situations import read_ticket, require

LASTS = timedelta(minutes=15)
# After its address has ended bytes may still be on their way for as long again, and be checked for a while.
_KEPT = 2 * LASTS + timedelta(minutes=5)
MOST_OPEN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateAttachment:
    """A file for a ticket, or for what was said on it; its name, length and SHA-256 are what must arrive."""

    ticket_id: UUID
    file_name: str
    size_bytes: int
    sha256: str
    comment_id: UUID | None = None
    internal: bool = False
    idempotency_key: str | None = None


async def create_attachment(writer: Writer, actor: Actor, command: CreateAttachment, limits: FileLimits) -> Written:
    """Note what is to come; the ticket has no file yet. Ids: upload.

    A file on an internal comment is internal, too. A user has at most about a hundred uploads that are not
    finished.

    Guard: none but the log's head; an upload is nobody else's, and many at once may pass the hundred by a few.

    Raises:
        FileRejected: it is too large, or its extension is not among those that are taken.
    """

    async def work(change: Change) -> dict[str, UUID]:
        name = rules.announced(command.file_name, command.size_bytes, limits)
        sha256 = rules.digest(command.sha256)
        ticket = (await read_ticket(change, command.ticket_id)).ticket
        standing = Standing(requester_id=ticket.requester_id, customer_id=ticket.customer_id)
        require(actor, Action.ATTACH_FILE, standing, words="attach files to this ticket")
        if command.internal:
            require(actor, Action.COMMENT_INTERNALLY, standing, words="attach files internally")
        internal = command.internal or await said_internally(change, ticket, command.comment_id)
        user_id = await _with_room(change)
        upload_id = change.new_id()
        await change.connection.execute(
            sa.insert(uploads).values(
                organization_id=ticket.organization_id,
                id=upload_id,
                ticket_id=ticket.id,
                comment_id=command.comment_id,
                user_id=user_id,
                file_name=name,
                size_bytes=command.size_bytes,
                sha256=sha256,
                internal=internal,
                expires_at=change.now + LASTS,
                created_at=change.now,
            )
        )
        ends = Timer(TimerKind.UPLOAD_ENDS, ticket.organization_id, upload_id)
        await set_timer(change.connection, ends, after=_KEPT)
        return {"upload": upload_id}

    return await perform(writer, actor, "createAttachment", command, work)


async def _with_room(change: Change) -> UUID:
    """Return the actor's user, who may begin one more upload. Raises Forbidden, Invalid."""
    user_id = change.actor.user_id
    if user_id is None:
        raise Forbidden(action="attach files, being nobody")
    counted = await change.connection.scalar(
        sa.select(sa.func.count()).where(
            uploads.c.organization_id == change.actor.organization_id,
            uploads.c.user_id == user_id,
            uploads.c.finished_at.is_(None),
            uploads.c.expires_at > change.now,
        )
    )
    if (counted or 0) >= MOST_OPEN:
        raise Invalid(problem=f"You have {MOST_OPEN} uploads that are not finished; finish those first.")
    return user_id
