"""Saved views."""

import strawberry

from app.reads import relations
from app.reads.questions import Own, OwnAll
from schema.fields import asks
from schema.types.views import SavedView


@strawberry.type
class ViewQueries:
    """Saved views."""

    saved_views: list[SavedView] = asks(
        OwnAll(relations.SAVED_VIEWS, Own.ORGANIZATION), "The viewer's own, and those that others share, by name."
    )
