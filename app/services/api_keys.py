"""How a key is revoked, whoever does it."""

from dataclasses import replace

import sqlalchemy as sa

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
