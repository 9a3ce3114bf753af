"""What an organisation has settled for itself: its settings and its tiers."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import records
from app.db.tables.organizations import escalation_tiers, organization_settings
from app.domain.organizations import BookingRules, OrganizationSettings, Tier, booking_rules, first_tier

_SELECT_SETTINGS = records.select(organization_settings, OrganizationSettings).where(
    organization_settings.c.organization_id == sa.bindparam("organization_id")
)
_SELECT_TIERS = (
    records.select(escalation_tiers, Tier)
    .where(escalation_tiers.c.organization_id == sa.bindparam("organization_id"))
    .order_by(escalation_tiers.c.level)
)


async def settings_of(connection: AsyncConnection, organization_id: UUID) -> OrganizationSettings:
    """Return the organisation's settings."""
    row = (await connection.execute(_SELECT_SETTINGS, {"organization_id": organization_id})).mappings().one_or_none()
    return OrganizationSettings() if row is None else OrganizationSettings(**row)


async def own_rules(connection: AsyncConnection, organization_id: UUID, server: BookingRules) -> BookingRules:
    """Return how the organisation books: as it has settled, else as the server says."""
    return booking_rules(await settings_of(connection, organization_id), server)


async def tiers_of(connection: AsyncConnection, organization_id: UUID) -> list[Tier]:
    """Return the organisation's tiers, lowest first."""
    rows = await connection.execute(_SELECT_TIERS, {"organization_id": organization_id})
    return [Tier(**row) for row in rows.mappings()]


async def first_level(connection: AsyncConnection, organization_id: UUID) -> int:
    """Return the level of the tier at which tickets begin."""
    return first_tier(await tiers_of(connection, organization_id))
