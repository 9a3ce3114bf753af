"""Asks the fields of the root, as the table says how."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLObjectType, GraphQLUnionType, get_named_type

from schema.build import executable
from tests.rights.selecting import everything, inside


def query(name: str, given: Sequence[str], *, ids_alone: bool = False) -> str:
    """Return a document that asks a field of the root for all that it has, or for the ids of its rows."""
    root = executable().query_type
    assert root is not None
    field = root.fields[name]
    kind = get_named_type(field.type)
    selection = _ids(kind) if ids_alone else selected(kind)
    return f"query{_variables(field, given)} {{ {name}{_arguments(given)}{selection} }}"


def subscription(name: str, given: Sequence[str]) -> str:
    """Return a document that follows a field of the root and asks for all that each message has."""
    root = executable().subscription_type
    assert root is not None
    field = root.fields[name]
    selection = selected(get_named_type(field.type))
    return f"subscription{_variables(field, given)} {{ {name}{_arguments(given)}{selection} }}"


def selected(kind: object) -> str:
    """Return the selection of all that a type has, of a union all that each member has."""
    schema = executable()
    if isinstance(kind, GraphQLUnionType):
        members = " ".join(f"... on {each.name} {{ {_everything(each)} }}" for each in kind.types)
        return f" {{ __typename {members} }}"
    if isinstance(kind, GraphQLObjectType):
        return f" {{ {_everything(kind)} }}"
    return inside(schema, kind)


def _everything(kind: GraphQLObjectType) -> str:
    # A message's reason and an assignment's are of different types.
    schema = executable()
    unions = {name for name, field in kind.fields.items() if isinstance(get_named_type(field.type), GraphQLUnionType)}
    plain = everything(schema, kind, but=frozenset(unions) | {"reason"})
    nested = " ".join(f"{name}{selected(get_named_type(kind.fields[name].type))}" for name in sorted(unions))
    why = "why: reason" if "reason" in kind.fields else ""
    return f"{plain} {nested} {why}"


def _ids(kind: object) -> str:
    if isinstance(kind, GraphQLObjectType) and kind.name.endswith("Connection"):
        return " { totalCount nodes { id } edges { node { id } } }"
    return " { id }"


def ids_in(told: Any) -> list[str]:
    """Return the ids of a list's rows, however the list is written."""
    rows = told["nodes"] if isinstance(told, Mapping) else told
    return [each["id"] for each in rows]


def _variables(field: Any, given: Sequence[str]) -> str:
    return f"({', '.join(f'${name}: {field.args[name].type}' for name in given)})" if given else ""


def _arguments(given: Sequence[str]) -> str:
    return f"({', '.join(f'{name}: ${name}' for name in given)})" if given else ""
