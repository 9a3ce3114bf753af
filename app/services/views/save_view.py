"""Somebody keeps a filter of tickets under a name, or changes one that they keep."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db import locks
from app.db.tables.views import saved_views
from app.domain import validation
from app.domain.people import Actor
from app.domain.policy import Action, Standing
from app.domain.refusals import Forbidden, Invalid
from app.domain.views import LONGEST_NAME, MOST_OWN, MOST_SHARED, SavedView, view_event
from app.services.change import Change
from app.services.perform import Writer, Written, perform
from app.services.situations import require
from app.services.views.finding import lock_view


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveView:
    """What a view is to be: a new one, or (`id`) one of the actor's. Filter and order are known to be right."""

    name: str
    filter: Mapping[str, Any]
    order_by: tuple[Any, ...] | None = None
    shared: bool = False
    id: UUID | None = None
    expected_version: int | None = None
    idempotency_key: str | None = None


async def save_view(writer: Writer, actor: Actor, command: SaveView) -> Written:
    """Keep a view. Ids: saved_view.

    Guard: the advisory lock of the organisation's views, under which names and numbers are compared; the
    unique index of names stands behind it.

    Raises:
        Invalid: the name is blank, too long or the actor's already, or there are too many views.
        Forbidden: the view is somebody else's, or the actor may not share.
    """

    async def work(change: Change) -> dict[str, UUID]:
        name = validation.text(command.name, "name", longest=LONGEST_NAME)
        owner_id = change.actor.user_id
        if owner_id is None:
            raise Forbidden(action="keep views, being no user")
        if command.shared:
            require(change.actor, Action.SHARE_VIEW, Standing(), words="share views")
        before = await _before(change, command, owner_id)
        await _check_name(change, owner_id, name, before)
        await _check_room(change, owner_id, command, before)
        after = _after(change, owner_id, replace(command, name=name), before)
        if before is None:
            await change.connection.execute(sa.insert(saved_views).values(**asdict(after)))
        elif after != before:
            after = replace(after, version=before.version + 1, updated_at=max(change.now, before.updated_at))
            await _update(change, after)
        if after != before:
            change.tell(view_event(before, after, now=change.now))
        return {"saved_view": after.id}

    return await perform(writer, actor, "saveView", command, work)


async def _before(change: Change, command: SaveView, owner_id: UUID) -> SavedView | None:
    if command.id is None:
        await locks.lock_views(change.connection, change.actor.organization_id)
        return None
    view = await lock_view(change, command.id, command.expected_version)
    if view.owner_id != owner_id:
        raise Forbidden(field=("id",), action="change somebody else's view")
    return view


async def _check_name(change: Change, owner_id: UUID, name: str, before: SavedView | None) -> None:
    of = saved_views.c
    taken = sa.select(of.id).where(
        of.organization_id == change.actor.organization_id,
        of.owner_id == owner_id,
        sa.func.lower(of.name) == sa.func.lower(name),
    )
    id_ = await change.connection.scalar(taken)
    if id_ is not None and (before is None or id_ != before.id):
        raise Invalid(field=("name",), problem="You have a view of this name already.")


async def _check_room(change: Change, owner_id: UUID, command: SaveView, before: SavedView | None) -> None:
    of, here = saved_views.c, saved_views.c.organization_id == change.actor.organization_id
    own = sa.func.count().filter(of.owner_id == owner_id)
    shared = sa.func.count().filter(of.shared)
    counts = (await change.connection.execute(sa.select(own.label("own"), shared.label("shared")).where(here))).one()
    if before is None and counts.own >= MOST_OWN:
        raise Invalid(field=(), problem=f"You may keep {MOST_OWN} views; delete one first.")
    if command.shared and (before is None or not before.shared) and counts.shared >= MOST_SHARED:
        raise Invalid(field=("shared",), problem=f"An organisation may share {MOST_SHARED} views; delete one first.")


def _after(change: Change, owner_id: UUID, command: SaveView, before: SavedView | None) -> SavedView:
    said: dict[str, Any] = {
        "name": command.name,
        "filter": dict(command.filter),
        "order_by": None if command.order_by is None else list(command.order_by),
        "shared": command.shared,
    }
    if before is not None:
        return replace(before, **said)
    return SavedView(
        id=change.new_id(),
        organization_id=change.actor.organization_id,
        owner_id=owner_id,
        created_at=change.now,
        updated_at=change.now,
        **said,
    )


async def _update(change: Change, view: SavedView) -> None:
    values = {name: value for name, value in asdict(view).items() if name not in {"id", "organization_id"}}
    of = saved_views.c
    await change.connection.execute(
        sa.update(saved_views).where(of.organization_id == view.organization_id, of.id == view.id).values(**values)
    )
