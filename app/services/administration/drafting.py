"""What rows are to say is checked first, then written: of one row by itself, or of many at once."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError

from app.db.tables.base import Uuid
from app.domain.events import FieldChange, NewEvent, plain
from app.domain.refusals import Invalid, NotFound
from app.services.administration.erased import check_not_erased
from app.services.administration.mirroring import mirror
from app.services.administration.saying import Kept, Lines, Row, Said, camel
from app.services.change import Change
from app.services.naming import check_exists

_ALIKE = "23505"
POINTS_NOWHERE = "23503"
_KEYS = sa.ARRAY(Uuid)
# Others are let in after so many events are told.
_IN_ONE_GO = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A row that may be written: as it was, None for a new one, as it is to be, and what else is told with it."""

    before: Row | None
    after: Row
    more: tuple[FieldChange, ...] = ()

    @property
    def differing(self) -> tuple[str, ...]:
        """What is new of it, by column and by list; empty: nothing is to be written."""
        if self.before is None:
            return tuple(self.after)
        return tuple(name for name, value in self.after.items() if value != self.before[name])


async def draft_new(kept: Kept, change: Change, values: Row) -> Draft:
    """Check what a new row is to say; nothing is written. Raises what `judge` does, Invalid, NotFound."""
    said = await _checked(kept, change, None, values)
    row: dict[str, Any] = {"active": True} if "active" in kept.table.c else {}
    row |= {each.name: None for each in kept.said if kept.table.c[each.name].nullable}
    row |= {"id": change.new_id(), "version": 1, "created_at": change.now, "updated_at": change.now}
    after = {**row, **{each.name: () for each in kept.lines}, **said}
    await kept.judge(change, None, after)
    return _noted(kept, change, Draft(before=None, after=after))


async def draft_change(kept: Kept, change: Change, before: Row, values: Row, *more: FieldChange) -> Draft:
    """Check what a locked row is to say instead; nothing is written.

    Raises:
        Forbidden: somebody who was erased is to be active again.
        Invalid, NotFound: a value makes no sense, or names what is not there.
        Whatever `judge` does.
    """
    after = {**before, **await _checked(kept, change, before, values)}
    if after == before:
        return Draft(before=before, after=before)
    if after.get("active") and not before.get("active"):
        await check_not_erased(change, kept.kind, before["id"])
    await kept.judge(change, before, after)
    after |= {"version": before["version"] + 1, "updated_at": max(change.now, before["updated_at"])}
    return _noted(kept, change, Draft(before=before, after=after, more=more))


async def write_drafts(kept: Kept, change: Change, drafts: Sequence[Draft]) -> None:
    """Write rows of a kind and tell of each; those of which nothing is new are left alone.

    Guard: the unique constraints and foreign keys of the table.

    Raises:
        Invalid, NotFound: what was free or there when a draft was made no longer is.
    """
    drafts = [draft for draft in drafts if draft.differing]
    with _naming(kept):
        for columns, new in _alike(kept, (draft for draft in drafts if draft.before is None)):
            mine = {"organization_id": change.actor.organization_id}
            rows = [{**mine, **{name: draft.after[name] for name in columns}} for draft in new]
            await change.connection.execute(sa.insert(kept.table), rows)
        for columns, changed in _alike(kept, (draft for draft in drafts if draft.before is not None)):
            await change.connection.execute(
                _update(kept, change, columns),
                [
                    {"of_id": draft.after["id"], **{f"new_{name}": draft.after[name] for name in columns}}
                    for draft in changed
                ],
            )
        for lines in kept.lines:
            await _replace(change, lines, [draft for draft in drafts if lines.name in draft.differing])
    for lines in kept.lines:
        await mirror(lines, change, [_lists(lines, draft) for draft in drafts])
    await tell(kept, change, drafts)
    await kept.follow(change, [(draft.before, draft.after) for draft in drafts if draft.before is not None])


async def tell(kept: Kept, change: Change, drafts: Sequence[Draft]) -> None:
    """Tell of rows that came or changed."""
    beside = await kept.beside(change, [draft.after for draft in drafts])
    for at, draft in enumerate(drafts, start=1):
        event = _told(kept, change, draft.before, draft.after, beside.get(draft.after["id"], {}))
        change.tell(replace(event, changes=(*event.changes, *draft.more)))
        if at % _IN_ONE_GO == 0:
            await asyncio.sleep(0)


async def tell_gone(kept: Kept, change: Change, row: Row) -> None:
    """Tell of a row that went."""
    beside = await kept.beside(change, [row])
    change.tell(_told(kept, change, row, None, beside.get(row["id"], {})))


