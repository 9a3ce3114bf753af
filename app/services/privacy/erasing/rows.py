"""Erasing a locked person's rows, some at a time, with what the log tells of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID

import sqlalchemy as sa

from app.db import records
from app.db.personal import Person, erase_rows, keys_of, linked, rows_of
from app.db.tables.attachments import attachments, file_contents
from app.db.tables.deliveries import deliveries
from app.db.tables.families import TABLES
from app.db.tables.tickets import comments, tickets
from app.db.tables.views import saved_views
from app.db.timers.setting import set_timer
from app.domain.deliveries import DeliveryState
from app.domain.erasures import tombstones
from app.domain.events import VIEW, Concerned, EventType, FieldChange, NewEvent
from app.domain.privacy.declaring import Declared
from app.domain.privacy.register import REGISTER
from app.domain.situations import concerned
from app.domain.tickets import Ticket
from app.domain.timers import Timer, TimerKind
from app.services.change import Change
from app.services.privacy.erasing.finding import AT_ONCE, among

# Erased in this order, which is that of locks; others follow as the register has them.
_FIRST = ("tickets", "assignments", "uploads", "attachments", "comments")

# Triggers make it anew.
_FOLLOWING = frozenset({"ticket_search"})
# Keys of rows of which the log tells, by the fields that go, None: all that are personal.
Subjects: TypeAlias = Mapping[frozenset[str] | None, Sequence[UUID]]


async def erase_person(change: Change, person: Person) -> tuple[dict[str, int], Subjects]:
    """Erase what is personal in all rows of a locked person; return how many there were by table, and their subjects.

    Guard: the locks of `lock_person`, then each row's own.
    """
    counts: Counter[str] = Counter()
    subjects: dict[frozenset[str] | None, list[UUID]] = {None: []}
    order = [*_FIRST, *(name for name, each in REGISTER.items() if each.personal and name not in _FIRST)]
    for declared in (REGISTER[name] for name in order if name not in _FOLLOWING):
        table, rows = TABLES[declared.name], rows_of(person, declared, erased=True)
        if "id" not in table.c or declared.kind is None:
            counts[declared.name] += await erase_rows(change.connection, declared, rows, now=change.now)
            continue
        partly = [link for link in declared.links if link.only is not None]
        for only, which in [(None, rows), *((link.only, linked(person, declared, [link])) for link in partly)]:
            ids = await erase_some(change, person, declared, which, only)
            counts[declared.name] += len(ids)
            subjects.setdefault(only, []).extend(ids)
    return {name: count for name, count in counts.items() if count}, subjects


async def erase_some(
    change: Change,
    person: Person,
    declared: Declared,
    rows: "sa.ColumnElement[bool]",
    only: frozenset[str] | None,
) -> Sequence[UUID]:
    """Erase what is personal in rows, or `only` some of it, some rows at a time, and tell of it; return their keys."""
    ids = await keys_of(change.connection, declared, rows)
    for begin in range(0, len(ids), AT_ONCE):
        some = ids[begin : begin + AT_ONCE]
        await _tell(change, person, declared, some, only)
        these = among(TABLES[declared.name], person.organization_id, some)
        await erase_rows(change.connection, declared, these, now=change.now, only=only)
    return ids


async def call_off_letters(change: Change, person: Person) -> None:
    """Let nothing more leave the house to a locked person."""
    rows = rows_of(person, REGISTER["deliveries"], erased=True)
    await change.connection.execute(
        sa.update(deliveries)
        .where(rows, deliveries.c.state == DeliveryState.DUE)
        .values(state=DeliveryState.GIVEN_UP, updated_at=sa.func.greatest(deliveries.c.updated_at, change.now))
    )


async def _tell(
    change: Change, person: Person, declared: Declared, ids: Sequence[UUID], only: frozenset[str] | None
) -> None:
    match declared.name:
        case "tickets":
            await _tell_of_tickets(change, person, ids, only or frozenset(declared.personal))
        case "comments":
            await _tell_of_comments(change, person, ids)
        case "attachments":
            await _take_files(change, person, ids)
        case "saved_views":
            await _tell_of_views(change, person, ids)
        case _:
            # Whoever follows the ticket or the person hears of those.
            pass


async def _tell_of_tickets(change: Change, person: Person, ids: Sequence[UUID], fields: frozenset[str]) -> None:
    for ticket in await records.fetch(change.connection, tickets, Ticket, among(tickets, person.organization_id, ids)):
        said = sorted(name for name in fields if getattr(ticket, name))
        if ticket.deleted_at is None and said:
            change.tell(_about(change, ticket, EventType.TICKET_UPDATED, "Ticket", ticket, tombstones(said)))


async def _tell_of_comments(change: Change, person: Person, ids: Sequence[UUID]) -> None:
    query = sa.select(comments).where(among(comments, person.organization_id, ids), comments.c.deleted_at.is_(None))
    rows = (await change.connection.execute(query)).all()
    for row, ticket in await _with_tickets(change, person, rows):
        change.tell(
            _about(
                change, ticket, EventType.COMMENT_UPDATED, "Comment", row, tombstones(("body",)), internal=row.internal
            )
        )


async def _tell_of_views(change: Change, person: Person, ids: Sequence[UUID]) -> None:
    of = saved_views.c
    query = sa.select(of.id, of.owner_id, of.shared, of.version).where(among(saved_views, person.organization_id, ids))
    for row in await change.connection.execute(query):
        gone = NewEvent(
            type=EventType.RECORD_CHANGED,
            kind=VIEW,
            id=row.id,
            version=row.version + 1,
            occurred_at=change.now,
            before=Concerned(requester_id=row.owner_id, internal=not row.shared),
            changes=(),
        )
        change.tell(gone)


async def _take_files(change: Change, person: Person, ids: Sequence[UUID]) -> None:
    """Take files from their tickets, before their names go; bytes that nobody else refers to are erased soon."""
    of, standing = attachments.c, attachments.c.deleted_at.is_(None)
    mine = among(attachments, person.organization_id, ids)
    contents = sa.select(of.content_id).where(mine, standing)
    await change.connection.execute(
        sa.select(file_contents.c.id)
        .where(file_contents.c.organization_id == person.organization_id, file_contents.c.id.in_(contents))
        .order_by(file_contents.c.id)
        .with_for_update()
    )
    query = sa.select(attachments).where(mine, standing).order_by(of.id).with_for_update()
    rows = (await change.connection.execute(query)).all()
    taken = sa.update(attachments).where(mine, standing)
    await change.connection.execute(
        taken.values(content_id=None, former_content_id=of.content_id, deleted_at=change.now)
    )
    gone = (FieldChange(field="deleted_at", old=None, new=change.now.isoformat()),)
    for row, ticket in await _with_tickets(change, person, rows):
        change.tell(
            _about(change, ticket, EventType.ATTACHMENT_DELETED, "Attachment", row, gone, internal=row.internal)
        )
        timer = Timer(TimerKind.FILE_ERASE, person.organization_id, row.id)
        await set_timer(change.connection, timer, after=timedelta())


async def _with_tickets(change: Change, person: Person, rows: Sequence[Any]) -> "list[tuple[Any, Ticket]]":
    wanted = {row.ticket_id for row in rows}
    found = await records.fetch(change.connection, tickets, Ticket, among(tickets, person.organization_id, wanted))
    by_id = {ticket.id: ticket for ticket in found}
    return [(row, by_id[row.ticket_id]) for row in rows]


def _about(
    change: Change,
    ticket: Ticket,
    type_: EventType,
    kind: str,
    row: Any,
    changes: tuple[FieldChange, ...],
    *,
    internal: bool = False,
) -> NewEvent:
    whom = concerned(ticket, None, None, internal=internal)
    return NewEvent(
        type=type_,
        kind=kind,
        id=row.id,
        version=row.version + 1,
        ticket_id=ticket.id,
        occurred_at=change.now,
        before=whom,
        after=None if type_ is EventType.ATTACHMENT_DELETED else whom,
        changes=changes,
    )
