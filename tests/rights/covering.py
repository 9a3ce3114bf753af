"""What of the schema the table does not say, and what it says of nothing."""

from collections.abc import Iterable, Mapping

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, get_named_type

from tests.rights.selecting import is_row
from tests.rights.table import mutations, queries, subscriptions, table

_ROWS, _VALUES, _ROOTS, _KEEPING = (
    f"tests/rights/declared/{name}.toml" for name in ("rows", "values", "roots", "mutations_keeping")
)
_MUTATION = 'of = "Type"  # what it is about, if anything\nby = "managers"\ninput = { id = "@" }'


def missing_lines(schema: GraphQLSchema) -> list[str]:
    """Return, for everything without a line, what to add and where."""
    missing: list[str] = []
    either = f"{_ROWS} or {_VALUES}"
    for kind in _objects(schema):
        known = table().kinds.get(kind.name)
        if known is None:
            fields = " ".join(kind.fields)
            if is_row(schema, kind):
                said = 'rows = "staff"  # who sees its rows'
                missing.append(f'{_ROWS}: add\n[{kind.name}]\n{said}\nfields = "{fields}"')
            else:
                missing.append(f'{_VALUES}: add\n{kind.name} = "{fields}"')
            continue
        missing += [
            f'{either}: add "{name}" to {kind.name}, or to its `narrower` with who sees it: {name} = "staff"'
            for name in kind.fields
            if name not in known.fields
        ]
    declared = {root.name for root in queries()}
    missing += [
        f"{_ROOTS}, [queries]: add\n{name} = {_query(schema, field)}"
        for name, field in _root(schema.query_type)
        if name not in declared
    ]
    called = {case.operation for case in mutations()}
    missing += [
        f"{_KEEPING}, or where its like stand: add\n[[{name}]]\n{_MUTATION}"
        for name, _ in _root(schema.mutation_type)
        if name not in called
    ]
    followed = {root.name for root in subscriptions()}
    missing += [
        f'{_ROOTS}, [subscriptions]: add\n{name} = {{ by = "dispatchers" }}'
        for name, _ in _root(schema.subscription_type)
        if name not in followed
    ]
    return missing


def spare_lines(schema: GraphQLSchema, known: Mapping[str, frozenset[str]] | None = None) -> list[str]:
    """Return what is said of nothing in the schema; `known` are fields by type, those of the table if not given."""
    said = known or {name: kind.fields for name, kind in table().kinds.items()}
    kinds = {kind.name: kind for kind in _objects(schema)}
    spare = [f"{name} is not in the schema" for name in said if name not in kinds]
    spare += [
        f"{name}.{each} is not in the schema"
        for name in said.keys() & kinds.keys()
        for each in sorted(said[name] - kinds[name].fields.keys())
    ]
    for root, names in (
        (schema.query_type, {root.name for root in queries()}),
        (schema.mutation_type, {case.operation for case in mutations()}),
        (schema.subscription_type, {root.name for root in subscriptions()}),
    ):
        spare += [f"{name} is not in the schema" for name in sorted(names - dict(_root(root)).keys())]
    return spare


def _objects(schema: GraphQLSchema) -> list[GraphQLObjectType]:
    roots = {schema.query_type, schema.mutation_type, schema.subscription_type}
    return [
        kind
        for kind in schema.type_map.values()
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__") and kind not in roots
    ]


def _root(root: GraphQLObjectType | None) -> Iterable[tuple[str, GraphQLField]]:
    return () if root is None else root.fields.items()


def _query(schema: GraphQLSchema, field: GraphQLField) -> str:
    kind = get_named_type(field.type)
    row = kind.fields["nodes"].type if isinstance(kind, GraphQLObjectType) and "nodes" in kind.fields else field.type
    name = get_named_type(row).name
    if not is_row(schema, get_named_type(row)):
        return f'{{ shows = "{name}", by = "staff" }}'
    return f'{{ {"finds" if "id" in field.args else "lists"} = "{name}" }}'
