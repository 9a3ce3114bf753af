"""The bytes of a file have come: they are checked, and only then the file is the ticket's."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from uuid_utils.compat import uuid7

from app.db.tables.attachments import attachments, file_contents, uploads
from app.db.timers.setting import set_timer
from app.db.transaction import UNREACHABLE
from app.domain.events import EventType
from app.domain.file_addresses import FileKey
from app.domain.files import KINDS, ScanState, extension_of, rejected
from app.domain.people import Actor
from app.domain.policy import Action, Standing
from app.domain.refusals import Invalid, NotFound
from app.domain.timers import Timer, TimerKind
from app.services.attachments.files import Files, NothingArrived, StoreFailed
from app.services.attachments.finding import attachment_event, said_internally
from app.services.attachments.inspection.inspecting import inspect
from app.services.attachments.inspection.refusals import Unfit
from app.services.change import Change
from app.services.perform import Writer, Written, beside_the_log, perform
from app.services.situations import read_ticket, require

Row: TypeAlias = sa.Row[Any]

# So long a check may take; whoever comes later begins another.
LONGEST_CHECK = timedelta(minutes=5)
_GIVEN_UP_SECONDS = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalizeAttachment:
    """Which upload."""

    id: UUID
    idempotency_key: str | None = None


async def finalize_attachment(writer: Writer, actor: Actor, command: FinalizeAttachment, files: Files) -> Written:
    """Make what has arrived the ticket's file. Ids: attachment, ticket.

    What came is copied to where no client can change it, and the copy is checked. Bytes that the organisation
    has already are not kept twice; that is found out by the bytes alone. A refused upload is over. With a
    scanner the file can be downloaded once it was found clean.

    Guard: one attempt at a time, by the upload's row; it names the copy, so that a late one finds it is not
    the one any more. Then the row lock of the bytes that are kept, against their being erased.

    Raises:
        FileRejected: the bytes are not what was announced, or not what is taken.
    """
    claimed = await _claim(writer, actor, command, files)
    if claimed is None:
        return await perform(writer, actor, "finalizeAttachment", command, _refuse_unknown)
    upload, content = claimed
    staged = FileKey(upload.organization_id, upload.id)
    kept = False

    async def work(change: Change) -> dict[str, UUID]:
        nonlocal kept
        ids, kept = await _attach(change, upload, content, files)
        return ids

    try:
        await _check(upload, staged, content, files)
        written = await perform(writer, actor, "finalizeAttachment", command, work)
    except NothingArrived:
        await _release(writer, actor, content, upload, files)
        problem = "Nothing has arrived yet; send the bytes to the address that createAttachment gave."
        raise Invalid(field=("id",), problem=problem) from None
    except Unfit as unfit:
        await _release(writer, actor, content, upload, files, finished=True)
        await files.store.end_upload(staged)
        raise rejected(files.limits, str(unfit)) from None
    except BaseException:
        # What cannot be tidied now is when the upload ends.
        with suppress(*UNREACHABLE, StoreFailed, TimeoutError):
            await asyncio.shield(_release(writer, actor, content, upload, files))
        raise
    # The file is the ticket's by now, whatever becomes of the rest: that is tidied when the upload ends.
    with suppress(StoreFailed):
        await files.store.end_upload(staged)
        if not kept:
            await files.store.erase(content)
    return written


async def _claim(
    writer: Writer, actor: Actor, command: FinalizeAttachment, files: Files
) -> "tuple[Row, FileKey] | None":
    """Return an open upload of the actor's, and where its bytes are to be copied; None when there is none."""
    organization_id, now = actor.organization_id, writer.clock()
    async with beside_the_log(writer, actor) as connection:
        where = (uploads.c.organization_id == organization_id, uploads.c.id == command.id)
        query = sa.select(uploads).where(*where, uploads.c.user_id == actor.user_id, uploads.c.finished_at.is_(None))
        upload = (await connection.execute(query.with_for_update())).one_or_none()
        if upload is None:
            return None
        if upload.attempt_id is not None:
            if upload.attempted_at > now - LONGEST_CHECK:
                problem = "The file is being checked; try again in a moment."
                raise Invalid(field=("id",), problem=problem)
            # Whoever began has ended without a word.
            await files.store.erase(FileKey(organization_id, upload.attempt_id))
        attempt_id = uuid7()
        await connection.execute(sa.update(uploads).where(*where).values(attempt_id=attempt_id, attempted_at=now))
    return upload, FileKey(organization_id, attempt_id)


async def _release(
    writer: Writer, actor: Actor, content: FileKey, upload: Row, files: Files, *, finished: bool = False
) -> None:
    """Let others try, or nobody any more, and erase the copy, unless the attachment was written after all.

    Guard: the upload's row lock, for which a commit that is still under way has to be over.
    """
    mine = (
        uploads.c.organization_id == upload.organization_id,
        uploads.c.id == upload.id,
        uploads.c.attempt_id == content.id,
        uploads.c.finished_at.is_(None),
    )
    async with beside_the_log(writer, actor) as connection:
        found = (await connection.execute(sa.select(uploads.c.id).where(*mine).with_for_update())).one_or_none()
        if found is not None:
            # Before it is forgotten that there is a copy.
            await files.store.erase(content)
            over = {"finished_at": writer.clock()} if finished else {}
            await connection.execute(sa.update(uploads).where(*mine).values(attempt_id=None, attempted_at=None, **over))


