"""What there is to ask for: ids of rows, cursors that lists gave out, and words that rows have."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)

from app.domain.cursors import CursorCodec, LogPosition
from app.reads.entities import NODES
from schema.ids import global_id
from tests.sameness.asking import Asked, Servers
from tests.sameness.loading import CURSOR_KEY, EPOCH, other_key
from tests.sameness.organisation import Organisation
from tests.sameness.viewers import Viewer

Order = list[dict[str, str]] | None
BOARD_FILTER = '{from: "2026-01-01T00:00:00Z", to: "2027-01-01T00:00:00Z"}'
# As long as may be asked for, around the moments that most rows have.
_A_YEAR = 'from: "2025-09-01T00:00:00Z", to: "2026-09-01T00:00:00Z"'
# Lists of things that no list at the root has.
_ONLY_WITHIN = {
    "Asset.appointments": "customers(first: 10) { nodes { assets { %s } } }",
    "BoardRow.queue": f"dispatchBoard(filter: {BOARD_FILTER}) {{ rows {{ %s }} }}",
    "AppointmentSeries.occurrences": f"appointments(first: 50, {_A_YEAR}) {{ nodes {{ series {{ %s }} }} }}",
}
_NEAR = timedelta(days=100)
_CURSORS = frozenset({"cursor", "startCursor", "endCursor"})


class Stock:
    """Everything that arguments are drawn from; `learn` asks the server for its cursors first."""

    def __init__(self, organisations: Sequence[Organisation]) -> None:
        self._organisations = {each.name: each for each in organisations}
        self._cursors: dict[tuple[str, str], list[str]] = {}
        words = organisations[0].vocabulary
        self.kinds = tuple(NODES)
        # Those of moments that rows have, and some other.
        self.days = sorted({moment.date().isoformat() for moment in words.moments} | {"2026-07-01"})
        self.tags = list(words.tags)
        self.numbers = organisations[0].numbers
        self.moments = [_spelled(moment.isoformat(), at) for at, moment in enumerate(words.moments)]
        in_order = sorted(range(len(self.moments)), key=words.moments.__getitem__)
        half = len(in_order) // 2
        # Near enough to each other that the time between them can be asked for.
        middle = words.moments[in_order[half]]
        self.shortly_before, self.shortly_after = (
            [self.moments[at] for at in part if abs(words.moments[at] - middle) < _NEAR]
            for part in (in_order[:half], in_order[half:])
        )

    def ids(self, organisation: str, kind: str) -> list[str]:
        """Return the ids of an organisation's rows of a type."""
        of = self._organisations[organisation]
        keys = [of.id] if kind == "Organization" else of.keys[kind]
        return [global_id(kind, key) for key in keys]

    def nobodys(self, kind: str) -> str:
        """Return an id that no row has."""
        return global_id(kind, other_key(kind))

    def other(self, organisation: str) -> str:
        """Return the name of another organisation."""
        return next(name for name in self._organisations if name != organisation)

    def cursors(self, organisation: str, place: str) -> list[str]:
        """Return the cursors that a list ordered so gave out."""
        return self._cursors.get((organisation, place), [])

    def all_cursors(self, organisation: str) -> list[str]:
        """Return every cursor that any list gave out; before any did, a text that is none."""
        found = [each for (name, _), known in self._cursors.items() if name == organisation for each in known]
        return found or ["AQ"]

    def event_cursors(self, organisation: str) -> list[str]:
        """Return cursors of places in the log."""
        codec, of = CursorCodec(CURSOR_KEY), self._organisations[organisation].id
        places = (LogPosition(organization_id=of, epoch=EPOCH, position=position) for position in (0, 3, 9, 20))
        return [codec.encode(place) for place in places]

    @property
    def places(self) -> set[str]:
        """The lists, with their orders, whose cursors are known."""
        return {place for _, place in self._cursors}

    async def learn(self, schema: GraphQLSchema, servers: Servers, viewers: Mapping[str, Viewer]) -> None:
        """Ask for pages of every list in every order; `viewers` see all of their organisation."""
        for name, viewer in viewers.items():
            for place, asked in _pages(schema):
                told = json.loads((await servers.resolve(viewer, asked)).body)
                found = list(dict.fromkeys(_cursors_in(told)))
                if "errors" in told or not found:
                    raise LookupError(f"{place} gave out no cursors: {told}")
                self._cursors.setdefault((name, place), []).extend(found)


