"""What to ask: every field of a type, with all it holds that has no id of its own."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import timedelta

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from app.clock import now

Composite = GraphQLObjectType | GraphQLInterfaceType
_AROUND = f'(from: "{(now() - timedelta(days=5)).isoformat()}", to: "{(now() + timedelta(days=25)).isoformat()}")'
# Of fields that cannot be asked without.
ARGUMENTS = {
    "Technician.schedule": _AROUND,
    "Technician.utilization": _AROUND,
    "ServiceBay.utilization": _AROUND,
}


def is_row(schema: GraphQLSchema, kind: object) -> bool:
    """Tell whether things of a type have ids, so that an id is all that needs to be asked of one."""
    if isinstance(kind, GraphQLUnionType):
        return all(is_row(schema, each) for each in kind.types)
    return isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and (
        kind.name == "Node" or schema.type_map["Node"] in kind.interfaces
    )


def everything(schema: GraphQLSchema, kind: Composite, *, but: AbstractSet[str] = frozenset()) -> str:
    """Return the selection of all fields of a type but some."""
    return " ".join(_field(schema, kind, name, field) for name, field in kind.fields.items() if name not in but)


def selections(schema: GraphQLSchema, kind: GraphQLObjectType) -> tuple[str, str]:
    """Return all fields of a type in two selections: what a plan can have, and what has to be reckoned besides.

    A field that no plan can have would lead all others along the ordinary way.
    """
    plain = frozenset(name for name, field in kind.fields.items() if _is_plain(schema, get_named_type(field.type)))
    return everything(schema, kind, but=kind.fields.keys() - plain), f"__typename {everything(schema, kind, but=plain)}"


def _is_plain(schema: GraphQLSchema, kind: object) -> bool:
    if isinstance(kind, GraphQLObjectType) and kind.name.endswith("Connection"):
        return is_row(schema, get_named_type(kind.fields["nodes"].type))
    return is_leaf_type(kind) or is_row(schema, kind)


def asked_of(schema: GraphQLSchema, kind: GraphQLObjectType) -> Iterator[str]:
    """Yield the coordinates that `everything` asks, those of the type itself first."""
    seen: set[str] = set()
    waiting = [kind]
    while waiting:
        here = waiting.pop(0)
        if here.name in seen:
            continue
        seen.add(here.name)
        for name, field in here.fields.items():
            yield f"{here.name}.{name}"
            inner = get_named_type(field.type)
            if isinstance(inner, GraphQLObjectType) and not is_row(schema, inner):
                waiting.append(inner)


def _field(schema: GraphQLSchema, parent: Composite, name: str, field: GraphQLField) -> str:
    coordinate = f"{parent.name}.{name}"
    needed = [each for each, argument in field.args.items() if is_required_argument(argument)]
    if needed and coordinate not in ARGUMENTS:
        raise LookupError(f"{coordinate} needs {', '.join(needed)}: give them in ARGUMENTS of {__name__}")
    return f"{name}{ARGUMENTS.get(coordinate, '')}{inside(schema, get_named_type(field.type))}"


def inside(schema: GraphQLSchema, kind: object) -> str:
    """Return what to select of a field's type: nothing of a scalar, the id of a row, everything of a value."""
    if is_row(schema, kind):
        return " { __typename ... on Node { id } }"
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        return f" {{ {everything(schema, kind)} }}"
    return ""
