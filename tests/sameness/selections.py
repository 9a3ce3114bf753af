"""Selections of an operation: fields, aliases, fragments, directives, as deep and as dear as the limits let them be."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
)
from strawberry.types.field import StrawberryField

from tests.sameness.arguments import Arguments
from tests.sameness.drafts import Draft
from tests.sameness.steps import Composite, composite, holds, is_value
from tests.sameness.values import Values
from tests.sameness.viewers import Viewer

_DEEPEST = 12
# How long lists that have no pages are taken to be.
_SHORT_LIST = 10
_MOST_ALIASES = 12


@dataclass(slots=True)
class Limits:
    """How much an operation may still ask: steps from thing to thing, and rows."""

    levels: int
    cost: int = 3000
    aliases: int = _MOST_ALIASES


@dataclass(frozen=True, slots=True)
class _Fragment:
    name: str
    on: str
    depth: int
    cost: int


class Selections:
    """Writes the selections of one operation."""

    def __init__(
        self,
        schema: GraphQLSchema,
        chance: Random,
        draft: Draft,
        values: Values,
        limits: Limits,
        asked: Counter[str],
        viewer: Viewer,
    ) -> None:
        self._schema = schema
        self._chance = chance
        self._draft = draft
        self._limits = limits
        self._asked = asked
        self._arguments = Arguments(chance, draft, values, viewer)
        self._fragments: list[_Fragment] = []

    def field(self, parent: GraphQLObjectType | GraphQLInterfaceType, name: str, *, depth: int, rows: int) -> str:
        """Return a field with its arguments and selection."""
        field = parent.fields[name]
        self._asked[f"{parent.name}.{name}"] += 1
        most = max(0, min(100, self._limits.cost // (rows * 8)))
        written = self._arguments.of(parent.name, name, field, most=most)
        head = f"{self._alias(name, written.text)}{name}{written.text}{self._directive(0.06)}"
        named = get_named_type(field.type)
        if is_leaf_type(named):
            return f"{head} {head}" if self._chance.random() < 0.04 else head
        # The rows of a page were counted with the arguments that ask for them.
        many = (
            written.size
            if written.size is not None
            else 1
            if isinstance(parent, GraphQLObjectType) and holds(parent) and _declared(field) is None
            else _length(field)
        )
        inner = max(1, rows * many)
        self._limits.cost -= inner
        text = f"{head} {self._entered(named, depth, inner, written.kinds)}"
        if self._chance.random() < 0.08:
            # The same field once more: what is selected of it is merged.
            text += f" {head} {self._entered(named, depth, inner, written.kinds, levels=1)}"
        return text

    def wrapped(self, named: Composite, parts: list[str], *, depth: int, rows: int) -> str:
        """Return the parts as a selection set, some of them within fragments."""
        chance = self._chance
        if len(parts) > 1 and chance.random() < 0.3:
            cut = chance.randrange(1, len(parts))
            inner = " ".join(parts[cut:])
            if chance.random() < 0.5:
                on = f" on {named.name}" if chance.random() < 0.7 else ""
                parts = [*parts[:cut], f"...{on}{self._directive(0.3)} {{ {inner} }}"]
            else:
                parts = [*parts[:cut], f"...{self._named(named, inner, depth, rows)}{self._directive(0.2)}"]
        parts = [*parts, *self._of_interfaces(named), *self._known(named, depth, rows)]
        if chance.random() < 0.12:
            parts.insert(chance.randint(0, len(parts)), f"__typename{self._directive(0.1)}")
        return f"{{ {' '.join(parts or ['__typename'])} }}"

    def _entered(self, named: object, depth: int, rows: int, kinds: Sequence[str], *, levels: int | None = None) -> str:
        if not isinstance(named, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
            raise TypeError(f"{named} has no fields")
        before = self._limits.levels
        inside = before if levels is None else min(levels, before)
        self._limits.levels = inside if holds(named) else inside - 1
        if isinstance(named, GraphQLObjectType):
            parts = self._of_object(named, depth + 1, rows)
        else:
            parts = list(self._of_abstract(named, depth + 1, rows, kinds))
        text = self.wrapped(named, parts, depth=depth + 1, rows=rows)
        self._limits.levels = before
        return text

    def _of_object(self, kind: GraphQLObjectType, depth: int, rows: int) -> list[str]:
        leaves = [name for name, field in kind.fields.items() if is_leaf_type(get_named_type(field.type))]
        others = [name for name in kind.fields if name not in leaves]
        names = self._least_asked(kind, leaves, 6 if _is_seldom(kind) else self._chance.choice((1, 1, 2, 3, 4)))
        names += self._branches(kind, others, depth, rows)
        self._chance.shuffle(names)
        return [self.field(kind, name, depth=depth, rows=rows) for name in names]

    def _branches(self, kind: GraphQLObjectType, names: list[str], depth: int, rows: int) -> list[str]:
        chance = self._chance
        fit = [name for name in names if self._fits(kind.fields[name], depth, rows)]
        if holds(kind):
            # Without its rows a list is nothing to look at.
            rows_of = [name for name in fit if not is_value(composite(kind.fields[name]))]
            chosen = self._least_asked(kind, rows_of, chance.choice((1, 1, 2)))
            return chosen + [name for name in fit if name not in rows_of and self._wants(kind, name, 0.4)]
        values = [name for name in fit if is_value(composite(kind.fields[name]))]
        things = [name for name in fit if name not in values] if self._limits.levels > 0 else []
        seldom = _is_seldom(kind)
        chosen = self._least_asked(kind, things, 3 if seldom else chance.choice((1, 1, 2, 2, 3)))
        return chosen + [name for name in values if self._wants(kind, name, 0.8 if seldom else 0.25)]

    def _wants(self, kind: GraphQLObjectType, name: str, likely: float) -> bool:
        """Tell whether to select a field; at first more likely than later."""
        return self._chance.random() < max(likely, 1 / (1 + self._asked[f"{kind.name}.{name}"] / 20))

    def _fits(self, field: GraphQLField, depth: int, rows: int) -> bool:
        kind = composite(field)
        needed = 1 if is_value(kind) else 3 if holds(kind) else 2
        return depth + needed <= _DEEPEST and self._limits.cost > rows * _length(field) * 2

    def _of_abstract(
        self, kind: GraphQLInterfaceType | GraphQLUnionType, depth: int, rows: int, kinds: Sequence[str]
    ) -> Iterator[str]:
        chance = self._chance
        if isinstance(kind, GraphQLInterfaceType) and chance.random() < 0.7:
            yield from (self.field(kind, name, depth=depth, rows=rows) for name in kind.fields)
        possible = {each.name: each for each in self._schema.get_possible_types(kind)}
        wanted = {*(name for name in kinds if chance.random() < 0.8), *chance.sample(list(possible), 2)}
        if isinstance(kind, GraphQLUnionType):
            wanted |= {name for name, each in possible.items() if each.interfaces}
        for each in sorted(wanted & possible.keys()):
            inner = self.wrapped(possible[each], self._of_object(possible[each], depth, rows), depth=depth, rows=rows)
            if chance.random() < 0.3:
                yield f"...{self._named(possible[each], inner[2:-2], depth, rows)}"
            else:
                yield f"... on {each}{self._directive(0.1)} {inner}"
        if isinstance(kind, GraphQLInterfaceType) and chance.random() < 0.3:
            yield "... on Versioned { version updatedAt }"

    def _of_interfaces(self, named: Composite) -> Iterator[str]:
        if isinstance(named, GraphQLObjectType):
            for interface in named.interfaces:
                if self._chance.random() < 0.06:
                    fields = self._least_asked(interface, list(interface.fields), 2)
                    yield f"... on {interface.name} {{ {' '.join(fields)} ... on {named.name} {{ __typename }} }}"

    def _named(self, named: Composite, inner: str, depth: int, rows: int) -> str:
        """Make a named fragment of a selection and return its name."""
        name = self._draft.name("F")
        self._draft.fragments[name] = f"fragment {name} on {named.name} {{ {inner} }}"
        used = [each for each in self._fragments if re.search(rf"\.\.\.{each.name}\b", inner)]
        braces, deep = 1, 1
        for sign in re.findall(r"(?<![:(,] )[{}]", re.sub(r"\([^()]*\)", "", inner)):
            braces += 1 if sign == "{" else -1
            deep = max(deep, braces)
        deep += max((each.depth for each in used), default=0)
        self._fragments.append(_Fragment(name, named.name, deep, 20 * rows if depth else 0))
        return name

    def _known(self, named: Composite, depth: int, rows: int) -> Iterator[str]:
        """Spread a fragment that stands already, now and then."""
        if self._chance.random() >= 0.08:
            return
        fit = [
            each
            for each in self._fragments
            if each.on == named.name and depth + each.depth <= _DEEPEST and each.cost * rows < self._limits.cost // 4
        ]
        for each in fit[:1]:
            self._limits.cost -= each.cost * rows
            yield f"...{each.name}"

    def _alias(self, name: str, arguments: str) -> str:
        if self._limits.aliases == 0:
            return ""
        if arguments and self._chance.random() < 0.75:
            self._limits.aliases -= 1
            return f"{self._draft.name(name)}: "
        if not arguments and self._chance.random() < 0.1:
            self._limits.aliases -= 1
            return f"a{self._chance.randint(0, 2)}_{name}: "
        return ""

    def _directive(self, likely: float) -> str:
        if self._chance.random() >= likely:
            return ""
        return f" @{self._chance.choice(('include', 'skip'))}(if: {self._draft.switch()})"

    def _least_asked(
        self, kind: GraphQLObjectType | GraphQLInterfaceType, names: Sequence[str], count: int
    ) -> list[str]:
        left = list(names)
        chosen: list[str] = []
        while left and len(chosen) < count:
            weights = [1 / (1 + self._asked[f"{kind.name}.{name}"]) for name in left]
            chosen.append(self._chance.choices(left, weights)[0])
            left.remove(chosen[-1])
        return chosen


def _is_seldom(kind: GraphQLObjectType) -> bool:
    """Tell whether operations come to the type seldom, and then look at more of it."""
    return any(each.name == "DomainEvent" for each in kind.interfaces)


def _length(field: GraphQLField) -> int:
    short = _SHORT_LIST if is_list_type(get_nullable_type(field.type)) else 1
    return _declared(field) or short


def _declared(field: GraphQLField) -> int | None:
    """Return how many rows a list is declared to have."""
    declared = (field.extensions or {}).get("strawberry-definition")
    return declared.metadata.get("rows") if isinstance(declared, StrawberryField) else None
