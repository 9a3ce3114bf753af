"""Locks that last until the transaction ends, and the one order in which they are taken.

Idempotency key, alert, series of appointments, ticket-number counter, tickets (by id), their assignments, technicians
(sorted), bays (sorted), part rows (by id), waitlist entries (by id), uploads, the bytes of files, attachments (by id),
saved views, API keys, who belongs to whom, rows of administration (technicians, then users, each by id), addresses of
users, administrators, versions of queues (by technician), the log's head. Whoever needs several takes them in this
order, so that no two transactions can wait for each other. Only whoever makes a row of administration inactive locks
technicians, bays and waitlist entries after it: nobody who holds one of those waits for such a row. What a lock guards
is read in a later statement than the lock.
"""

import asyncio
from collections.abc import Iterable
from hashlib import sha256
from time import monotonic
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.tables.base import Uuid

_FIRST_PAUSE = 0.005
_LOCK_PARTS = sa.text(
    "SELECT 1 FROM parts WHERE organization_id = :organization_id AND id = ANY (:ids) ORDER BY id FOR NO KEY UPDATE"
).bindparams(sa.bindparam("organization_id", type_=Uuid), sa.bindparam("ids", type_=sa.ARRAY(Uuid)))
_LONGEST_PAUSE = 0.1


async def try_lock_key(connection: AsyncConnection, *parts: str, patience_seconds: float) -> bool:
    """Lock an idempotency key; False when someone else has held it for `patience_seconds`."""
    number = _number("idempotency", *parts)
    deadline = monotonic() + patience_seconds
    pause = _FIRST_PAUSE
    while not await connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(number))):
        if monotonic() >= deadline:
            return False
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
    return True


async def lock_technicians(connection: AsyncConnection, organization_id: UUID, ids: Iterable[UUID]) -> None:
    """Lock every technician involved, sorted, so that two crossing moves wait instead of deadlocking."""
    for each in sorted(set(ids)):
        number = _number("technician", str(organization_id), str(each))
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


async def lock_bays(connection: AsyncConnection, organization_id: UUID, ids: Iterable[UUID]) -> None:
    """Lock every service bay involved, sorted."""
    for each in sorted(set(ids)):
        number = _number("bay", str(organization_id), str(each))
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


async def lock_parts(connection: AsyncConnection, organization_id: UUID, ids: Iterable[UUID]) -> None:
    """Lock the rows of parts, by id: what is free of them is counted afterwards."""
    wanted = sorted(set(ids))
    if wanted:
        await connection.execute(_LOCK_PARTS, {"organization_id": organization_id, "ids": wanted})


async def lock_email(connection: AsyncConnection, organization_id: UUID, address: str) -> None:
    """Lock an address, in small letters, that a user is to have; whoever locks all of them waits."""
    all_of_them = _number("emails", str(organization_id))
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(all_of_them)))
    number = _number("email", str(organization_id), address)
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


async def lock_all_emails(connection: AsyncConnection, organization_id: UUID) -> None:
    """Lock every address that users of an organisation are to have: a lock for each of thousands would be too many."""
    number = _number("emails", str(organization_id))
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


async def lock_administrators(connection: AsyncConnection, organization_id: UUID) -> None:
    """Lock who governs an organisation: whoever takes an ADMIN away counts those left afterwards."""
    number = _number("administrators", str(organization_id))
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


async def lock_memberships(connection: AsyncConnection, organization_id: UUID) -> None:
    """Lock who belongs to which customer: users and customers say it, and each change is one of both."""
    number = _number("memberships", str(organization_id))
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


async def lock_views(connection: AsyncConnection, organization_id: UUID) -> None:
    """Lock the saved views of an organisation: their names and how many there are."""
    number = _number("saved views", str(organization_id))
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


async def lock_api_keys(connection: AsyncConnection, organization_id: UUID) -> None:
    """Lock the API keys of an organisation: how many there are."""
    number = _number("API keys", str(organization_id))
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


async def lock_organizations(connection: AsyncConnection) -> None:
    """Lock the names of all organisations."""
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_number("names of organisations"))))


def _number(*parts: str) -> int:
    digest = sha256("\x1f".join(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
