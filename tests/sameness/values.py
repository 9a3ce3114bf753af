"""Values for arguments, by the schema's own input types; ids, cursors and words come from a stock."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    is_required_argument,
    is_required_input_field,
)

from tests.sameness.drafts import ABSENT, Draft, Word, has_variable
from tests.sameness.stock import Stock

_DEEPEST_FILTER = 3
# The other ids are named after what they identify: technicianId, skillIds.
_KINDS = {"assigneeId": "Technician", "TechnicianFilter.ids": "Technician", "requesterId": "User", "actorId": "User"}
_NUMBERS = (-1, 0, 1, 2, 3, 5, 2_147_483_647)


@dataclass(slots=True)
class Values:
    """Draws values for one viewer's operation; with `mischief` some make no sense."""

    chance: Random
    stock: Stock
    draft: Draft
    organisation: str
    mischief: bool = False

    def mistaken(self) -> bool:
        """Tell whether to make a mistake now."""
        return self.mischief and self.chance.random() < 0.4

    def argument(self, name: str, argument: GraphQLArgument, kind: str | None) -> Any:
        """Return a value for an argument, ABSENT to leave it away; `kind` is what a bare id identifies."""
        if not isinstance(argument.type, GraphQLNonNull):
            if self.chance.random() < 0.45:
                return ABSENT
            if self.chance.random() < 0.08:
                return None
        elif not is_required_argument(argument) and self.chance.random() < 0.5:
            return ABSENT
        return self.value(argument.type, name, kind, variables=self.chance.random() < 0.7)

    def value(
        self, kind: GraphQLInputType, name: str, identified: str | None, *, variables: bool, depth: int = 1
    ) -> Any:
        """Return a value of an input type; `name` is the argument's or field's it is for."""
        if isinstance(kind, GraphQLNonNull):
            return self.value(kind.of_type, name, identified, variables=variables, depth=depth)
        if isinstance(kind, GraphQLList):
            several = [
                self.value(kind.of_type, name, identified, variables=variables, depth=depth)
                for _ in range(self._length(name))
            ]
            if len(several) == 1 and self.chance.random() < 0.2:
                # A single value stands for a list of one.
                return several[0]
            if variables and several and self.chance.random() < 0.1 and not has_variable(several[0]):
                several[0] = self.draft.variable(kind.of_type, several[0])
            return several
        if isinstance(kind, GraphQLEnumType):
            return Word(self.chance.choice(list(kind.values)))
        if isinstance(kind, GraphQLInputObjectType):
            return self._object(kind, identified, variables=variables, depth=depth)
        return self._scalar(kind.name, name, identified)

    def _length(self, name: str) -> int:
        if name in {"and", "or"}:
            return self.chance.choice((0, 1, 1, 2))
        if self.mistaken():
            return 101
        return self.chance.choice((0, 1, 1, 2, 3, 8))

    def _object(
        self, kind: GraphQLInputObjectType, identified: str | None, *, variables: bool, depth: int
    ) -> dict[str, Any]:
        nests = [each for each, field in kind.fields.items() if kind.name in str(field.type)]
        others = [each for each in kind.fields if each not in nests]
        chosen = self.chance.sample(others, min(len(others), self.chance.choice((0, 1, 1, 1, 2, 3))))
        deepest = 8 if self.mistaken() else _DEEPEST_FILTER
        if nests and depth < deepest and self.chance.random() < 0.5:
            chosen.append(self.chance.choice(nests))
        for each, field in kind.fields.items():
            if is_required_input_field(field) and each not in chosen:
                chosen.append(each)
        self.chance.shuffle(chosen)
        found: dict[str, Any] = {}
        for each in chosen:
            field = kind.fields[each]
            if not isinstance(field.type, GraphQLNonNull) and self.chance.random() < 0.06:
                found[each] = None
                continue
            of = self._identified(kind.name, each) or identified
            value = self.value(field.type, each, of, variables=False, depth=depth + 1)
            if variables and self.chance.random() < 0.12:
                value = self.draft.variable(field.type, value)
            found[each] = value
        return found

    def _identified(self, kind: str, name: str) -> str | None:
        named = _KINDS.get(f"{kind}.{name}") or _KINDS.get(name)
        if named is not None:
            return named
        stem = name.removesuffix("s").removesuffix("Id")
        return stem[:1].upper() + stem[1:] if stem != name and name.rstrip("s").endswith("Id") else None

    def _scalar(self, kind: str, name: str, identified: str | None) -> Any:
        match kind:
            case "ID":
                return self.id(identified or _KINDS.get(name) or self._identified("", name))
            case "Int":
                return self.chance.choice(_NUMBERS)
            case "Boolean":
                return self.chance.random() < 0.5
            case "DateTime":
                return self.chance.choice(self._moments(name))
            case "Date":
                return self.chance.choice(self.stock.days)
            case "EventCursor":
                return self._event_cursor()
            case "String":
                return self._text(name)
        raise LookupError(f"no values are known for {name}: {kind}")

    def _moments(self, name: str) -> Sequence[str]:
        # A time from behind its end, or longer than may be asked for, is a mistake.
        if name not in {"from", "to"} or self.mistaken():
            return self.stock.moments
        return self.stock.shortly_before if name == "from" else self.stock.shortly_after

    def id(self, kind: str | None) -> str:
        """Return the id of a row of this type, or of any; now and then of another organisation or of none."""
        drawn = self.chance.random()
        if self.mistaken():
            return self.chance.choice((self.id(None), "", "nonsense", "VGlja2V0OjE=", "🙂", "A" * 200))
        if kind is None:
            kind = self.chance.choice(self.stock.kinds)
        if drawn < 0.03:
            return self.stock.nobodys(kind)
        whose = self.organisation if drawn < 0.93 else self.stock.other(self.organisation)
        return self.chance.choice(self.stock.ids(whose, kind))

    def _event_cursor(self) -> str:
        if self.mistaken():
            return self.chance.choice(("nonsense", *self.stock.event_cursors(self.stock.other(self.organisation))))
        return self.chance.choice(self.stock.event_cursors(self.organisation))

    def _text(self, name: str) -> str:
        match name:
            case "search":
                odd = self.mistaken()
                return self.chance.choice(
                    ("x" * 201, "\x00") if odd else ("pump", "leak", "se", "the 1", "", "!", "🙂")
                )
            case "fields":
                return self.chance.choice(("title", "status", "priority", "body", "nothing"))
            case "tags":
                return self.chance.choice(self.stock.tags)
            case "ticketNumber":
                odd = self.mistaken() or self.chance.random() < 0.1
                return self.chance.choice(("", "TKT-0", "\x00", "é🙂") if odd else self.stock.numbers)
        raise LookupError(f"no texts are known for {name}")

    def cursor(self, place: str) -> str:
        """Return a cursor of a list that is ordered as `place` says."""
        if self.mistaken():
            return self.chance.choice(("", "nonsense", "AQ", self._anywhere()))
        return self.chance.choice(self.stock.cursors(self.organisation, place) or [self._anywhere()])

    def _anywhere(self) -> str:
        return self.chance.choice(self.stock.all_cursors(self.organisation))

    def size(self, most: int) -> int:
        """Return how many rows to ask for, at most so many."""
        if self.mistaken():
            return self.chance.choice((-1, 101, 2_147_483_647))
        sizes: Sequence[int] = (0, 1, 1, 2, 2, 3, 4, 5, 7, 10, 20, 50, 100)
        return self.chance.choice([size for size in sizes if size <= most] or [0, 1])