async def rows_of(kept: Kept, change: Change, ids: Iterable[UUID], *, lock: str | None = "kept") -> dict[UUID, Row]:
    """Return the rows that there are, by id, with their lists.

    They are locked in the order of their ids: as `kept` whoever names one does not wait, as `deleted` they do;
    None locks nothing, as in a transaction that cannot write.
    """
    of, mine = kept.table.c, change.actor.organization_id
    wanted = sorted(set(ids))
    query = sa.select(kept.table).where(of.organization_id == mine, of.id == sa.any_(sa.literal(wanted, _KEYS)))
    if lock is not None:
        query = query.order_by(of.id).with_for_update(key_share=lock == "kept")
    rows = {row["id"]: dict(row) for row in (await change.connection.execute(query)).mappings()}
    for each in kept.lines:
        entries: dict[UUID, list[Row]] = {id_: [] for id_ in rows}
        line = each.table.c
        named = (line[each.parent].label("parent"), *(line[column] for column in each.columns))
        found = sa.select(*named).where(
            line.organization_id == mine, line[each.parent] == sa.any_(sa.literal(list(rows), _KEYS))
        )
        for entry in (await change.connection.execute(found)).mappings() if rows else ():
            entries[entry["parent"]].append({column: entry[column] for column in each.columns})
        for id_, row in rows.items():
            row[each.name] = _ordered(entries[id_])
    for id_, row in rows.items():
        change.rows[kept.table.name, id_] = row
    return dict(rows)


def _told(kept: Kept, change: Change, before: Row | None, after: Row | None, beside: Row) -> NewEvent:
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
        before=None if before is None else kept.concerns({**before, **beside}),
        after=None if after is None else kept.concerns({**after, **beside}),
        changes=tuple(changes),
    )


def said_by(error: IntegrityError) -> Any:
    """Return the driver's own error, which names the table and the constraint."""
    return error.orig.__cause__ if error.orig is not None else None


def _noted(kept: Kept, change: Change, draft: Draft) -> Draft:
    change.rows[kept.table.name, draft.after["id"]] = draft.after
    return draft


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


def _alike(kept: Kept, drafts: Iterable[Draft]) -> Iterator[tuple[tuple[str, ...], list[Draft]]]:
    """Yield drafts that write the same columns of the table together, each once."""
    groups: dict[tuple[str, ...], list[Draft]] = {}
    for draft in drafts:
        columns = tuple(name for name in draft.differing if name in kept.table.c)
        groups.setdefault(columns, []).append(draft)
    yield from groups.items()


def _update(kept: Kept, change: Change, columns: Sequence[str]) -> sa.Update:
    of = kept.table.c
    return (
        sa.update(kept.table)
        .where(of.organization_id == change.actor.organization_id, of.id == sa.bindparam("of_id", type_=Uuid))
        .values({name: sa.bindparam(f"new_{name}", type_=of[name].type) for name in columns})
    )


async def _replace(change: Change, lines: Lines, drafts: Sequence[Draft]) -> None:
    of, mine = lines.table.c, {"organization_id": change.actor.organization_id}
    had = [draft.after["id"] for draft in drafts if draft.before is not None and draft.before[lines.name]]
    if had:
        await change.connection.execute(
            sa.delete(lines.table).where(
                of.organization_id == mine["organization_id"], of[lines.parent] == sa.any_(sa.literal(had, _KEYS))
            )
        )
    entries = [
        {**mine, lines.parent: draft.after["id"], **each} for draft in drafts for each in draft.after[lines.name]
    ]
    if entries:
        # A release from before lets both sides of a list write at once.
        await change.connection.execute(postgresql.insert(lines.table).on_conflict_do_nothing(), entries)


def _lists(lines: Lines, draft: Draft) -> tuple[UUID, Sequence[Row], Sequence[Row]]:
    before = () if draft.before is None else draft.before[lines.name]
    return draft.after["id"], before, draft.after[lines.name]


@contextmanager
def _naming(kept: Kept) -> Iterator[None]:
    """Turn what the constraints refuse into the field that is to blame. Raises Invalid, NotFound."""
    try:
        yield
    except IntegrityError as error:
        said, constraint = getattr(error.orig, "sqlstate", None), said_by(error).constraint_name
        if said == _ALIKE and constraint in kept.alike:
            path = camel(kept.alike[constraint])
            raise Invalid(field=(path,), problem=f"Another {kept.words} has this {path} already.") from error
        if said == POINTS_NOWHERE:
            # It was deleted since it was looked for.
            for each in kept.said:
                if each.points_to is not None and f"_{each.name}_" in constraint:
                    raise NotFound(field=(camel(each.name),), kind=each.points_to[1]) from error
            for lines in kept.lines:
                for column, (_, words) in lines.points_to.items():
                    if f"_{column}_" in constraint:
                        raise NotFound(field=(camel(lines.name),), kind=words) from error
        raise
