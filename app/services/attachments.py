"""Attachments as use cases find them, and how what happens to them is told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import sqlalchemy as sa

from app.db import records
from app.db.tables.attachments import attachments, file_contents
from app.db.tables.tickets import tickets
from app.domain.events import EventType, FieldChange, NewEvent, plain
from app.domain.situations import Situation, concerned
from app.domain.tickets import Ticket
from app.services.change import Change
from app.services.situations import situated

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


async def situation_of(change: Change, ticket_id: UUID) -> Situation:
    """Read a ticket with its active job, whoever may see it, and also when it was deleted."""
    connection, organization_id = change.connection, change.actor.organization_id
    ticket = await records.fetch_one(connection, tickets, Ticket, organization_id, ticket_id)
    if ticket is None:
        raise LookupError("an attachment has no ticket")
    return await situated(change, ticket)


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
