"""Two organisations full of rows, the same in every database: keys and chance come from names.

Every third row of a kind has the same key in both organisations, and ticket numbers, codes and names
repeat, so that whatever forgets whose a row is shows it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, TypeVar
from uuid import UUID

from app.demo.ids import chance as chance_of
from app.demo.ids import fixed_id
from app.domain.people import Role
from schema.ids import global_id
from tests.sameness.vocabulary import Vocabulary

T = TypeVar("T")
Row = dict[str, Any]

TEAMS = ("north", "south", "empty")
TIERS = (1, 2, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user: their roles, the customers they belong to by number, and the technician they are."""

    roles: Sequence[Role]
    customers: Sequence[int] = ()
    technician: bool = False
    team: str | None = None
    active: bool = True


PEOPLE = {
    "customer": Person(roles=[Role.END_USER], customers=(0, 1)),
    "colleague": Person(roles=[Role.END_USER], customers=(0,)),
    "elsewhere": Person(roles=[Role.END_USER], customers=(2,)),
    "stranger": Person(roles=[Role.END_USER]),
    "ann": Person(roles=[Role.TECHNICIAN], technician=True, team="north"),
    "bob": Person(roles=[Role.TECHNICIAN], technician=True, team="south"),
    "cleo": Person(roles=[Role.SENIOR_TECHNICIAN], technician=True, team="north"),
    "dan": Person(roles=[Role.TECHNICIAN], technician=True),
    "eve": Person(roles=[Role.TECHNICIAN, Role.DISPATCHER], technician=True, team="south"),
    "finn": Person(roles=[Role.END_USER, Role.TECHNICIAN], customers=(1,), technician=True, team="north"),
    # Still technicians, and no longer among those whom customers know.
    "gus": Person(roles=[Role.END_USER], technician=True, team="south"),
    "hal": Person(roles=[], technician=True, active=False),
    "ida": Person(roles=[Role.TECHNICIAN]),
    # May be everything; tokens narrow it.
    "jo": Person(roles=list(Role), customers=(0,), technician=True, team="north"),
    "dispatcher": Person(roles=[Role.DISPATCHER]),
    "lead": Person(roles=[Role.TEAM_LEAD]),
    "manager": Person(roles=[Role.MANAGER]),
    "admin": Person(roles=[Role.ADMIN]),
}


@dataclass(slots=True, kw_only=True)
class Organisation:
    """An organisation's keys: users and technicians by name, everything else by type and number."""

    name: str
    vocabulary: Vocabulary
    chance: Random
    id: UUID
    keys: dict[str, list[UUID]] = field(default_factory=dict)
    users: dict[str, UUID] = field(default_factory=dict)
    technicians: dict[str, UUID] = field(default_factory=dict)
    numbers: list[str] = field(default_factory=list)

    def new(self, kind: str) -> UUID:
        """Return the next key of a type."""
        known = self.keys.setdefault(kind, [])
        number = len(known)
        owner = "both" if number % 3 == 0 else self.name
        known.append(fixed_id(f"{owner} {kind} {number}"))
        return known[-1]

    def id_of(self, kind: str, number: int) -> str:
        """Return the global id of a type's row, counted from 0."""
        return global_id(kind, self.keys[kind][number])

    def pick(self, values: Sequence[T]) -> T:
        """Return one of the values."""
        return self.chance.choice(values)

    def maybe(self, values: Sequence[T], likely: float = 0.6) -> T | None:
        """Return one of the values, or None."""
        return self.chance.choice(values) if self.chance.random() < likely else None

    def moment(self) -> datetime:
        """Return one of few moments."""
        return self.pick(self.vocabulary.moments)

    def stamps(self) -> Row:
        """Return a row's version and when it came to be and changed."""
        return {
            "version": self.chance.randint(1, 5),
            "created_at": self.moment(),
            "updated_at": self.moment(),
        }


def named(name: str, vocabulary: Vocabulary) -> Organisation:
    """Return an organisation of this name without anything in it."""
    return Organisation(
        name=name, vocabulary=vocabulary, chance=chance_of(f"rows of {name}"), id=fixed_id(f"organisation {name}")
    )
