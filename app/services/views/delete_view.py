"""A saved view is given up."""

from uuid import UUID

import sqlalchemy as sa

from app.db.tables.views import saved_views
from app.domain.people import Actor
from app.domain.policy import Action, Standing
from app.domain.views import view_event
from app.services.change import Change
from app.services.deleting import Delete
from app.services.perform import Writer, Written, perform
from app.services.situations import require
from app.services.views.finding import lock_view


async def delete_view(writer: Writer, actor: Actor, command: Delete) -> Written:
    """Delete a view of the actor's own, or, as MANAGER or ADMIN, one that somebody shares. Ids: deleted_view.

    Guard: the advisory lock of the organisation's views.

    Raises:
        Forbidden: somebody else shares it, and the actor is neither.
    """

    async def work(change: Change) -> dict[str, UUID]:
        view = await lock_view(change, command.id, command.expected_version)
        if view.owner_id != change.actor.user_id:
            require(change.actor, Action.MANAGE_VIEWS, Standing(), words="delete somebody else's view")
        of = saved_views.c
        await change.connection.execute(
            sa.delete(saved_views).where(of.organization_id == view.organization_id, of.id == view.id)
        )
        change.tell(view_event(view, None, now=change.now))
        return {"deleted_view": view.id}

    return await perform(writer, actor, "deleteView", command, work)
