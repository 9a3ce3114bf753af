"""Everything that is kept of a user or a customer, row by row: what a person may ask for, and an ADMIN of anybody.

Rows are told as they stand in their tables. A person who asks for their own is not told what the organisation's people
say among themselves, if they are none of these; an ADMIN is. Secrets and digests are nobody's: grants, hashes, words
made for searching.
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import log
from app.db.cursors import close_cursor, fetch_rows, open_cursor
from app.db.personal import Person, rows_of
from app.db.tables.attachments import attachments, file_contents
from app.db.tables.customers import customers
from app.db.tables.families import TABLES
from app.db.tables.log import events
from app.db.tables.people import technicians, users
from app.db.tables.tickets import comments, tickets
from app.domain.erasures import ErasureSubject
from app.domain.events import Event
from app.domain.files import READABLE
from app.domain.people import Actor
from app.domain.policy import Action, Standing, may, sees_internal, sees_place
from app.domain.privacy.declaring import Declared, Way
from app.domain.privacy.register import REGISTER
from app.domain.sight import Sight, sight, stood, visible_changes
from app.reads.reader import Reader

# Whole rows have up to some 100,000 characters.
ROWS_AT_ONCE = 50
_ROWS, _FILES, _EVENTS = "personal_rows", "personal_files", "personal_events"
_SECRET = frozenset({"organization_id", "sealed_token", "input_hash", "hash"})
_COSTS: Mapping[str, frozenset[str]] = {"assignment_parts": frozenset({"cost", "currency"})}


async def find_person(
    connection: AsyncConnection, organization_id: UUID, subject: ErasureSubject, key: UUID
) -> Person | None:
    """Return whose rows are asked for; None: the organisation has no such user or customer."""
    if subject is ErasureSubject.CUSTOMER:
        of = customers.c
        query = sa.select(of.id).where(of.organization_id == organization_id, of.id == key)
        found = (await connection.execute(query)).one_or_none()
        return None if found is None else Person(organization_id=organization_id, customer_id=key)
    same = (technicians.c.organization_id == users.c.organization_id) & (technicians.c.user_id == users.c.id)
    asked = sa.select(technicians.c.id).select_from(users.outerjoin(technicians, same))
    mine = (users.c.organization_id == organization_id, users.c.id == key)
    found = (await connection.execute(asked.where(*mine))).one_or_none()
    return None if found is None else Person(organization_id=organization_id, user_id=key, technician_id=found.id)


def tables_of() -> Sequence[Declared]:
    """Return the tables in which people have rows, in the register's order."""
    return [each for each in REGISTER.values() if each.links]


async def rows_told(
    reader: Reader, person: Person, declared: Declared, address: Callable[[UUID], str]
) -> AsyncGenerator[Sequence[str], None]:
    """Yield the person's rows of a table as JSON objects, some at a time, in the order of their keys.

    Those of attachments have `downloadUrl` besides: the `address` of the file, null where its bytes cannot be had.
    """
    table = TABLES[declared.name]
    hidden = _SECRET | {name for name, each in declared.personal.items() if each.way is Way.FOLLOWS}
    staff = sees_internal(reader.actor)
    if not staff:
        hidden |= _COSTS.get(declared.name, frozenset())
    told = sa.func.to_jsonb(table.table_valued()).op("-")(sa.literal(sorted(hidden), sa.ARRAY(sa.Text)))
    query = sa.select(sa.cast(told, sa.Text)).where(rows_of(person, declared, erased=False))
    if not staff and "internal" in table.c:
        query = query.where(~table.c.internal)
    query = query.order_by(*table.primary_key)
    if table is attachments:
        async for rows in _fetched(reader, query.add_columns(attachments.c.id, _can_be_had()), _FILES):
            yield [_with_address(row[0], address(row[1]) if row[2] else None) for row in rows]
        return
    async for rows in _fetched(reader, query, _ROWS):
        yield [row[0] for row in rows]


def _can_be_had() -> "sa.ColumnElement[bool]":
    """Tell whether the bytes of an attachment are given to whoever has its address, as `app.transfers` does."""
    of, bytes_ = attachments.c, file_contents.c
    clean = sa.exists().where(
        bytes_.organization_id == of.organization_id, bytes_.id == of.content_id, bytes_.scan_state.in_(READABLE)
    )
    stands = sa.exists().where(
        tickets.c.organization_id == of.organization_id, tickets.c.id == of.ticket_id, tickets.c.deleted_at.is_(None)
    )
    said = sa.exists().where(
        comments.c.organization_id == of.organization_id,
        comments.c.id == of.comment_id,
        comments.c.deleted_at.is_(None),
    )
    return sa.and_(of.scan_state.in_(READABLE), clean, stands, of.comment_id.is_(None) | said)


def _with_address(row: str, address: str | None) -> str:
    # The row is an object with fields: another one follows in it.
    return f'{row[:-1]}, "downloadUrl": {orjson.dumps(address).decode()}}}'


async def events_told(reader: Reader, person: Person) -> AsyncGenerator[Sequence[Event], None]:
    """Yield what the log has of and by the person, some at a time, in its order."""
    of, whose = events.c, [person.user_id, person.technician_id, person.customer_id]
    found: list[sa.ColumnElement[bool]] = [of.subject_id.in_([key for key in whose if key is not None])]
    for name, key in zip(("requester", "technician", "customer"), whose, strict=True):
        if key is not None:
            found += [of[f"{name}_before"] == key, of[f"{name}_after"] == key]
    if person.user_id is not None:
        found.append(of.actor_id == person.user_id)
    columns = [sa.cast(each, sa.Text) if each is of.changes else each for each in of]
    query = sa.select(*columns).where(of.organization_id == person.organization_id, sa.or_(*found))
    async for rows in _fetched(reader, query.order_by(of.position), _EVENTS):
        every = map(_event, rows)
        yield [event for event in every if _told(reader.actor, event)]


def _event(row: Sequence[Any]) -> Event:
    values = dict(zip(events.c.keys(), row, strict=True))
    # As the driver has it, and not yet read.
    return log.event_of({**values, "changes": orjson.loads(values["changes"])})


def _told(actor: Actor, event: Event) -> bool:
    return actor.user_id in {event.actor_id, event.subject_id} or sight(actor, event) is not Sight.UNSEEN


def as_told(actor: Actor, event: Event) -> Mapping[str, Any]:
    """Return an event as it is told: its address only to whoever may see addresses, and to whoever came from there."""
    own = event.actor_id == actor.user_id
    # A file stays when a job is over: what its technician sees meanwhile is not in it.
    place = sees_place(actor, stood(event, holder_id=None, job_status=None))
    changes = visible_changes(actor, event, place=place)
    return {
        "id": event.id,
        "position": event.position,
        "type": event.type,
        "kind": event.kind,
        "subjectId": event.subject_id,
        "ticketId": event.ticket_id,
        "occurredAt": event.occurred_at,
        "recordedAt": event.recorded_at,
        "actorId": event.actor_id,
        "source": event.source,
        "ipAddress": event.ip_address if own or may(actor, Action.SEE_AUDIT_IP, Standing()) else None,
        "changes": [{"field": each.field, "old": each.old, "new": each.new} for each in changes],
    }


async def _fetched(reader: Reader, query: "sa.Select[Any]", name: str) -> AsyncGenerator[Sequence[Sequence[Any]], None]:
    await reader.run(open_cursor, query, {}, name=name)
    while rows := await reader.run(fetch_rows, ROWS_AT_ONCE, name=name):
        yield rows
    await reader.run(close_cursor, name=name)
