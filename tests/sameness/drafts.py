"""An operation under construction: its variables and fragments, and how values are written in it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from graphql import GraphQLBoolean, GraphQLInputType, GraphQLNonNull


class Word(str):
    """A word of an enum: bare in a document, a text in variables."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Variable:
    """The place of a variable within a value."""

    name: str


class _Absent:
    """Says that an argument or a variable is not given at all."""


ABSENT: Final = _Absent()


def literal(value: Any) -> str:
    """Return a value as a document writes it."""
    match value:
        case Variable(name):
            return f"${name}"
        case Word():
            return str(value)
        case str() | bool() | int() | float() | None:
            return json.dumps(value)
        case list():
            return f"[{', '.join(map(literal, value))}]"
        case _:
            return "{" + ", ".join(f"{name}: {literal(each)}" for name, each in value.items()) + "}"


def has_variable(value: Any) -> bool:
    match value:
        case Variable():
            return True
        case list():
            return any(map(has_variable, value))
        case dict():
            return any(map(has_variable, value.values()))
        case _:
            return False


@dataclass(slots=True)
class Draft:
    """What an operation has declared so far; `fragments` are complete ones, by name."""

    chance: Random
    declared: dict[str, str] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)
    fragments: dict[str, str] = field(default_factory=dict)
    _known: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    _names: int = 0

    def name(self, start: str) -> str:
        """Return a name that nothing else in the operation has."""
        self._names += 1
        return f"{start}{self._names}"

    def written(self, kind: GraphQLInputType, value: Any) -> str | None:
        """Return an argument's value as text, or None to leave it away; sometimes it is a variable's.

        What the server makes of it is `value`, whichever way it is written.
        """
        if self.chance.random() < 0.35 and not has_variable(value):
            return literal(self.variable(kind, value))
        return None if value is ABSENT else literal(value)

    def variable(self, kind: GraphQLInputType, value: Any) -> Variable:
        """Return a variable that comes out as the value: given, or by its default."""
        spelled = str(kind)
        text = "absent" if value is ABSENT else json.dumps(value, sort_keys=True)
        known = self._known.setdefault((spelled, text), [])
        if known and self.chance.random() < 0.5:
            return Variable(self.chance.choice(known))
        name = self.name("v")
        known.append(name)
        if value is ABSENT:
            self.declared[name] = spelled.rstrip("!")
        elif self.chance.random() < 0.4:
            self._by_default(name, spelled, value)
        else:
            self.declared[name] = spelled
            self.given[name] = value
        return Variable(name)

    def _by_default(self, name: str, spelled: str, value: Any) -> None:
        # With a default a variable may stand where null may not, though its own type is nullable.
        loose = spelled.rstrip("!") if self.chance.random() < 0.5 else spelled
        self.declared[name] = f"{loose} = {literal(value)}"
        if self.chance.random() < 0.3:
            self.given[name] = value

    def switch(self) -> str:
        """Return a condition of @skip or @include: known beforehand, or a variable's."""
        value = self.chance.random() < 0.5
        if self.chance.random() < 0.4:
            return literal(value)
        return literal(self.variable(GraphQLNonNull(GraphQLBoolean), value))

    def document(self, name: str, selection: str) -> str:
        """Return the whole text with an operation of this name, which may be empty."""
        declared = ", ".join(f"${each}: {kind}" for each, kind in self.declared.items())
        head = f"query {name}({declared})" if declared else f"query {name}".strip() if name else ""
        return "\n".join([f"{head} {selection}".strip(), *self.fragments.values()])

    def variables(self) -> Mapping[str, Any]:
        """Return the values that are sent along."""
        return dict(self.given)
