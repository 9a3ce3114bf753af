"""The table of rights, read from the files in `declared`: what is expected, said apart from the code that does it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from app.domain.people import Role
from tests.rights.scene import ALL, ELSEWHERE, WHOSE, Thing

_DECLARED = Path(__file__).with_name("declared")
# What the words of the table take in, of the things that are somebody's.
_WORDS = {"-": (), "asked": ("asked",), "ours": ("ours",), "own": ("asked", "ours"), "job": ("job",), "all": WHOSE}


@dataclass(frozen=True, slots=True)
class Reach:
    """How far each role reaches: a word of the table, or several joined by a plus."""

    words: Mapping[Role, str]

    def covers(self, role: Role, whose: str, *, active: bool) -> bool:
        """Tell whether a role reaches a thing; another organisation's nobody does."""
        return any(self._takes_in(word, whose, active=active) for word in self.words[role].split("+"))

    @staticmethod
    def _takes_in(word: str, whose: str, *, active: bool) -> bool:
        if whose == ELSEWHERE:
            return False
        if word == "active":
            return whose == "job" and active
        return whose in _WORDS[word] or (word == "all" and whose == ALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A type: who sees its rows, and which of its fields only some of those see. Without rows it has none."""

    fields: frozenset[str]
    rows: Reach | None = None
    kinds: Mapping[str, Reach] = field(default_factory=dict)
    narrower: Mapping[str, Reach] = field(default_factory=dict)

    def row(self, variant: str) -> Reach:
        """Return who sees a row. Raises LookupError where the table does not say."""
        for name, reach in self.kinds.items():
            if variant.split(" ", maxsplit=1)[0] == name:
                return reach
        if self.rows is None:
            raise LookupError(f"no rows of kind {variant!r}")
        return self.rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All that is declared of what can be read."""

    kinds: Mapping[str, Kind]

    def sees(self, role: Role, thing: Thing) -> bool:
        """Tell whether a role sees a row."""
        return self.kinds[thing.kind].row(thing.variant).covers(role, thing.whose, active=thing.active)

    def shows(self, role: Role, kind: str, name: str, thing: Thing) -> bool:
        """Tell whether a role sees a field, of a row that it sees or of what that row holds."""
        narrower = self.kinds[kind].narrower.get(name)
        return narrower is None or narrower.covers(role, thing.whose, active=thing.active)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way to call an operation: what it is about, who may, and what they get; `each` names its results by item.

    `sees` is who may know that it is there, where that is not who sees the row; `first` tells that the right is asked
    before anything is looked for. `then` is what those get who may, where it is not done.
    """

    operation: str
    by: Reach
    input: Mapping[str, Any]
    words: str = ""
    of: str | None = None
    each: str | None = None
    sees: Reach | None = None
    first: bool = False
    then: str | None = None

    @property
    def title(self) -> str:
        """What is called, in words."""
        return f"{self.operation}, {self.words}" if self.words else self.operation


@cache
def mutations() -> "tuple[Case, ...]":
    """Return every declared way to call a mutation."""
    read: dict[str, Any] = {}
    for path in sorted(_DECLARED.glob("mutations_*.toml")):
        read |= _read(path.stem)
    return tuple(
        Case(
            operation=name,
            by=reach_of(said["by"]),
            sees=reach_of(said["sees"]) if "sees" in said else None,
            **{key: value for key, value in said.items() if key not in {"by", "sees"}},
        )
        for name, cases in read.items()
        for said in cases
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """A field of the root: it finds one row of a type, lists those of a type, or shows what is no row.

    A list may have `only` what is somebody's. `given` are its arguments.
    """

    name: str
    by: Reach
    given: Mapping[str, Any]
    of: str | None = None
    finds: str | None = None
    lists: str | None = None
    only: str | None = None
    shows: str | None = None
    first: bool = False


@cache
def queries() -> "tuple[Root, ...]":
    """Return what is declared of the root's queries."""
    return _roots("queries")


@cache
def subscriptions() -> "tuple[Root, ...]":
    """Return what is declared of the root's subscriptions."""
    return _roots("subscriptions")


def _roots(kind: str) -> "tuple[Root, ...]":
    return tuple(
        Root(
            name=name,
            by=reach_of(said.get("by", "everybody")),
            given=said.get("with", {}),
            **{key: value for key, value in said.items() if key not in {"by", "with"}},
        )
        for name, said in _read("roots")[kind].items()
    )


@cache
def reaches() -> Mapping[str, Reach]:
    """Return the declared reaches by name."""
    return {name: _reach(words) for name, words in _read("reach").items()}


@cache
def table() -> Table:
    """Return the table of what can be read."""
    rows = {name: _kind(said) for name, said in _read("rows").items()}
    return Table(kinds=rows | {name: _kind({"fields": said}) for name, said in _read("values").items()})


def reach_of(name: str) -> Reach:
    """Return a reach by its name, or as it is spelled out. Raises LookupError for a name that nobody declared."""
    return _reach(name) if " " in name else reaches()[name]


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_DECLARED / f"{name}.toml").read_text())


def _kind(said: Mapping[str, Any]) -> Kind:
    narrower = {name: reach_of(of) for name, of in said.get("narrower", {}).items()}
    return Kind(
        fields=frozenset(said["fields"].split()) | narrower.keys(),
        rows=reach_of(said["rows"]) if "rows" in said else None,
        kinds={name: reach_of(of) for name, of in said.get("kinds", {}).items()},
        narrower=narrower,
    )


def _reach(words: str) -> Reach:
    each = words.split()
    if len(each) != len(Role):
        raise ValueError(f"{words!r} must say a word for each of the {len(Role)} roles")
    return Reach(dict(zip(Role, each, strict=True)))
