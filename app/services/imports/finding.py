"""Finds what lines name: the rows that are there already, and what they refer to by names, codes and addresses."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.base import Uuid
from app.db.tables.organizations import escalation_tiers
from app.db.tables.people import users
from app.domain.refusals import Invalid, NotFound, Refusals
from app.services.administration.drafting import rows_of
from app.services.administration.saying import Kept, Row, camel
from app.services.change import Change
from app.services.imports.lines import Line

_KEYS = sa.ARRAY(Uuid)
_TEXTS = sa.ARRAY(sa.Text)
# Of one cell; a file of nothing else must not fill the memory.
_MOST_TOLD = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The rows of a kind that lines may be about, by id and by the column that tells them apart."""

    kept: Kept
    key: str
    by_id: Mapping[UUID, Row]
    by_key: Mapping[str, Row]

    def of(self, line: Line) -> Row | None:
        """Return the row that a line is about; None: it asks for a new one.

        Raises:
            NotFound: it names an id that is not there, or the version of a row that is not.
            Invalid: it names nothing to find it by again, or gives a row what another has.
        """
        id_, key = line.values.get("id"), line.values.get(self.key)
        keyed = None if key is None else self.by_key.get(key)
        if id_ is None:
            if key is None:
                raise Invalid(field=(camel(self.key),), problem=f"{camel(self.key)} must be given, or id.")
            if keyed is None:
                self.expect_none(line, camel(self.key))
            return keyed
        if id_ not in self.by_id:
            raise NotFound(field=("id",), kind=self.kept.words)
        if keyed is not None and keyed["id"] != id_:
            path = camel(self.key)
            raise Invalid(field=(path,), problem=f"Another {self.kept.words} has this {path} already.")
        return self.by_id[id_]

    def expect_none(self, line: Line, path: str) -> None:
        """Refuse a line with the version of a row that is not there. Raises NotFound."""
        if line.values.get("version") is not None:
            raise NotFound(field=(path,), kind=self.kept.words)


class Once:
    """Refuses a second line about the same row."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._lines: dict[UUID, int] = {}

    def check(self, line: Line, row: Row, path: str) -> None:
        """Note that a line is about a row. Raises Invalid where one before it is."""
        earlier = self._lines.setdefault(row["id"], line.number)
        if earlier != line.number:
            raise Invalid(field=(path,), problem=f"Line {earlier} is about the same {self._kept.words}.")


async def find(kept: Kept, key: str, change: Change, lines: Sequence[Line], *, lock: bool) -> Found:
    """Return the rows of a kind that lines name by id or by a column that tells them apart."""
    of = kept.table.c
    query = sa.select(of.id).where(
        of.organization_id == change.actor.organization_id,
        sa.or_(
            of.id == sa.any_(sa.literal(said(lines, "id"), _KEYS)),
            of[key] == sa.any_(sa.literal(said(lines, key), _TEXTS)),
        ),
    )
    ids = (await change.connection.scalars(query)).all()
    by_id = await rows_of(kept, change, ids, lock="kept" if lock else None)
    return found_in(kept, key, by_id)


def found_in(kept: Kept, key: str, by_id: Mapping[UUID, Row]) -> Found:
    """Return rows by their ids and by a column that tells them apart."""
    by_key = {row[key]: row for row in by_id.values() if row[key] is not None}
    return Found(kept=kept, key=key, by_id=by_id, by_key=by_key)


def said(lines: Iterable[Line], column: str) -> list[Any]:
    """Return what lines say in a column, in order, each value once."""
    return sorted({value for line in lines if (value := line.values.get(column)) is not None})


async def keys_of(change: Change, table: sa.Table, column: str, names: Iterable[str]) -> Mapping[str, UUID]:
    """Return the rows of a table by their names; those that are active need not be looked for again."""
    of = table.c
    query = sa.select(of[column].label("name"), of.id, of.active).where(
        of.organization_id == change.actor.organization_id,
        of[column] == sa.any_(sa.literal(sorted(set(names)), _TEXTS)),
    )
    rows = (await change.connection.execute(query)).all()
    change.present |= {(table.name, row.id) for row in rows if row.active}
    return {row.name: row.id for row in rows}


async def tiers_of(change: Change) -> Mapping[str, int]:
    """Return the levels of the organisation's tiers by their codes."""
    of = escalation_tiers.c
    query = sa.select(of.code, of.level).where(of.organization_id == change.actor.organization_id)
    levels = {row.code: row.level for row in await change.connection.execute(query)}
    change.tier_levels |= set(levels.values())
    return levels


async def users_of(change: Change, addresses: Iterable[str]) -> Mapping[str, UUID]:
    """Return the users who have these addresses, by them in small letters; an address that two have is nobody's."""
    of = users.c
    address = sa.func.lower(of.email)
    query = sa.select(address.label("address"), of.id, of.active).where(
        of.organization_id == change.actor.organization_id,
        address == sa.any_(sa.literal(sorted({each.lower() for each in addresses}), _TEXTS)),
    )
    rows = (await change.connection.execute(query)).all()
    change.present |= {(users.name, row.id) for row in rows if row.active}
    # Users from before addresses were compared in small letters.
    count = Counter(row.address for row in rows)
    return {row.address: row.id for row in rows if count[row.address] == 1}


def named(known: Mapping[str, Any], name: str, path: str, kind: str) -> Any:
    """Return what a name stands for. Raises NotFound."""
    if name not in known:
        raise NotFound(field=(path,), kind=_spelled(kind, name))
    return known[name]


def all_named(known: Mapping[str, Any], names: Sequence[str], path: str, kind: str) -> tuple[Any, ...]:
    """Return what names stand for, each once. Raises Refusals for those that stand for nothing, at most ten."""
    lacking = [name for name in names if name not in known]
    if lacking:
        raise Refusals(tuple(NotFound(field=(path,), kind=_spelled(kind, name)) for name in lacking[:_MOST_TOLD]))
    return tuple(dict.fromkeys(known[name] for name in names))


def _spelled(kind: str, name: str) -> str:
    return f"{kind}: {name[:50]}"
