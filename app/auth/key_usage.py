"""When API keys were last used: remembered here, and written once a minute, so that no request waits for it.

The log is not told: it would grow with every request. What a process that is killed had not yet written is lost.
"""

import asyncio
from collections import defaultdict
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncEngine

from app.auth.claims import Claims
from app.db.tables.api_keys import api_keys
from app.db.tables.base import Moment, Uuid
from app.db.transaction import UNREACHABLE, transaction

WRITE_EVERY = timedelta(minutes=1)

log = structlog.get_logger(__name__)

_USED = (
    sa.func.unnest(sa.bindparam("ids", type_=ARRAY(Uuid)), sa.bindparam("moments", type_=ARRAY(Moment)))
    .table_valued(sa.column("id", Uuid), sa.column("at", Moment), name="used")
    .render_derived()
)
# Several processes may have seen one key; within a minute one of them is enough.
_WRITE = (
    sa.update(api_keys)
    .where(
        api_keys.c.organization_id == sa.bindparam("used_in"),
        api_keys.c.id == _USED.c.id,
        sa.or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at <= _USED.c.at - WRITE_EVERY),
    )
    .values(last_used_at=_USED.c.at)
)


class KeyUsage:
    """The keys that this process has seen since it last wrote."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._used: dict[UUID, dict[UUID, datetime]] = defaultdict(dict)

    def note(self, claims: Claims, now: datetime) -> None:
        """Remember that a key is used; of other tokens nothing is kept."""
        if claims.key_id is not None:
            self._used[claims.organization_id][claims.key_id] = now

    async def run(self) -> None:
        """Write each minute until cancelled, and once more then."""
        try:
            while True:
                await asyncio.sleep(WRITE_EVERY.total_seconds())
                await self.write()
        finally:
            await asyncio.shield(self.write())

    async def write(self) -> None:
        """Write what was seen; what cannot be written waits for the next time."""
        for organization_id, used in list(self._used.items()):
            del self._used[organization_id]
            try:
                await self._write(organization_id, used)
            except UNREACHABLE as lost:
                log.warning("api_keys.usage_not_written", reason=type(lost).__name__)
                # What was seen meanwhile is newer.
                self._used[organization_id] = {**used, **self._used[organization_id]}

    async def _write(self, organization_id: UUID, used: dict[UUID, datetime]) -> None:
        values = {"used_in": organization_id, "ids": list(used), "moments": list(used.values())}
        async with transaction(self._engine, organization_id) as connection:
            await connection.execute(_WRITE, values)
