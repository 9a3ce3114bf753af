"""Which fields of a schema compiled statements cover: each is asked for by the shortest way there is to it."""

from collections.abc import Iterator
from uuid import UUID

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_composite_type,
    is_required_argument,
)
from strawberry import Schema

from app.domain.policy import Visibility
from schema.execution.documents import Documents
from schema.execution.planning import Plans
from schema.execution.selecting import NotPlanned
from schema.ids import global_id
from tests.sameness.steps import composite
from tests.sameness.stock import BOARD_FILTER


def ways(schema: GraphQLSchema) -> Iterator[tuple[str, str]]:
    """Yield each field that can be read, by its coordinate, and a query that asks for it."""
    for kind, around in _around(schema).items():
        parent = schema.type_map[kind]
        if isinstance(parent, GraphQLObjectType):
            for name, field in parent.fields.items():
                yield f"{kind}.{name}", around % _asked(name, field, "{ __typename }")


def uncovered(schema: Schema, visibility: Visibility) -> dict[str, str]:
    """Return the fields that no statement covers for a class of viewers, and why, by their coordinates."""
    core = schema._schema
    plans, documents = Plans(schema), Documents(core)
    found = {}
    for coordinate, query in ways(core):
        document = documents.read(query)
        if document.node is None:
            raise LookupError(f"{query}: {document.errors}")
        try:
            plans.find(plans.ask(document, None, None), visibility)
        except NotPlanned as reason:
            found[coordinate] = str(reason)
    return found


def _around(schema: GraphQLSchema) -> dict[str, str]:
    """Return for each object type a query with a place for a field of it, nearest types first."""
    query = schema.query_type
    if query is None:
        raise TypeError("the schema has no queries")
    found = {query.name: "{ %s }"}
    left: list[GraphQLObjectType] = [query]
    while left:
        parent = left.pop(0)
        for name, field in parent.fields.items():
            if not is_composite_type(get_named_type(field.type)):
                continue
            named = composite(field)
            members = [named] if isinstance(named, GraphQLObjectType) else schema.get_possible_types(named)
            for each in members:
                if each.name not in found:
                    inner = "%s" if each is named else f"... on {each.name} {{ %s }}"
                    found[each.name] = found[parent.name] % _asked(name, field, f"{{ {inner} }}")
                    left.append(each)
    return found


def _asked(name: str, field: GraphQLField, selection: str) -> str:
    given = ", ".join(
        f"{each}: {_value(each, argument, get_named_type(field.type).name)}"
        for each, argument in field.args.items()
        if each == "id" or is_required_argument(argument)
    )
    head = f"{name}({given})" if given else name
    return f"{head} {selection}" if is_composite_type(get_named_type(field.type)) else head


def _value(name: str, argument: GraphQLArgument, kind: str) -> str:
    if get_named_type(argument.type).name == "BoardFilter":
        return BOARD_FILTER
    if get_named_type(argument.type).name == "SlotSearchInput":
        return "{appointmentType: DIAGNOSTIC}"
    if get_named_type(argument.type).name == "DateTime":
        return '"2026-01-02T00:00:00Z"' if name == "to" else '"2026-01-01T00:00:00Z"'
    if get_named_type(argument.type).name != "ID":
        return '"somewhere"'
    return f'"{global_id("Ticket" if kind == "Node" else kind, UUID(int=1))}"'