async def _refuse_unknown(_change: Change) -> dict[str, UUID]:
    raise NotFound(field=("id",), kind="upload")


async def _check(upload: Row, staged: FileKey, content: FileKey, files: Files) -> None:
    """Copy the bytes and look at the copy. Raises NothingArrived, Unfit."""
    async with asyncio.timeout(_GIVEN_UP_SECONDS):
        length = await files.store.take(staged, content, longest=files.limits.max_bytes)
        if length != upload.size_bytes:
            raise Unfit(f"{length} bytes came, and {upload.size_bytes} were announced.")
        async with files.checks, files.store.opened(content) as file:
            await asyncio.to_thread(
                inspect,
                file,
                name=upload.file_name,
                size_bytes=upload.size_bytes,
                digest=upload.sha256,
                folder=files.folder,
            )


async def _attach(change: Change, upload: Row, content: FileKey, files: Files) -> tuple[dict[str, UUID], bool]:
    """Write the attachment; tell whether its bytes are the copy, and not those that were kept before."""
    mine = (uploads.c.organization_id == upload.organization_id, uploads.c.id == upload.id)
    query = sa.select(uploads.c.attempt_id, uploads.c.finished_at).where(*mine).with_for_update()
    now_there = (await change.connection.execute(query)).one_or_none()
    if now_there is None or now_there.attempt_id != content.id or now_there.finished_at is not None:
        raise Invalid(field=("id",), problem="The check took too long; try again.")
    situation = await read_ticket(change, upload.ticket_id, field="id")
    ticket = situation.ticket
    standing = Standing(requester_id=ticket.requester_id, customer_id=ticket.customer_id)
    require(change.actor, Action.ATTACH_FILE, standing, words="attach files to this ticket")
    # What was said may have been taken back, or hidden, since the file was announced.
    internal = await said_internally(change, ticket, upload.comment_id) or upload.internal
    if internal:
        require(change.actor, Action.SEE_INTERNAL, standing, words="attach files internally")
    kept = await _kept(change, upload, content, files)
    row = {
        "id": upload.id,
        "ticket_id": ticket.id,
        "comment_id": upload.comment_id,
        "uploaded_by": upload.user_id,
        "file_name": upload.file_name,
        "content_type": KINDS[extension_of(upload.file_name)].media_type,
        "size_bytes": upload.size_bytes,
        "sha256": upload.sha256,
        "internal": internal,
        "scan_state": _state(ScanState(kept.scan_state), files),
    }
    await change.connection.execute(
        sa.insert(attachments).values(
            organization_id=ticket.organization_id,
            content_id=kept.id,
            created_at=change.now,
            updated_at=change.now,
            **row,
        )
    )
    await change.connection.execute(sa.update(uploads).where(*mine).values(finished_at=change.now))
    told = {name: value for name, value in row.items() if name not in {"id", "ticket_id"}}
    added = attachment_event(
        EventType.ATTACHMENT_ADDED,
        situation,
        upload.id,
        1,
        dict.fromkeys(told),
        told,
        at=change.now,
        internal=internal,
    )
    change.tell(added)
    return {"attachment": upload.id, "ticket": ticket.id}, kept.id == content.id


def _state(known: ScanState, files: Files) -> ScanState:
    """Return what is known of an attachment's bytes: kept without a scanner, they are not known to be clean."""
    return ScanState.PENDING if known is ScanState.SKIPPED and files.scanner is not None else known


async def _kept(change: Change, upload: Row, content: FileKey, files: Files) -> Row:
    """Return the bytes as the organisation keeps them, locked: the same from before, or this copy."""
    scanned = files.scanner is not None
    row = None
    while row is None:
        # Waits for whoever keeps or dooms the same bytes at this moment.
        await change.connection.execute(
            insert(file_contents)
            .values(
                organization_id=upload.organization_id,
                id=content.id,
                sha256=upload.sha256,
                size_bytes=upload.size_bytes,
                scan_state=ScanState.PENDING if scanned else ScanState.SKIPPED,
                created_at=change.now,
            )
            .on_conflict_do_nothing(
                index_elements=["organization_id", "sha256"], index_where=file_contents.c.doomed_at.is_(None)
            )
        )
        row = await _locked(change, upload)
    if row.scan_state == ScanState.INFECTED:
        raise rejected(files.limits, "The file is known to hold malware.")
    if scanned and row.scan_state != ScanState.CLEAN:
        timer = Timer(TimerKind.FILE_SCAN, row.organization_id, row.id)
        await set_timer(change.connection, timer, after=timedelta())
    return row


async def _locked(change: Change, upload: Row) -> Row | None:
    """Lock the bytes with the upload's SHA-256; None when they were doomed meanwhile."""
    query = sa.select(file_contents).where(
        file_contents.c.organization_id == upload.organization_id,
        file_contents.c.sha256 == upload.sha256,
        file_contents.c.doomed_at.is_(None),
    )
    return (await change.connection.execute(query.with_for_update())).one_or_none()
