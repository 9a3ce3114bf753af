"""What a field asks of the database, declared: data loaders and compiled statements answer the same questions.

A question without arguments is a constant of its field; those that derive from `Asked` are made from
a field's arguments, and their values can be taken out (`app.reads.slots`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.domain.policy import Visibility
from app.reads.entities import Entity
from app.reads.filters import AnyFilter
from app.reads.orders import Order
from app.reads.pages import Placed
from app.reads.relations import Relation
from app.reads.slots import Asked


class Own(Enum):
    """Something that every viewer has one of, or none."""

    USER = "viewer_user_id"
    TECHNICIAN = "viewer_technician_id"
    ORGANIZATION = "organization_id"


@dataclass(frozen=True, slots=True)
class Attribute:
    """What the thing at hand has under this name: a row's column, a page's nodes."""

    name: str


@dataclass(frozen=True, slots=True)
class Identity:
    """The row's global id."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a table says of the word in a column."""

    column: str
    answers: Mapping[Any, Any]


@dataclass(frozen=True, slots=True)
class Composed:
    """An object made of columns of the row, by its fields' names; null unless every one is there."""

    columns: Mapping[str, str]


Expression = Callable[[sa.FromClause, Visibility], "sa.ColumnElement[Any]"]


@dataclass(frozen=True, slots=True)
class Computed:
    """A value computed from the row; never null unless `nullable`."""

    expression: Expression
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Verdicts:
    """An object of yes and no about the row, by its fields' names."""

    of: "Callable[[sa.FromClause, Visibility], tuple[sa.FromClause, Mapping[str, sa.ColumnElement[bool]]]]"


@dataclass(frozen=True, slots=True)
class Head:
    """The cursor of the log's head."""


@dataclass(frozen=True, slots=True)
class OwnRoles:
    """The roles of the viewer, by rank."""


@dataclass(frozen=True, slots=True)
class Itself:
    """An object that only holds other questions."""


@dataclass(frozen=True, slots=True)
class OwnRow:
    """The viewer's own row of an entity; null where there is none."""

    entity: Entity
    whose: Own


@dataclass(frozen=True, slots=True)
class OwnAll:
    """The whole list a relation leads to from an id of the viewer's own; nothing where they have none."""

    relation: Relation
    whose: Own


@dataclass(frozen=True, slots=True)
class ToOne:
    """The one row a relation leads to; null where there is none."""

    relation: Relation


@dataclass(frozen=True, slots=True)
class ToAll:
    """The whole list a relation leads to."""

    relation: Relation


@dataclass(frozen=True, slots=True)
class Through:
    """A column of the one row a relation leads to."""

    relation: Relation
    column: str


@dataclass(frozen=True, slots=True)
class Children(Asked):
    """A page of the rows a relation leads to."""

    relation: Relation
    window: Placed


@dataclass(frozen=True, slots=True)
class ByKey(Asked):
    """The row with a key."""

    entity: Entity
    key: UUID


@dataclass(frozen=True, slots=True)
class ByValue(Asked):
    """The one row that a value points to, through a relation without a parent."""

    relation: Relation
    value: str


@dataclass(frozen=True, slots=True)
class ByKeys(Asked):
    """Rows of several entities, in the order of their keys; `kinds` names the entity of each key."""

    entities: tuple[Entity, ...]
    kinds: tuple[str, ...]
    keys: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Listing(Asked):
    """A page of an entity's rows; with `own` only of those whose technician is the viewer.

    With `search` only of the tickets in which its words are found.
    """

    entity: Entity
    order: Order
    window: Placed
    wanted: AnyFilter | None = None
    own: bool = False
    search: str | None = None


@dataclass(frozen=True, slots=True)
class JobQueue(Asked):
    """A part of the queue of a technician: of this one, or (None) of the viewer as one; of a day, or all of it."""

    technician_id: UUID | None
    window: Placed
    day: date | None = None


@dataclass(frozen=True, slots=True)
class QueueOfRow(Asked):
    """A part of the queue of the technician at hand, of a day or all of it; null where it is not the viewer's."""

    window: Placed
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Board(Asked):
    """A dispatch board, narrowed as `app.domain.board.Narrowing` is; its time bounds what is agreed alone."""

    territory_ids: tuple[UUID, ...] | None
    team_ids: tuple[UUID, ...] | None
    technician_ids: tuple[UUID, ...] | None
    include_unassigned: bool
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class QueueOfLane(Asked):
    """A part of the queue in the board's lane at hand: the technician's jobs that are on the board."""

    window: Placed


Question = (
    Attribute
    | Identity
    | Lookup
    | Composed
    | Computed
    | Verdicts
    | Head
    | OwnRoles
    | Itself
    | OwnRow
    | OwnAll
    | ToOne
    | ToAll
    | Through
    | Children
    | ByKey
    | ByValue
    | ByKeys
    | Listing
    | JobQueue
    | QueueOfRow
    | Board
    | QueueOfLane
)