def place_of(coordinate: str, order: Order) -> str:
    """Return the name of a list in an order, under which its cursors are known."""
    return f"{coordinate} {json.dumps(order)}"


def orders_of(argument: GraphQLArgument | None) -> list[Order]:
    """Return the orders to ask for: each field both ways and by default, and a few fields together."""
    if argument is None:
        return [None]
    kind = get_named_type(argument.type)
    if not isinstance(kind, GraphQLInputObjectType):
        raise TypeError("an order is an input object")
    named = get_named_type(kind.fields["field"].type)
    if not isinstance(named, GraphQLEnumType):
        raise TypeError("an order names its field by an enum")
    words = list(named.values)
    single: list[Order] = [
        [{"field": word, **way}] for word in words for way in ({}, {"direction": "ASC"}, {"direction": "DESC"})
    ]
    mixed: list[Order] = [
        [{"field": one, "direction": "ASC"}, {"field": two, "direction": way}]
        for one, two in pairwise([*words, words[0]])
        for way in ("ASC", "DESC")
    ]
    return [None, *single, *mixed, [{"field": word} for word in reversed(words)]]


def _pages(schema: GraphQLSchema) -> Iterator[tuple[str, Asked]]:
    """Yield a request for pages of every list of the schema, by the list's place."""
    query = schema.query_type
    if query is None:
        raise TypeError("the schema has no queries")
    parents = {}
    for name, field in query.fields.items():
        if "after" not in field.args or "first" not in field.args or "types" in field.args:
            continue
        for order in orders_of(field.args.get("orderBy")):
            yield place_of(f"Query.{name}", order), _request(name, field, order, "%s")
        row = _row_of(field)
        if row is not None and name != "myJobs":
            parents[row.name] = name
    for kind, name in parents.items():
        inner = schema.type_map[kind]
        if isinstance(inner, GraphQLObjectType):
            for each, field in inner.fields.items():
                if "after" in field.args:
                    asked = _request(each, field, None, f"{name}(first: 100) {{ nodes {{ %s }} }}")
                    yield place_of(f"{kind}.{each}", None), asked
    for place, around in _ONLY_WITHIN.items():
        named, each = place.split(".")
        inner = schema.type_map[named]
        if isinstance(inner, GraphQLObjectType):
            yield place_of(place, None), _request(each, inner.fields[each], None, around)


def _request(name: str, field: GraphQLField, order: Order, around: str) -> Asked:
    edges = "edges" in getattr(get_named_type(field.type), "fields", {})
    wanted = "pageInfo { startCursor endCursor }" + (" edges { cursor }" if edges else "")
    declared, ordered = "", ""
    if "from" in field.args:
        ordered = f", {_A_YEAR}"
    if order is not None:
        declared, ordered = f"query ($order: {field.args['orderBy'].type}) ", ", orderBy: $order"
    pages = " ".join(f"p{size}: {name}(first: {size}{ordered}) {{ {wanted} }}" for size in (2, 5))
    return Asked(query=f"{declared}{{ {around % pages} }}", variables={} if order is None else {"order": order})


def _row_of(field: GraphQLField) -> GraphQLObjectType | None:
    nodes = getattr(get_named_type(field.type), "fields", {}).get("nodes")
    named = None if nodes is None else get_named_type(nodes.type)
    return named if isinstance(named, GraphQLObjectType) else None


def _cursors_in(told: Any) -> Iterator[str]:
    if isinstance(told, dict):
        for name, value in told.items():
            if name in _CURSORS and isinstance(value, str):
                yield value
            else:
                yield from _cursors_in(value)
    elif isinstance(told, list):
        for each in told:
            yield from _cursors_in(each)


def _spelled(moment: str, number: int) -> str:
    """Spell a moment in one of the ways that clients may."""
    return moment.replace("+00:00", ("Z", "+00:00", "-00:00", "z")[number % 4])
