"""Places fall into territories by themselves, where nobody names one."""

from uuid import UUID

from app.db.areas import Place, territories_of, territory_of
from app.db.tables.organizations import territories
from app.services.change import Change


async def fallen(change: Change, place: Place | None) -> UUID | None:
    """Return the territory that a new place falls into, None: no area holds it, or it is not known."""
    if place is None:
        return None
    return _present(change, await territory_of(change.connection, change.actor.organization_id, place))


async def followed(change: Change, territory_id: UUID | None, before: Place | None, after: Place | None) -> UUID | None:
    """Return the territory of what is said to lie elsewhere than before.

    What has none, or has the one that the old place falls into, follows the place. Whatever was put into another by
    hand stays there, and so does what has no place any more.
    """
    if after is None:
        return territory_id
    if territory_id is None:
        return await fallen(change, after)
    if before is None or before == after:
        return territory_id
    was, now = await territories_of(change.connection, change.actor.organization_id, [before, after])
    return _present(change, now) if was == territory_id else territory_id


def _present(change: Change, territory_id: UUID | None) -> UUID | None:
    """Note that nobody need look whether the territory is there, and active."""
    if territory_id is not None:
        change.present.add((territories.name, territory_id))
    return territory_id


def place_of(latitude: float | None, longitude: float | None) -> Place | None:
    """Return a place, None where it is not known."""
    return None if latitude is None or longitude is None else (latitude, longitude)
