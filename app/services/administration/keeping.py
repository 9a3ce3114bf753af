"""Creating, changing and deleting rows of every kind that an organisation keeps of itself."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError

from app.domain.events import FieldChange, NewEvent, plain
from app.domain.people import Actor
from app.domain.policy import Standing
from app.domain.refusals import InUse, Invalid, NotFound, StaleVersion
from app.services.administration.erased import check_not_erased
from app.services.administration.saying import Create, Kept, Lines, Row, Said, Update, camel
from app.services.administration.uses import used_after_all, uses_of
from app.services.change import Change
from app.services.deleting import Delete
from app.services.naming import check_exists
from app.services.perform import Writer, Written, perform
from app.services.situations import require

_ALIKE = "23505"
_POINTS_NOWHERE = "23503"


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
        return {kept.name: (await insert(kept, change, command.values))["id"]}

    return await perform(writer, actor, f"create{kept.kind}", command, work)


async def update(kept: Kept, writer: Writer, actor: Actor, command: Update) -> Written:
    """Change what a row says; what is equal already is not written or told. Ids: what the kind is called.

    Guard: the row's lock, under which its version is compared; the unique constraints and foreign keys.

    Raises:
        Forbidden, Invalid, NotFound: as `create`; or there is no such row.
        StaleVersion: it has another version than the client has read.
    """

    async def work(change: Change) -> dict[str, UUID]:
        require_right(kept, change)
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
        before = await locked(kept, change, command.id, to_delete=True)
        expect(kept, before, command.expected_version)
        await remove(kept, change, before)
        return {f"deleted_{kept.name}": command.id}

    return await perform(writer, actor, f"delete{kept.kind}", command, work)


async def insert(kept: Kept, change: Change, values: Row) -> Row:
    """Write a new row with what is said of it, and tell of it; return it with its lists."""
    said = await _checked(kept, change, None, values)
    row: dict[str, Any] = {"active": True} if "active" in kept.table.c else {}
    row |= {each.name: None for each in kept.said if kept.table.c[each.name].nullable}
    row |= {"id": change.new_id(), "version": 1, "created_at": change.now, "updated_at": change.now}
    after = {**row, **{each.name: () for each in kept.lines}, **said}
    await kept.judge(change, None, after)
    after |= await kept.beside(change, after)
    with _naming(kept):
        values = {name: value for name, value in after.items() if name in kept.table.c}
        await change.connection.execute(
            sa.insert(kept.table).values(organization_id=change.actor.organization_id, **values)
        )
        for each in kept.lines:
            await _replace(change, each, after["id"], after[each.name])
    change.tell(told(kept, change, None, after))
    return after


async def save(kept: Kept, change: Change, before: Row, values: Row, *more: FieldChange) -> Row:
    """Write a locked row as it is to be, and tell what is new, with `more`; return it.

    Nothing is done where nothing is new. Raises Forbidden for whoever was erased and is to be active again.
    """
    after = {**before, **await _checked(kept, change, before, values)}
    differing = {name: value for name, value in after.items() if value != before[name]}
    if not differing:
        return before
    if differing.get("active"):
        await check_not_erased(change, kept.kind, before["id"])
    await kept.judge(change, before, after)
    after |= {"version": before["version"] + 1, "updated_at": max(change.now, before["updated_at"])}
    written = {name: after[name] for name in (*differing, "version", "updated_at") if name in kept.table.c}
    with _naming(kept):
        await change.connection.execute(sa.update(kept.table).where(*_is(kept, change, before["id"])).values(**written))
        for each in kept.lines:
            if each.name in differing:
                await _replace(change, each, before["id"], after[each.name])
    event = told(kept, change, before, after)
    change.tell(replace(event, changes=(*event.changes, *more)))
    return after


async def remove(kept: Kept, change: Change, before: Row) -> None:
    """Delete a row that was locked to be deleted, and tell of it. Raises InUse when something names it."""
    await kept.part(change, before)
    uses = await uses_of(kept, change, before["id"])
    if uses:
        raise InUse(field=("id",), kind=kept.words, uses=uses)
    await _remove(kept, change, before["id"])
    change.tell(told(kept, change, before, None))


async def locked(kept: Kept, change: Change, id_: UUID, *, to_delete: bool = False, path: str = "id") -> Row:
    """Lock a row and return it with its lists. Whoever names it meanwhile waits only if it is to be deleted.

    Raises:
        NotFound: there is no such row.
    """
    query = sa.select(kept.table).where(*_is(kept, change, id_)).with_for_update(key_share=not to_delete)
    row = (await change.connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise NotFound(field=(path,), kind=kept.words)
    found: dict[str, Any] = dict(row)
    for each in kept.lines:
        of = each.table.c
        lines = sa.select(*(of[column] for column in each.columns)).where(
            of.organization_id == change.actor.organization_id, of[each.parent] == id_
        )
        found[each.name] = _ordered([dict(entry) for entry in (await change.connection.execute(lines)).mappings()])
    return {**found, **await kept.beside(change, found)}


def expect(kept: Kept, row: Row, version: int | None) -> None:
    """Raise StaleVersion when the client has read another version than the locked one."""
    if version is not None and version != row["version"]:
        raise StaleVersion(
            field=("expectedVersion",), kind=kept.kind, id=row["id"], expected=version, current=row["version"]
        )


def told(kept: Kept, change: Change, before: Row | None, after: Row | None) -> NewEvent:
    """Tell of a row that came, changed or went."""
    row = after or before
    if row is None:
        raise TypeError("a row is before or after")
    spelled: dict[str, Callable[[Any], Any]] = {each.name: plain for each in kept.said}
    spelled |= {each.name: each.told for each in kept.lines}
    changes = [
        FieldChange(field=name, old=old, new=new)
        for name, spell in spelled.items()
        if after is not None
        for old, new in [(None if before is None else spell(before[name]), spell(after[name]))]
        if before is None or old != new
    ]
    return NewEvent(
        type=kept.event,
        kind=kept.kind,
        id=row["id"],
        version=row["version"] if after is not None else row["version"] + 1,
        occurred_at=change.now,
        before=None if before is None else kept.concerns(before),
        after=None if after is None else kept.concerns(after),
        changes=tuple(changes),
    )


def require_right(kept: Kept, change: Change) -> None:
    """Raise Forbidden unless the actor may keep such rows."""
    require(change.actor, kept.right, Standing(), words=f"change {kept.many}")


async def _checked(kept: Kept, change: Change, before: Row | None, values: Row) -> dict[str, Any]:
    """Return the clean values; what they newly name is there and active. Raises Invalid, NotFound."""
    clean: dict[str, Any] = {}
    for each in kept.said:
        if each.name in values:
            clean[each.name] = _clean(each, values[each.name])
            if each.points_to is not None and (before is None or before[each.name] != clean[each.name]):
                await check_exists(change, each.points_to[0], camel(each.name), each.points_to[1], clean[each.name])
    for lines in kept.lines:
        if lines.name in values:
            entries = lines.check(values[lines.name] or ())
            await _check_named(change, lines, entries, () if before is None else before[lines.name])
            clean[lines.name] = _ordered(entries)
    return clean


def _clean(said: Said, value: Any) -> Any:
    if value is None and said.needed:
        path = camel(said.name)
        raise Invalid(field=(path,), problem=f"{path} must not be null; leave it out to keep it.")
    return None if value is None else said.check(value)


async def _check_named(change: Change, lines: Lines, entries: Sequence[Row], before: Sequence[Row]) -> None:
    for column, (table, words) in lines.points_to.items():
        known = {entry[column] for entry in before}
        for at, entry in enumerate(entries):
            if entry[column] not in known:
                await check_exists(change, table, lines.path(at, column), words, entry[column])


def _ordered(entries: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(sorted(entries, key=lambda entry: [str(value) for value in entry.values()]))


def _is(kept: Kept, change: Change, id_: UUID) -> "tuple[sa.ColumnElement[bool], ...]":
    return kept.table.c.organization_id == change.actor.organization_id, kept.table.c.id == id_


async def _replace(change: Change, lines: Lines, id_: UUID, entries: Sequence[Row]) -> None:
    parent = {"organization_id": change.actor.organization_id, lines.parent: id_}
    of = lines.table.c
    await change.connection.execute(
        sa.delete(lines.table).where(of.organization_id == change.actor.organization_id, of[lines.parent] == id_)
    )
    if entries:
        # Who belongs to whom is said from both sides: what the other side has just written is as it is to be.
        said = postgresql.insert(lines.table).on_conflict_do_nothing()
        await change.connection.execute(said, [{**parent, **entry} for entry in entries])


async def _remove(kept: Kept, change: Change, id_: UUID) -> None:
    for column in (*kept.belongings, *(lines.table.c[lines.parent] for lines in kept.lines)):
        of = column.table.c
        await change.connection.execute(
            sa.delete(column.table).where(of.organization_id == change.actor.organization_id, column == id_)
        )
    try:
        await change.connection.execute(sa.delete(kept.table).where(*_is(kept, change, id_)))
    except IntegrityError as error:
        if getattr(error.orig, "sqlstate", None) != _POINTS_NOWHERE:
            raise
        # Somebody has begun to use it since the uses were counted.
        raise InUse(field=("id",), kind=kept.words, uses=used_after_all(kept, _said_by(error).table_name)) from error


@contextmanager
def _naming(kept: Kept) -> Iterator[None]:
    """Turn what the constraints refuse into the field that is to blame. Raises Invalid, NotFound."""
    try:
        yield
    except IntegrityError as error:
        said, constraint = getattr(error.orig, "sqlstate", None), _said_by(error).constraint_name
        if said == _ALIKE and constraint in kept.alike:
            path = camel(kept.alike[constraint])
            raise Invalid(field=(path,), problem=f"Another {kept.words} has this {path} already.") from error
        if said == _POINTS_NOWHERE:
            # It was deleted since it was looked for.
            for each in kept.said:
                if each.points_to is not None and f"_{each.name}_" in constraint:
                    raise NotFound(field=(camel(each.name),), kind=each.points_to[1]) from error
            for lines in kept.lines:
                for column, (_, words) in lines.points_to.items():
                    if f"_{column}_" in constraint:
                        raise NotFound(field=(camel(lines.name),), kind=words) from error
        raise


def _said_by(error: IntegrityError) -> Any:
    """Return the driver's own error, which names the table and the constraint."""
    return error.orig.__cause__ if error.orig is not None else None
