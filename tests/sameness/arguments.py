"""Arguments of a field: what fits together, and how long the list will be that they ask for."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from graphql import GraphQLArgument, GraphQLField, get_named_type, get_nullable_type, is_list_type

from tests.sameness.drafts import ABSENT, Draft, Word
from tests.sameness.stock import Order, orders_of, place_of
from tests.sameness.values import Values
from tests.sameness.viewers import Viewer

_USUAL = 20
_PAGING = ("first", "after", "last", "before")


@dataclass(frozen=True, slots=True)
class Written:
    """Arguments as text. `size` is how many rows they ask for, `kinds` what types ids among them are of."""

    text: str
    size: int | None = None
    kinds: Sequence[str] = ()


class Arguments:
    """Writes the arguments of one operation's fields."""

    def __init__(self, chance: Random, draft: Draft, values: Values, viewer: Viewer) -> None:
        self._chance = chance
        self._draft = draft
        self._values = values
        self._viewer = viewer

    def of(self, parent: str, name: str, field: GraphQLField, *, most: int) -> Written:
        """Return arguments for a field, which ask for at most so many rows where they tell how many."""
        if not field.args:
            return Written("")
        chosen: dict[str, Any] = {}
        size, kinds = None, []
        coordinate = f"{parent}.{name}"
        if coordinate == "Query.ticket" and not self._values.mistaken():
            chosen = self._one_of(field)
        else:
            named = get_named_type(field.type).name
            for each, argument in field.args.items():
                if each == "orderBy" or each == "first" or (each in _PAGING and not _is_log(field)):
                    continue
                if each in {"id", "ids"}:
                    kinds = self._kinds(each, None if named == "Node" else named)
                    ids = [self._values.id(kind) for kind in kinds]
                    chosen[each] = ids if is_list_type(get_nullable_type(argument.type)) else ids[0]
                    size = len(ids) if each == "ids" else None
                    continue
                chosen[each] = self._values.argument(each, argument, None)
            if coordinate == "Query.technicianQueue" and not self._viewer.technician and not self._values.mistaken():
                chosen["technicianId"] = self._values.id("Technician")
        if _is_log(field):
            size = self._values.size(most)
            chosen["first"] = max(1, size) if self._chance.random() < 0.9 else size
        elif "after" in field.args:
            size = self._page(coordinate, field, chosen, most)
        texts = self._texts(field, chosen)
        return Written(f"({', '.join(texts)})" if texts else "", None if size is None else abs(size), kinds)

    def _texts(self, field: GraphQLField, chosen: dict[str, Any]) -> list[str]:
        names = list(chosen)
        self._chance.shuffle(names)
        texts = []
        for name in names:
            written = self._draft.written(field.args[name].type, chosen[name])
            if written is not None:
                texts.append(f"{name}: {written}")
        return texts

    def _one_of(self, field: GraphQLField) -> dict[str, Any]:
        if self._chance.random() < 0.6:
            return {"id": self._values.id("Ticket"), "ticketNumber": self._chance.choice((ABSENT, ABSENT, None))}
        argument = field.args["ticketNumber"]
        number = self._values.value(argument.type, "ticketNumber", None, variables=False)
        return {"id": self._chance.choice((ABSENT, ABSENT, None)), "ticketNumber": number}

    def _kinds(self, name: str, kind: str | None) -> list[str]:
        count = 1 if name == "id" else self._chance.choice((0, 1, 2, 3, 5))
        return [kind or self._chance.choice(self._values.stock.kinds) for _ in range(count)]

    def _page(self, coordinate: str, field: GraphQLField, chosen: dict[str, Any], most: int) -> int:
        order = self._order(field.args.get("orderBy"), chosen)
        backwards = "last" in field.args and self._chance.random() < 0.3
        size_name, place_name = ("last", "before") if backwards else ("first", "after")
        usual = field.args["first"].default_value
        usual = usual if isinstance(usual, int) else _USUAL
        size = self._values.size(most)
        if usual <= most and self._chance.random() < 0.25:
            size, chosen[size_name] = usual, self._chance.choice((ABSENT, ABSENT, None))
        else:
            chosen[size_name] = size
        if self._chance.random() < 0.35:
            chosen[place_name] = self._values.cursor(place_of(coordinate, order))
        elif backwards and chosen[size_name] in (ABSENT, None):
            # Nothing else says that the page is read backwards, and then it is not.
            chosen[place_name] = self._chance.choice((ABSENT, None))
        else:
            chosen[place_name] = ABSENT
        if self._values.mistaken():
            chosen["first"], chosen["after"] = 1, self._values.cursor(place_of(coordinate, order))
        return size

    def _order(self, argument: GraphQLArgument | None, chosen: dict[str, Any]) -> Order:
        if argument is None:
            return None
        order: Order = self._chance.choice(orders_of(argument)) if self._chance.random() < 0.6 else None
        if order is not None and self._values.mistaken():
            order = [*order, *order]
        worded = None if order is None else [{name: Word(word) for name, word in each.items()} for each in order]
        chosen["orderBy"] = ABSENT if worded is None and self._chance.random() < 0.9 else worded
        return order


def _is_log(field: GraphQLField) -> bool:
    """Tell whether a field reads the log, whose cursors are of another kind than those of lists."""
    return "after" in field.args and get_named_type(field.args["after"].type).name == "EventCursor"
