"""The rows that every organisation begins with."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.tables.organizations import organization_settings, organizations


async def insert_organization(
    connection: AsyncConnection,
    organization_id: UUID,
    name: str,
    time_zone: str,
    at: datetime,
    *,
    hourly_rate: Decimal | None = None,
) -> bool:
    """Insert an organisation with the usual settings; tell whether it was not there before.

    Guard: the primary key; whoever comes second waits for the first.
    """
    stamps = {"created_at": at, "updated_at": at}
    row = {"organization_id": organization_id, "name": name, "time_zone": time_zone, **stamps}
    done = await connection.execute(insert(organizations).values(row).on_conflict_do_nothing())
    if done.rowcount == 0:
        return False
    settled = {"organization_id": organization_id, "hourly_rate": hourly_rate, **stamps}
    await connection.execute(insert(organization_settings).values(settled))
    return True
