"""Files of a ticket that belong to the report with which a job ended."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.attachments import attachments
from app.domain.events import FieldChange, plain
from app.domain.refusals import Invalid, NotFound
from app.services.change import Change

MOST_FILES = 100


async def files_of_report(change: Change, ticket_id: UUID, ids: Sequence[UUID]) -> list[UUID]:
    """Return the files that are named, each once; all must be the ticket's. Raises Invalid, NotFound."""
    named = list(dict.fromkeys(ids))
    if len(named) > MOST_FILES:
        raise Invalid(field=("attachmentIds",), problem=f"attachmentIds has at most {MOST_FILES} ids.")
    if not named:
        return []
    query = sa.select(attachments.c.id).where(
        attachments.c.organization_id == change.actor.organization_id,
        attachments.c.id.in_(named),
        attachments.c.ticket_id == ticket_id,
        attachments.c.deleted_at.is_(None),
    )
    found = set((await change.connection.execute(query)).scalars())
    for at, each in enumerate(ids):
        if each not in found:
            raise NotFound(field=("attachmentIds", str(at)), kind="attachment of the ticket")
    return named


async def file_under(change: Change, assignment_id: UUID, ids: Sequence[UUID]) -> None:
    """Make the files the job's.

    Guard: their row locks by id; what is deleted meanwhile stays out of it.
    """
    for each in sorted(ids):
        await change.connection.execute(
            sa.update(attachments)
            .where(
                attachments.c.organization_id == change.actor.organization_id,
                attachments.c.id == each,
                attachments.c.deleted_at.is_(None),
            )
            .values(assignment_id=assignment_id, version=attachments.c.version + 1, updated_at=change.now)
        )


def told_files(ids: Sequence[UUID]) -> tuple[FieldChange, ...]:
    """Say in the job's event which files the report has."""
    return (FieldChange(field="attachments", old=None, new=[plain(each) for each in ids]),) if ids else ()
