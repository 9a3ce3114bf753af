"""Random operations that are valid, over the whole schema: whatever its types offer is asked for sooner or later."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema

from schema.execution.documents import Documents
from tests.sameness.asking import Asked
from tests.sameness.drafts import Draft
from tests.sameness.selections import Limits, Selections
from tests.sameness.stock import Stock
from tests.sameness.values import Values
from tests.sameness.viewers import Viewer

_TRIES = 50
_GRAPHQL = "application/graphql-response+json"
# Of no type that arguments have, one way or another.
_WRONG: Sequence[Any] = ({"x": 1}, [[[]]], "🙂", 1.5, 10**12, None)
# What only few may ask, and what is never compiled, is asked for less often.
_RARE = {"events": 0.1, "candidates": 0.05, "metrics": 0.05}
# How long a search took is never the same twice; it is resolved, and what it leads to is read like all else.
NEVER = {"availableSlots": 0.0}
# What only such fields lead to.
NEVER_REACHED = frozenset({"SlotSearchResult", "SolverReport", "Relaxation", "Rejection", "SlotSearchInput"})
_FOR_TECHNICIANS = {"myJobs": 0.05}
_FOR_STAFF = {"technicianQueue": 0.05}
_FOR_DISPATCHERS = {"dispatchBoard": 0.01}


@dataclass(slots=True)
class Operations:
    """Writes operations for viewers; `asked` counts how often each field was selected."""

    schema: GraphQLSchema
    stock: Stock
    chance: Random
    asked: Counter[str] = field(default_factory=Counter)
    invalid: int = 0
    documents: Documents = field(init=False)

    def __post_init__(self) -> None:
        self.documents = Documents(self.schema)

    def write(self, viewer: Viewer) -> Asked:
        """Return an operation that the server finds valid, and not too large."""
        for _ in range(_TRIES):
            before = Counter(self.asked)
            found = self._draft(viewer)
            if self._may_run(found):
                return found
            # Two fields of one name may not differ, and all of it may not be too much: chance draws again.
            self.asked = before
            self.invalid += 1
        raise RuntimeError("chance writes nothing that is valid")

    def _may_run(self, asked: Asked) -> bool:
        operation = self.documents.read(asked.query).chosen(asked.name)
        return operation is not None and operation.price(asked.variables) <= self.documents.limits.cost

    def _draft(self, viewer: Viewer) -> Asked:
        chance = self.chance
        draft = Draft(chance)
        mischief = chance.random() < 0.02
        values = Values(chance, self.stock, draft, viewer.organisation.name, mischief)
        limits = Limits(levels=chance.choices((1, 2, 3, 4, 5), (10, 20, 30, 25, 15))[0])
        selections = Selections(self.schema, chance, draft, values, limits, self.asked, viewer)
        name = chance.choice(("", "", "Q", "Board"))
        query = draft.document(name, self._root(selections, viewer))
        variables = draft.variables()
        if mischief and chance.random() < 0.3:
            variables = {each: chance.choice(_WRONG) for each in variables}
        asked = Asked(query=query, variables=variables, media=chance.choice(("application/json", _GRAPHQL)))
        if name and chance.random() < 0.2:
            other = "query Other { __typename }"
            return Asked(query=f"{query}\n{other}", variables=asked.variables, name=name, media=asked.media)
        return asked

    def _root(self, selections: Selections, viewer: Viewer) -> str:
        query = self.schema.query_type
        if query is None:
            raise TypeError("the schema has no queries")
        names = self._roots(query, viewer)
        parts = [selections.field(query, name, depth=1, rows=1) for name in names]
        if self.chance.random() < 0.1:
            parts.insert(self.chance.randint(0, len(parts)), "__typename")
        return selections.wrapped(query, parts, depth=1, rows=1)

    def _roots(self, query: GraphQLObjectType, viewer: Viewer) -> Sequence[str]:
        weights = [_weight(name, viewer) / (5 + self.asked[f"Query.{name}"]) for name in query.fields]
        return self.chance.choices(list(query.fields), weights, k=self.chance.choice((1, 1, 1, 2, 2, 3)))


def _weight(name: str, viewer: Viewer) -> float:
    weight = _RARE.get(name, NEVER.get(name, 1.0))
    if not viewer.technician:
        weight *= _FOR_TECHNICIANS.get(name, 1.0)
    if not viewer.works_here:
        weight *= _FOR_STAFF.get(name, 1.0)
    if not viewer.dispatches:
        weight *= _FOR_DISPATCHERS.get(name, 1.0)
    return weight
