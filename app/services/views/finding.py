"""Finding saved views under the lock that all changes of them take."""

from uuid import UUID

from app.db import locks, records
from app.db.tables.views import saved_views
from app.domain.policy import is_staff
from app.domain.refusals import NotFound, StaleVersion
from app.domain.views import SavedView
from app.services.change import Change


async def lock_view(change: Change, view_id: UUID, expected_version: int | None) -> SavedView:
    """Lock the organisation's views and return one that the actor sees.

    Raises:
        NotFound: there is none, or it is somebody else's and not shared.
        StaleVersion: it has another version than the client has read.
    """
    await locks.lock_views(change.connection, change.actor.organization_id)
    view = await records.fetch_one(change.connection, saved_views, SavedView, change.actor.organization_id, view_id)
    if view is None or not _sees(change, view):
        raise NotFound(field=("id",), kind="saved view")
    if expected_version not in {None, view.version}:
        raise StaleVersion(
            field=("expectedVersion",),
            kind="SavedView",
            id=view.id,
            expected=expected_version or 0,
            current=view.version,
        )
    return view


def _sees(change: Change, view: SavedView) -> bool:
    return view.owner_id == change.actor.user_id or (view.shared and is_staff(change.actor))
