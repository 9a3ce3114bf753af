"""What an organisation has settled for itself: its settings and its tiers."""

from dataclasses import fields
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import records
from app.db.tables.organizations import escalation_tiers, organization_settings
from app.domain.organizations import OrganizationSettings, Tier, first_tier


async def settings_of(connection: AsyncConnection, organization_id: UUID) -> OrganizationSettings:
    """Return the organisation's settings."""
    mine = organization_settings.c.organization_id == organization_id
    found = await records.fetch(connection, organization_settings, OrganizationSettings, mine)
    return found[0] if found else OrganizationSettings()


async def tiers_of(connection: AsyncConnection, organization_id: UUID) -> list[Tier]:
    """Return the organisation's tiers, lowest first."""
    columns = [escalation_tiers.c[each.name] for each in fields(Tier)]
    query = (
        sa.select(*columns)
        .where(escalation_tiers.c.organization_id == organization_id)
        .order_by(escalation_tiers.c.level)
    )
    return [Tier(**row) for row in (await connection.execute(query)).mappings()]


async def first_level(connection: AsyncConnection, organization_id: UUID) -> int:
    """Return the level of the tier at which tickets begin."""
    return first_tier(await tiers_of(connection, organization_id))
