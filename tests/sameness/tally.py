"""What was asked and how it was answered: the figures by which one can tell whether a comparison meant anything."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
)
from strawberry.types.field import StrawberryField

from app.domain.people import Actor
from app.domain.policy import visibility_class
from schema.execution.answers import Way
from schema.execution.documents import Documents
from schema.execution.planning import Plans
from schema.execution.selecting import NotPlanned
from tests.sameness.asking import Asked, Replies
from tests.sameness.operations import NEVER, NEVER_REACHED
from tests.sameness.steps import selected_fields
from tests.sameness.viewers import Viewer

_NESTED = 3
FAILED = "the statement failed, or found a null where none may be"


@dataclass(slots=True)
class Tally:
    """Counts operations by how they were answered, and what they selected."""

    schema: GraphQLSchema
    plans: Plans
    documents: Documents
    ways: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    levels: Counter[int] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    viewers: Counter[str] = field(default_factory=Counter)

    def count(self, viewer: Viewer, asked: Asked, replies: Replies) -> None:
        """Count an operation and its answer."""
        self.ways[replies.way or "refused"] += 1
        if replies.way is Way.ORDINARY:
            self.reasons[self.reason(viewer, asked, replies)] += 1
        self.codes.update(_codes(replies.ordinary.body))
        self.viewers[viewer.name] += 1
        selected = list(selected_fields(self.schema, asked))
        self.levels[max((level for _, level in selected), default=0)] += 1
        self.fields.update(name for name, _ in selected)

    def reason(self, viewer: Viewer, asked: Asked, replies: Replies) -> str:
        """Return why an operation was not answered by its plan."""
        actor = Actor(organization_id=viewer.organisation.id, user_id=UUID(int=0), roles=viewer.roles)
        document = self.documents.read(asked.query)
        try:
            plan = self.plans.find(self.plans.ask(document, asked.name, asked.variables), visibility_class(actor))
        except NotPlanned as reason:
            return str(reason)
        if plan.for_technicians and not viewer.technician:
            return "it is for technicians, and the viewer is none"
        found = _codes(replies.ordinary.body)
        return f"there is an error to tell: {sorted(set(found))}" if found else FAILED

    @property
    def executed(self) -> int:
        """How many operations were executed at all."""
        return self.ways[Way.PLAN] + self.ways[Way.ORDINARY]

    @property
    def planned(self) -> float:
        """The share of executed operations that plans answered, of those that none is resolved in on purpose."""
        apart = sum(self.reasons[f"{name}: {why}"] for name, why in resolved_on_purpose(self.schema).items())
        return self.ways[Way.PLAN] / max(1, self.executed - apart)

    @property
    def nested(self) -> float:
        """The share of operations that go three steps or more from thing to thing."""
        return sum(count for level, count in self.levels.items() if level >= _NESTED) / max(1, self.levels.total())

    def seldom(self, times: int) -> list[str]:
        """Return the fields of objects that lead to other objects and were selected less often than that."""
        return sorted(name for name in relations_of(self.schema) if self.fields[name] < times)

    def report(self) -> str:
        """Return the figures as lines."""
        lines = [
            f"{self.levels.total()} operations, {self.executed} executed",
            f"{self.planned:.1%} planned, {self.nested:.1%} nest three levels or more",
            f"ways: {_listed(self.ways)}",
            "not planned, because:",
            *(f"  {count} times: {reason}" for reason, count in self.reasons.most_common()),
            f"errors: {_listed(self.codes)}",
            f"levels: {_listed(self.levels)}",
            f"roots: {_listed(Counter({name: n for name, n in self.fields.items() if name.startswith('Query.')}))}",
            "relations: " + ", ".join(f"{name} {self.fields[name]}" for name in sorted(relations_of(self.schema))),
            f"viewers: {_listed(self.viewers)}",
        ]
        return "\n".join(lines)


def relations_of(schema: GraphQLSchema) -> Iterator[str]:
    """Yield each field of a query that leads from an object to others, by its coordinate; not those never asked."""
    for kind in read_types(schema):
        for name, each in kind.fields.items():
            left_out = kind.name in NEVER_REACHED or (kind.name == "Query" and name in NEVER)
            if is_composite_type(get_named_type(each.type)) and not left_out:
                yield f"{kind.name}.{name}"


def read_types(schema: GraphQLSchema) -> Sequence[GraphQLObjectType]:
    """Return the object types that a query can come to."""
    query = schema.query_type
    found: dict[str, GraphQLObjectType] = {}
    left = [] if query is None else [query]
    while left:
        kind = left.pop()
        if kind.name in found:
            continue
        found[kind.name] = kind
        for each in kind.fields.values():
            named = get_named_type(each.type)
            if isinstance(named, GraphQLObjectType):
                left.append(named)
            elif isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
                left += schema.get_possible_types(named)
    return [found[name] for name in sorted(found)]


def _codes(body: bytes) -> list[str]:
    return [each["extensions"]["code"] for each in json.loads(body).get("errors", ())]


def _listed(counts: Counter[str] | Counter[int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda each: str(each[0])))


def resolved_on_purpose(schema: GraphQLSchema) -> dict[str, str]:
    """Return the fields that are declared to be resolved only, with their reasons."""
    found = {}
    for kind in read_types(schema):
        for name, each in kind.fields.items():
            declared = (each.extensions or {}).get("strawberry-definition")
            if isinstance(declared, StrawberryField) and "ordinary" in declared.metadata:
                found[f"{kind.name}.{name}"] = str(declared.metadata["ordinary"])
    return found
