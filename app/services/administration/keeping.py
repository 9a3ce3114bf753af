"""Creating, changing and deleting rows of every kind that an organisation keeps of itself."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.domain.events import FieldChange
from app.domain.people import Actor
from app.domain.policy import Standing
from app.domain.refusals import InUse, NotFound, StaleVersion
from app.services.administration.drafting import (
    POINTS_NOWHERE,
    draft_change,
    draft_new,
    rows_of,
    said_by,
    tell_gone,
    write_drafts,
)
from app.services.administration.mirroring import lock_mirrored, mirror
from app.services.administration.saying import Create, Kept, Row, Update
from app.services.administration.uses import used_after_all, uses_of
from app.services.change import Change
from app.services.deleting import Delete
from app.services.perform import Writer, Written, perform
from app.services.situations import require


async def create(kept: Kept, writer: Writer, actor: Actor, command: Create) -> Written:
    """Create a row. Ids: what the kind is called.

    Guard: the unique constraints and foreign keys of its table.

    Raises:
        Forbidden: the actor may not keep such rows.
        Invalid: a value is wrong, or another row's already.
        NotFound: it names something that is not there.
    """

    async def work(change: Change) -> dict[str, UUID]:
        require_right(kept, change)
        await lock_mirrored(kept, change, command.values)
        return {kept.name: (await insert(kept, change, command.values))["id"]}

    return await perform(writer, actor, f"create{kept.kind}", command, work)


async def update(kept: Kept, writer: Writer, actor: Actor, command: Update) -> Written:
    """Change what a row says; what is equal already is not written or told. Ids: what the kind is called.

    Guard: the row's lock, under which its version is compared; the unique constraints and foreign keys; the lock of
    lists that both sides say.

    Raises:
        Forbidden, Invalid, NotFound: as `create`; or there is no such row.
        StaleVersion: it has another version than the client has read.
    """

    async def work(change: Change) -> dict[str, UUID]:
        require_right(kept, change)
        await lock_mirrored(kept, change, command.values)
        before = await locked(kept, change, command.id)
        expect(kept, before, command.expected_version)
        await save(kept, change, before, command.values)
        return {kept.name: command.id}

    return await perform(writer, actor, f"update{kept.kind}", command, work)


async def delete(kept: Kept, writer: Writer, actor: Actor, command: Delete) -> Written:
    """Delete a row that nothing uses, with what belongs to it alone. Ids: deleted_ and what the kind is called.

    Guard: the row's lock, which whoever begins to name it waits for; the foreign keys.

    Raises:
        Forbidden: the actor may not keep such rows.
        NotFound: there is no such row.
        StaleVersion: it has another version than the client has read.
        InUse: something names it.
    """

    async def work(change: Change) -> dict[str, UUID]:
        require_right(kept, change)
        await lock_mirrored(kept, change, [each.name for each in kept.lines])
        before = await locked(kept, change, command.id, to_delete=True)
        expect(kept, before, command.expected_version)
        await remove(kept, change, before)
        return {f"deleted_{kept.name}": command.id}

    return await perform(writer, actor, f"delete{kept.kind}", command, work)


async def insert(kept: Kept, change: Change, values: Row) -> Row:
    """Write a new row with what is said of it, and tell of it; return it with its lists."""
    draft = await draft_new(kept, change, values)
    await write_drafts(kept, change, [draft])
    return draft.after


async def save(kept: Kept, change: Change, before: Row, values: Row, *more: FieldChange) -> Row:
    """Write a locked row as it is to be, and tell what is new, with `more`; return it.

    Nothing is done where nothing is new. Raises Forbidden for whoever was erased and is to be active again.
    """
    draft = await draft_change(kept, change, before, values, *more)
    await write_drafts(kept, change, [draft])
    return draft.after


async def remove(kept: Kept, change: Change, before: Row) -> None:
    """Delete a row that was locked to be deleted, and tell of it. Raises InUse when something names it."""
    await kept.part(change, before)
    uses = await uses_of(kept, change, before["id"])
    if uses:
        raise InUse(field=("id",), kind=kept.words, uses=uses)
    await _remove(kept, change, before["id"])
    for lines in kept.lines:
        await mirror(lines, change, [(before["id"], before[lines.name], ())])
    await tell_gone(kept, change, before)


async def locked(kept: Kept, change: Change, id_: UUID, *, to_delete: bool = False, path: str = "id") -> Row:
    """Lock a row and return it with its lists. Whoever names it meanwhile waits only if it is to be deleted.

    Raises:
        NotFound: there is no such row.
    """
    found = await rows_of(kept, change, [id_], lock="deleted" if to_delete else "kept")
    if id_ not in found:
        raise NotFound(field=(path,), kind=kept.words)
    return found[id_]


def expect(kept: Kept, row: Row, version: int | None) -> None:
    """Raise StaleVersion when the client has read another version than the locked one."""
    if version is not None and version != row["version"]:
        raise StaleVersion(
            field=("expectedVersion",), kind=kept.kind, id=row["id"], expected=version, current=row["version"]
        )


def require_right(kept: Kept, change: Change) -> None:
    """Raise Forbidden unless the actor may keep such rows."""
    require(change.actor, kept.right, Standing(), words=f"change {kept.many}")


def _is(kept: Kept, change: Change, id_: UUID) -> "tuple[sa.ColumnElement[bool], ...]":
    return kept.table.c.organization_id == change.actor.organization_id, kept.table.c.id == id_


async def _remove(kept: Kept, change: Change, id_: UUID) -> None:
    for column in (*kept.belongings, *(lines.table.c[lines.parent] for lines in kept.lines)):
        of = column.table.c
        await change.connection.execute(
            sa.delete(column.table).where(of.organization_id == change.actor.organization_id, column == id_)
        )
    try:
        await change.connection.execute(sa.delete(kept.table).where(*_is(kept, change, id_)))
    except IntegrityError as error:
        if getattr(error.orig, "sqlstate", None) != POINTS_NOWHERE:
            raise
        # Somebody has begun to use it since the uses were counted.
        raise InUse(field=("id",), kind=kept.words, uses=used_after_all(kept, said_by(error).table_name)) from error
