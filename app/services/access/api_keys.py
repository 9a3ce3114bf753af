"""How a key is revoked, whoever does it."""

from dataclasses import replace
from uuid import UUID

import sqlalchemy as sa

from app.db import records
from app.db.tables.api_keys import api_keys
from app.domain.api_keys import ApiKey, key_event
from app.domain.events import NewEvent
from app.services.change import Change


async def revoked(change: Change, key: ApiKey) -> NewEvent:
    """Revoke a key that is good and locked; return the event that tells of it."""
    at = max(change.now, key.updated_at)
    after = replace(key, revoked_at=at, updated_at=at, version=key.version + 1)
    of = api_keys.c
    await change.connection.execute(
        sa.update(api_keys)
        .where(of.organization_id == key.organization_id, of.id == key.id)
        .values(revoked_at=after.revoked_at, updated_at=after.updated_at, version=after.version)
    )
    return key_event(key, after, change.now)


async def end_keys(change: Change, user_id: UUID) -> None:
    """Revoke every key that acts as a user who may not come in any more, and tell of it.

    Guard: the lock of the organisation's keys, which the caller has, so that none is made meanwhile.
    """
    of, mine = api_keys.c, change.actor.organization_id
    good = (of.organization_id == mine, of.user_id == user_id, of.revoked_at.is_(None))
    for key in await records.fetch(change.connection, api_keys, ApiKey, *good, order=(of.id,), lock=True):
        change.tell(await revoked(change, key))
