"""Holds an answer against the whole truth with what the table hides taken out."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, get_named_type

from app.domain.people import Role
from tests.rights.scene import Scene, Thing
from tests.rights.selecting import is_row
from tests.rights.table import Table

INTERNAL = "internal"
# Addresses are signed for a time; and an entry without its field has another place.
OWN_OF_EACH_ANSWER = {"Appointment.icsUrl", "Attachment.downloadUrl", "AuditEntry.id"}


@dataclass(slots=True, kw_only=True)
class Looking:
    """Compares answers with the table, and counts what was compared."""

    schema: GraphQLSchema
    scene: Scene
    table: Table
    # Cases by coordinate and by what is to be seen.
    seen: Counter[str] = field(default_factory=Counter)
    hidden: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def look(self, role: Role, thing: Thing, whole: Mapping[str, Any], told: Mapping[str, Any] | None) -> None:
        """Compare what a role is told of a row with the whole row; all that differs is in `wrong` afterwards."""
        kind = self.schema.type_map[thing.kind]
        if not self.table.sees(role, thing):
            self._count(kind, shown=False)
            if told is not None:
                self._differs(role, thing, thing.kind, "is to be hidden")
            return
        if told is None:
            self._differs(role, thing, thing.kind, "is to be seen")
            return
        self._fields(role, thing, kind, whole, told, thing.kind)

    def rows(self, role: Role, whole: Sequence[Any]) -> list[str]:
        """Return the ids of those rows of a list that a role is to see."""
        return [each["id"] for each in whole if self.table.sees(role, self.scene.things[each["id"]])]

    def _fields(self, role: Role, thing: Thing, kind: Any, whole: Any, told: Any, at: str) -> None:
        for name, field_ in kind.fields.items():
            if name not in whole:
                continue
            shown = self.table.shows(role, kind.name, name, thing)
            here = f"{kind.name}.{name}"
            inner = get_named_type(field_.type)
            if not shown:
                if whole[name] is not None:
                    self.hidden[here] += 1
                # What one may not do is no secret: it is false.
                if told[name] is not None and told[name] is not False:
                    self._differs(role, thing, here, "is to be hidden")
                continue
            if kind.name.endswith("Connection"):
                continue
            self._value(role, thing, inner, whole[name], told[name], here)
        if kind.name.endswith("Connection"):
            self._connection(role, thing, kind, whole, told, at)

    def _value(self, role: Role, thing: Thing, kind: Any, whole: Any, told: Any, at: str) -> None:
        if isinstance(whole, list):
            if told is None:
                self._differs(role, thing, at, "is to be seen")
            elif is_row(self.schema, kind):
                self._same(role, thing, at, self.rows(role, whole), [each["id"] for each in told])
            elif isinstance(kind, GraphQLObjectType):
                self._same(role, thing, at, len(whole), len(told))
                for one, other in zip(whole, told, strict=False):
                    self._fields(role, thing, kind, one, other, at)
            else:
                self._leaf(role, thing, whole, told, at)
            return
        if whole is None:
            # Nothing is there; that there is something is a leak of its own kind.
            if told is not None:
                self._differs(role, thing, at, "is nowhere else to be seen")
            return
        if is_row(self.schema, kind):
            sees = self.table.sees(role, self.scene.things[whole["id"]])
            self._same(role, thing, at, whole["id"] if sees else None, told and told["id"])
        elif told is None:
            self._differs(role, thing, at, "is to be seen")
        elif isinstance(kind, GraphQLObjectType):
            self.seen[at] += 1
            self._fields(role, thing, kind, whole, told, at)
        else:
            self._leaf(role, thing, whole, told, at)

    def _leaf(self, role: Role, thing: Thing, whole: Any, told: Any, at: str) -> None:
        if whole in ([], None):
            return
        if whole == told or at in OWN_OF_EACH_ANSWER:
            self.seen[at] += 1
        else:
            self._differs(role, thing, at, f"is to be {whole!r}, and is {told!r}")

    def _connection(self, role: Role, thing: Thing, kind: Any, whole: Any, told: Any, at: str) -> None:
        node = get_named_type(kind.fields["nodes"].type)
        if not is_row(self.schema, node):
            wanted = [self._entry(role, thing, each) for each in whole["nodes"] if self._happened(role, thing, each)]
            self._same(role, thing, f"{kind.name}.totalCount", len(wanted), told["totalCount"])
            for one, other in zip(wanted, told["nodes"], strict=False):
                self._fields(role, thing, node, one, other, at)
        else:
            wanted_ids = self.rows(role, whole["nodes"])
            self._same(role, thing, at, wanted_ids, [each["id"] for each in told["nodes"]])
            self._same(role, thing, at, wanted_ids, [each["node"]["id"] for each in told["edges"]])
            self._same(role, thing, f"{kind.name}.totalCount", len(wanted_ids), told["totalCount"])
        if whole["nodes"]:
            for name in whole:
                self.seen[f"{kind.name}.{name}"] += 1
            edge = get_named_type(kind.fields["edges"].type)
            for name in whole["edges"][0]:
                self.seen[f"{edge.name}.{name}"] += 1
            for name in whole["pageInfo"]:
                self.seen[f"PageInfo.{name}"] += 1

    def _happened(self, role: Role, thing: Thing, entry: Mapping[str, Any]) -> bool:
        """Tell whether a role sees an entry of a ticket's history: not what was said among colleagues."""
        within = (entry["field"] == INTERNAL and entry["newValue"]) or f"{INTERNAL} words" in str(entry["newValue"])
        said = self.table.kinds["Comment"].row(INTERNAL if within else "public")
        return said.covers(role, thing.whose, active=thing.active)

    def _entry(self, role: Role, thing: Thing, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return an entry without the place, for whoever does not see the ticket's."""
        if entry["field"] != "address" or self.table.shows(role, "Ticket", "address", thing):
            return entry
        return {**entry, "field": None, "oldValue": None, "newValue": None}

    def _same(self, role: Role, thing: Thing, at: str, wanted: object, told: object) -> None:
        if wanted == told:
            (self.seen if wanted else self.hidden)[at] += 1
        else:
            self._differs(role, thing, at, f"is to be {self._named(wanted)}, and is {self._named(told)}")

    def _named(self, value: object) -> object:
        """Return a value with ids as what they stand for."""
        if isinstance(value, list):
            return [self._named(each) for each in value]
        thing = self.scene.things.get(value) if isinstance(value, str) else None
        return value if thing is None else f"{thing.kind} {thing.variant} of {thing.whose}"

    def _count(self, kind: Any, *, shown: bool) -> None:
        for name in kind.fields:
            (self.seen if shown else self.hidden)[f"{kind.name}.{name}"] += 1

    def _differs(self, role: Role, thing: Thing, at: str, how: str) -> None:
        self.wrong.append(f"{at} of {thing.kind} {thing.variant} of {thing.whose} {how} for {role}")


def ids_in(value: object) -> Iterator[str]:
    """Yield every text of an answer, in which an id may be."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from ids_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from ids_in(each)
    elif isinstance(value, str):
        yield value
