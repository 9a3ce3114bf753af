"""Somebody who knows malware looks at the bytes of files."""

from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.attachments import attachments, file_contents
from app.db.transaction import Mode, transaction
from app.domain.events import EventType
from app.domain.file_addresses import FileKey
from app.domain.files import ScanState
from app.domain.people import Actor
from app.services.attachments.files import FileStore, Scanner, ScannerFailed, Verdict
from app.services.attachments.finding import attachment_event, lock_content
from app.services.change import Change
from app.services.perform import Writer, Written, perform
from app.services.situations import read_any_ticket

_DECIDED = frozenset({ScanState.CLEAN, ScanState.INFECTED})
_LONGEST_FINDING = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanFile:
    """Which bytes."""

    content_id: UUID
    idempotency_key: str | None = None


async def scan_file(
    writer: Writer, actor: Actor, command: ScanFile, store: FileStore, scanner: Scanner
) -> Written | None:
    """Have bytes looked at, and tell of every attachment what came of it. None: it is known, or they are gone.

    While the scanner cannot say, the files are FAILED; that is told once. Nothing is locked while it looks.

    Guard: the row lock of the bytes; what was decided stays.

    Raises:
        ScannerFailed: it cannot be reached, or cannot say; try again.
    """
    content = await _undecided(writer, actor, command.content_id)
    if content is None:
        return None
    try:
        key = FileKey(actor.organization_id, content.id)
        async with aclosing(store.read(key, 0, content.size_bytes)) as pieces:
            verdict = await scanner.scan(pieces)
    except ScannerFailed:
        await _note(writer, actor, command, Verdict(ScanState.FAILED))
        raise
    return await _note(writer, actor, command, verdict)


async def _undecided(writer: Writer, actor: Actor, content_id: UUID) -> Any:
    async with transaction(writer.engine, actor.organization_id, mode=Mode.READ) as connection:
        query = sa.select(file_contents).where(
            file_contents.c.organization_id == actor.organization_id,
            file_contents.c.id == content_id,
            file_contents.c.doomed_at.is_(None),
            file_contents.c.scan_state.not_in(_DECIDED),
        )
        return (await connection.execute(query)).one_or_none()


class _NothingNew(Exception):
    """It is known already."""


async def _note(writer: Writer, actor: Actor, command: ScanFile, verdict: Verdict) -> Written | None:
    async def work(change: Change) -> dict[str, UUID]:
        content = await lock_content(change, command.content_id)
        if content is None or content.doomed_at is not None or content.scan_state in {*_DECIDED, verdict.state}:
            raise _NothingNew
        finding = None if verdict.finding is None else verdict.finding[:_LONGEST_FINDING]
        await change.connection.execute(
            sa.update(file_contents)
            .where(file_contents.c.organization_id == content.organization_id, file_contents.c.id == content.id)
            .values(scan_state=verdict.state, finding=finding, scanned_at=change.now)
        )
        for row in await _referring(change, content.id):
            await _tell(change, row, verdict.state)
        return {}

    try:
        return await perform(writer, actor, "scanFile", command, work)
    except _NothingNew:
        return None


async def _referring(change: Change, content_id: UUID) -> Any:
    query = (
        sa.select(attachments)
        .where(attachments.c.organization_id == change.actor.organization_id, attachments.c.content_id == content_id)
        .order_by(attachments.c.id)
        .with_for_update()
    )
    return (await change.connection.execute(query)).all()


async def _tell(change: Change, row: Any, state: ScanState) -> None:
    await change.connection.execute(
        sa.update(attachments)
        .where(attachments.c.organization_id == row.organization_id, attachments.c.id == row.id)
        .values(scan_state=state, version=row.version + 1, updated_at=change.now)
    )
    change.tell(
        attachment_event(
            EventType.ATTACHMENT_SCANNED,
            await read_any_ticket(change, row.ticket_id),
            row.id,
            row.version + 1,
            {"scan_state": row.scan_state},
            {"scan_state": state},
            at=change.now,
            internal=row.internal,
        )
    )
