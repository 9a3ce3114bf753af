"""Lists that both sides say: who says one changes the rows on the other side, whose versions rise with it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa

from app.db.locks import lock_memberships
from app.db.tables.base import Uuid
from app.domain.events import EventType, FieldChange, NewEvent, plain
from app.services.administration.saying import Kept, Lines, Mirrored, Row
from app.services.change import Change

_KEYS = sa.ARRAY(Uuid)
# A row and its list before and after.
Said = tuple[UUID, Sequence[Row], Sequence[Row]]


async def lock_mirrored(kept: Kept, change: Change, names: Collection[str]) -> None:
    """Lock the lists among these that both sides say; taken before any row, as rows of both sides follow."""
    if any(each.mirrored is not None and each.name in names for each in kept.lines):
        await lock_memberships(change.connection, change.actor.organization_id)


async def mirror(lines: Lines, change: Change, said: Iterable[Said]) -> None:
    """Raise the versions of the rows that written lists newly name, or name no more, and tell what is so of each now.

    Whoever has read one before and says its own list is refused as stale, instead of undoing this.

    Guard: the lock of such lists; the rows' locks, by id.
    """
    other = lines.mirrored
    if other is None:
        return
    (column, *_) = lines.columns
    came: dict[UUID, set[UUID]] = {}
    went: dict[UUID, set[UUID]] = {}
    for id_, before, after in said:
        named, names = {entry[column] for entry in before}, {entry[column] for entry in after}
        for moved, keys in ((came, names - named), (went, named - names)):
            for key in keys:
                moved.setdefault(key, set()).add(id_)
    touched = sorted(came.keys() | went.keys())
    if not touched:
        return
    versions = await _raise(other, change, touched)
    now = await _present(lines, column, change, touched)
    for key, version in versions.items():
        present = now.get(key, set())
        past = (present - came.get(key, set())) | went.get(key, set())
        concerned = other.concerns({"id": key})
        change.tell(
            NewEvent(
                type=EventType.RECORD_CHANGED,
                kind=other.kind,
                id=key,
                version=version,
                occurred_at=change.now,
                before=concerned,
                after=concerned,
                changes=(FieldChange(field=other.name, old=plain(sorted(past)), new=plain(sorted(present))),),
            )
        )


async def _raise(other: Mirrored, change: Change, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    of = other.table.c
    these = (of.organization_id == change.actor.organization_id, of.id == sa.any_(sa.literal(ids, _KEYS)))
    await change.connection.execute(sa.select(of.id).where(*these).order_by(of.id).with_for_update(key_share=True))
    raised = (
        sa.update(other.table)
        .where(*these)
        .values(version=of.version + 1, updated_at=sa.func.greatest(of.updated_at, change.now))
        .returning(of.id, of.version)
    )
    return {row.id: row.version for row in await change.connection.execute(raised)}


async def _present(lines: Lines, column: str, change: Change, ids: Sequence[UUID]) -> Mapping[UUID, set[UUID]]:
    """Return which rows name each of these in their lists, as they were written."""
    of = lines.table.c
    query = sa.select(of[column].label("key"), of[lines.parent].label("id")).where(
        of.organization_id == change.actor.organization_id, of[column] == sa.any_(sa.literal(ids, _KEYS))
    )
    found: dict[UUID, set[UUID]] = {}
    for row in await change.connection.execute(query):
        found.setdefault(row.key, set()).add(row.id)
    return found
