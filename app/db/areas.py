"""Which territory a place falls into."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.tables.base import Uuid

Place = tuple[float, float]

# The sides of the area narrow it down by an index; the polygon decides, of the few that are left.
_TERRITORIES = sa.text(
    """
    SELECT (
        SELECT t.id FROM territories AS t
        WHERE t.organization_id = :organization_id AND t.active AND t.area IS NOT NULL
            AND t.area_west <= place.longitude AND t.area_east >= place.longitude
            AND t.area_south <= place.latitude AND t.area_north >= place.latitude
            AND t.area @> point(place.longitude, place.latitude)
        ORDER BY area(path(t.area)), t.id
        LIMIT 1
    ) AS territory_id
    FROM unnest(CAST(:latitudes AS double precision[]), CAST(:longitudes AS double precision[]))
        WITH ORDINALITY AS place (latitude, longitude, at)
    ORDER BY place.at
    """
).bindparams(sa.bindparam("organization_id", type_=Uuid))


async def territories_of(
    connection: AsyncConnection, organization_id: UUID, places: Sequence[Place]
) -> list[UUID | None]:
    """Return for each place, latitude and longitude in degrees, the active territory whose area holds it, else None.

    Of several it is the one with the smallest area in square degrees, then the lowest id. A place on the border, to a
    millionth of a degree (0.1 m), is held by whatever lies on either side of it.
    """
    if not places:
        return []
    values = {
        "organization_id": organization_id,
        "latitudes": [latitude for latitude, _ in places],
        "longitudes": [longitude for _, longitude in places],
    }
    return list(await connection.scalars(_TERRITORIES, values))


async def territory_of(connection: AsyncConnection, organization_id: UUID, place: Place) -> UUID | None:
    """Return the territory that a place falls into, as `territories_of` finds it."""
    (found,) = await territories_of(connection, organization_id, [place])
    return found
