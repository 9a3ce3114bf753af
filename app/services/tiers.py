"""The organisation's escalation tiers."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.tables.organizations import escalation_tiers
from app.domain.refusals import TopTierReached


async def tier_levels(connection: AsyncConnection, organization_id: UUID) -> list[int]:
    """Return the levels of the organisation's tiers, lowest first."""
    query = (
        sa.select(escalation_tiers.c.level)
        .where(escalation_tiers.c.organization_id == organization_id)
        .order_by(escalation_tiers.c.level)
    )
    return list((await connection.scalars(query)).all())


def first_tier(levels: Sequence[int]) -> int:
    """Return the tier at which tickets begin."""
    if not levels:
        raise LookupError("the organisation has no tiers")
    return levels[0]


def tier_above(levels: Sequence[int], level: int) -> int:
    """Return the next tier up. Raises TopTierReached when there is none."""
    above = [each for each in levels if each > level]
    if not above:
        raise TopTierReached(field=("ticketId",), level=level)
    return above[0]
