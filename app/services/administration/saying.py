"""How a kind of row is kept: its fields, what may stand in them, and what uses it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.domain.events import Concerned, EventType, plain
from app.domain.policy import Action
from app.services.change import Change

Row = Mapping[str, Any]
Check = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Said:
    """A column that is said: `check` returns the clean value or raises Invalid; one that is `needed` is never null.

    `points_to` is the table that it names a row of, and what such a row is called.
    """

    name: str
    check: Check = field(default=lambda value: value)
    needed: bool = False
    points_to: tuple[sa.Table, str] | None = None


# Whether what is new can name the row.
ACTIVE = Said(name="active", needed=True)


def nobody(_row: Row) -> Concerned:
    """Say that a row concerns nobody in particular, and no customer."""
    return Concerned(internal=True)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mirrored:
    """The other side of a list that both say: the rows' GraphQL type and table, and what the list is called there.

    `concerns` sees no more of a row than its `id`.
    """

    kind: str
    table: sa.Table
    name: str
    concerns: Callable[[Row], Concerned] = nobody


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lines:
    """A list that is said as a whole, each entry a row of a table of its own.

    `parent` is the column that points to the row they belong to, `columns` are those of an entry. `check` returns
    the clean entries, each a mapping of these columns. `points_to` are, by column, tables that entries name rows of.
    Of a list that both sides say, `mirrored` is the other one; the first column points there.
    """

    name: str
    table: sa.Table
    parent: str
    columns: tuple[str, ...]
    check: Callable[[Any], tuple[Row, ...]]
    points_to: Mapping[str, tuple[sa.Table, str]] = field(default_factory=lambda: MappingProxyType({}))
    mirrored: Mirrored | None = None

    def path(self, number: int, column: str) -> str:
        """Return the path of a value in the input: in a list of ids the id itself stands there."""
        return f"{camel(self.name)}.{number}" + ("" if len(self.columns) == 1 else f".{camel(column)}")

    def told(self, entries: Sequence[Row]) -> list[Any]:
        """Return the entries as the log keeps them: ids alone where an entry is nothing else."""
        told = [plain(dict(entry)) for entry in entries]
        return [each[self.columns[0]] for each in told] if len(self.columns) == 1 else told


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Used:
    """A column of other rows that can name one of these; `words` are what many of them are called."""

    by: "sa.Column[Any]"
    kind: str
    words: str


async def anything(_change: Change, _before: Row | None, _after: Row) -> None:
    """Hold nothing against what a row is to say as a whole."""


async def nothing(_change: Change, _rows: Sequence[tuple[Row, Row]]) -> None:
    """Let nothing follow from a change of rows."""


async def freely(_change: Change, _row: Row) -> None:
    """Let a row go without more ado."""


async def alone(_change: Change, _rows: Sequence[Row]) -> Mapping[UUID, Row]:
    """Read nothing beside rows."""
    return {}


def camel(name: str) -> str:
    """Return a column's name as clients spell it."""
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kept:
    """A kind of row: its GraphQL type, what one and many of it are called, its table, and who may write it.

    `alike` are the unique constraints by name, each with the field that must be another. `judge` sees a row before
    and after a change, its lists included, and raises what stands against it. `belongings` are tables whose rows
    are deleted with it, by the column that points to it. `follow` does what follows from written changes, each a row
    before and after. `beside` reads what is told beside rows, by their ids:
    `concerns` sees it with the row.
    """

    kind: str
    words: str
    many: str
    table: sa.Table
    right: Action
    said: tuple[Said, ...]
    lines: tuple[Lines, ...] = ()
    alike: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    uses: tuple[Used, ...] = ()
    belongings: "tuple[sa.Column[Any], ...]" = ()
    judge: Callable[[Change, Row | None, Row], Awaitable[None]] = anything
    part: Callable[[Change, Row], Awaitable[None]] = freely
    follow: Callable[[Change, Sequence[tuple[Row, Row]]], Awaitable[None]] = nothing
    beside: Callable[[Change, Sequence[Row]], Awaitable[Mapping[UUID, Row]]] = alone
    concerns: Callable[[Row], Concerned] = nobody
    event: EventType = EventType.RECORD_CHANGED

    @property
    def name(self) -> str:
        """What the row is called among those that a change has written, such as service_bay."""
        return self.words.replace(" ", "_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """What a new row is to say, by column."""

    values: Row
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """Which row, and what it is to say instead, by column: what is not named stays."""

    id: UUID
    expected_version: int
    values: Row
    idempotency_key: str | None = None
