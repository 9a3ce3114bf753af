"""The person whose data is to be erased, locked with all that others could write of them meanwhile."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db import locks
from app.db.personal import Person, rows_of
from app.db.tables.base import Uuid
from app.db.tables.customers import customers
from app.db.tables.people import technicians, users
from app.db.tables.tickets import tickets
from app.domain.erasures import ErasureSubject
from app.domain.privacy.register import REGISTER
from app.domain.refusals import NotFound, StaleVersion
from app.services.change import Change

AT_ONCE = 200
_IDS = sa.ARRAY(Uuid)
_TABLES = {ErasureSubject.USER: users, ErasureSubject.CUSTOMER: customers}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Somebody, locked: their rows' keys, and the version of their own row."""

    person: Person
    subject: ErasureSubject
    id: UUID
    version: int


async def lock_person(
    change: Change,
    subject: ErasureSubject,
    id_: UUID,
    expected_version: int | None,
    besides: frozenset[UUID] = frozenset(),
) -> Found:
    """Lock a user or a customer against everybody who is about to write of them, with other tickets `besides`.

    Guard: the row locks of their tickets, by id; for a user the lock of the organisation's API keys; then the row locks
    of their own row and their technician's. Whoever adds something of theirs refers to one of these rows: either that
    was committed before, and is seen afterwards, or it waits, and is refused by the database once the erasure is
    committed. Tickets that came in between are locked last.

    Raises:
        NotFound: there is no such user or customer.
        StaleVersion: it has another version than the client has read.
    """
    organization_id, table = change.actor.organization_id, _TABLES[subject]
    person = await person_of(change, subject, id_)
    technician_id = person.technician_id
    known = await _lock_tickets(change, person, besides, frozenset())
    if subject is ErasureSubject.USER:
        await locks.lock_api_keys(change.connection, organization_id)
    mine = (table.c.organization_id == organization_id, table.c.id == id_)
    version = await change.connection.scalar(sa.select(table.c.version).where(*mine).with_for_update())
    if version is None:
        raise NotFound(field=(f"{subject.kind.lower()}Id",), kind=subject.kind.lower())
    if technician_id is not None:
        own = (technicians.c.organization_id == organization_id, technicians.c.id == technician_id)
        await change.connection.execute(sa.select(technicians.c.id).where(*own).with_for_update())
    await _lock_tickets(change, person, besides, known)
    if expected_version is not None and expected_version != version:
        raise StaleVersion(
            field=("expectedVersion",), kind=subject.kind, id=id_, expected=expected_version, current=version
        )
    return Found(person=person, subject=subject, id=id_, version=version)


async def person_of(change: Change, subject: ErasureSubject, id_: UUID) -> Person:
    """Return whose rows an erasure of a user or a customer is about, whether there is such a one or not."""
    is_user = subject is ErasureSubject.USER
    return Person(
        organization_id=change.actor.organization_id,
        user_id=id_ if is_user else None,
        technician_id=await _technician(change, id_) if is_user else None,
        customer_id=None if is_user else id_,
    )


async def _technician(change: Change, user_id: UUID) -> UUID | None:
    of = technicians.c
    found: UUID | None = await change.connection.scalar(
        sa.select(of.id).where(of.organization_id == change.actor.organization_id, of.user_id == user_id)
    )
    return found


async def _lock_tickets(
    change: Change, person: Person, besides: frozenset[UUID], known: frozenset[UUID]
) -> frozenset[UUID]:
    rows = rows_of(person, REGISTER["tickets"], erased=True)
    ids = besides.union(await change.connection.scalars(sa.select(tickets.c.id).where(rows)))
    wanted = sorted(ids - known)
    for begin in range(0, len(wanted), AT_ONCE):
        query = sa.select(tickets.c.id).where(among(tickets, person.organization_id, wanted[begin : begin + AT_ONCE]))
        await change.connection.execute(query.order_by(tickets.c.id).with_for_update())
    return ids


def among(table: sa.Table, organization_id: UUID, ids: Any) -> "sa.ColumnElement[bool]":
    """Return the condition for rows of these keys."""
    mine = table.c.organization_id == organization_id
    return sa.and_(mine, table.c.id == sa.any_(sa.literal(list(ids), _IDS)))
