"""How tables are declared: whose a value is, how it is erased, and by which columns rows are a person's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

# What stands where a text was. It is longer than nothing, because names and titles must be.
TOMBSTONE = "[erased]"


class Whose(StrEnum):
    """Whom a value tells of."""

    USER = "USER"
    TECHNICIAN = "TECHNICIAN"
    CUSTOMER = "CUSTOMER"
    # Free text: of whoever wrote it, and of the one it is about.
    WORDS = "WORDS"


class Way(StrEnum):
    """What erasing makes of a value; what is null stays so."""

    TOMBSTONE = "TOMBSTONE"
    NULL = "NULL"
    # A list or an object with nothing in it, where null is not allowed.
    EMPTY = "EMPTY"
    # The row goes as a whole.
    ROW = "ROW"
    # The bytes that it names go once nobody refers to them any more.
    BYTES = "BYTES"
    # It follows from other columns: triggers make it anew.
    FOLLOWS = "FOLLOWS"


class Root(StrEnum):
    """What the rows of a person are found by."""

    USER = "USER"
    TECHNICIAN = "TECHNICIAN"
    CUSTOMER = "CUSTOMER"
    # Tickets that the technician resolved.
    RESOLVED = "RESOLVED"
    # Tickets that the user asked for, or that are the customer's.
    TICKET = "TICKET"
    # Jobs of those tickets, and of the technician.
    JOB = "JOB"
    # Appointments of those tickets, and of the customer.
    APPOINTMENT = "APPOINTMENT"
    # The series of those appointments.
    SERIES = "SERIES"


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """Whose the values of a column are, and how they are erased."""

    whose: Whose
    way: Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A column by which a row is a person's; with `erases` its personal values go with them, or `only` some."""

    column: str
    root: Root
    erases: bool = True
    only: frozenset[str] | None = None

    @property
    def erases_all(self) -> bool:
        """Whether all that is personal in the row goes."""
        return self.erases and self.only is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What a table keeps: for what, personal or not, column by column, and how a person's rows are found.

    `kind` is the kind of the log's events about its rows, whose fields bear the names of columns; None: there are none.
    `told` are fields that such events have besides, none of them personal.
    """

    name: str
    purpose: str
    plain: frozenset[str]
    personal: Mapping[str, Personal] = field(default_factory=lambda: MappingProxyType({}))
    links: tuple[Link, ...] = ()
    kind: str | None = None
    told: frozenset[str] = frozenset()

    @property
    def columns(self) -> frozenset[str]:
        """Every column, the organisation's key among them."""
        return self.plain | frozenset(self.personal)

    @property
    def goes(self) -> bool:
        """Whether rows go as a whole."""
        return any(each.way is Way.ROW for each in self.personal.values())


def declared(
    name: str,
    purpose: str,
    plain: str,
    *links: Link,
    personal: Mapping[str, tuple[Whose, Way]] | None = None,
    kind: str | None = None,
    told: str = "",
) -> Declared:
    """Declare a table; the names of its plain columns are parted by spaces, and `organization_id` is understood."""
    return Declared(
        name=name,
        purpose=purpose,
        plain=frozenset(plain.split()) | {"organization_id"},
        personal=MappingProxyType(
            {column: Personal(whose=whose, way=way) for column, (whose, way) in (personal or {}).items()}
        ),
        links=links,
        kind=kind,
        told=frozenset(told.split()),
    )


def by(column: str, root: Root) -> Link:
    """Find rows by a column, and erase what is personal in them."""
    return Link(column=column, root=root)


def shown_by(column: str, root: Root) -> Link:
    """Find rows by a column that are the person's to know of, while their values are others'."""
    return Link(column=column, root=root, erases=False)


def partly_by(column: str, root: Root, *only: str) -> Link:
    """Find rows by a column, of which the person wrote only some values."""
    return Link(column=column, root=root, only=frozenset(only))
