"""From thing to thing: how an operation's selections go through the schema."""

from collections.abc import Iterator, Mapping

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_leaf_type,
    parse,
)

from tests.sameness.asking import Asked

Composite = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType

# Types that only hold the rows of a list, or of nobody.
_HOLDERS = frozenset({"TechnicianQueue", "QueueItem", "Viewer", "EventPage", "Query", "DispatchBoard", "BoardRow"})


def holds(kind: Composite) -> bool:
    """Tell whether a type only holds others: to select it is no step from thing to thing."""
    named = kind.name in _HOLDERS or kind.name.endswith(("Connection", "Edge"))
    return named or isinstance(kind, GraphQLUnionType)


def is_value(kind: Composite) -> bool:
    """Tell whether a type is a value made of others, such as an amount of money."""
    if not isinstance(kind, GraphQLObjectType) or kind.interfaces or holds(kind):
        return False
    return all(is_leaf_type(get_named_type(field.type)) for field in kind.fields.values())


def composite(field: GraphQLField) -> Composite:
    """Return the type of a field that has a selection."""
    named = get_named_type(field.type)
    if not isinstance(named, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
        raise TypeError(f"{named} has no fields")
    return named


def selected_fields(schema: GraphQLSchema, asked: Asked) -> Iterator[tuple[str, int]]:
    """Yield each selected field by its coordinate, and how many steps from thing to thing lead up to and over it.

    What a fragment selects counts wherever the fragment is spread.
    """
    document = parse(asked.query)
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    query = schema.query_type
    for each in document.definitions:
        if not isinstance(each, OperationDefinitionNode) or query is None:
            continue
        if asked.name is None or (each.name is not None and each.name.value == asked.name):
            yield from _Steps(schema, fragments).of(query, each.selection_set, 0)


class _Steps:
    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._schema = schema
        self._fragments = fragments

    def of(self, kind: Composite, selections: SelectionSetNode, level: int) -> Iterator[tuple[str, int]]:
        """Yield the fields of a selection set that stands so many steps in."""
        for each in selections.selections:
            match each:
                case FieldNode():
                    yield from self._field(kind, each, level)
                case InlineFragmentNode(type_condition=condition, selection_set=inner):
                    yield from self.of(kind if condition is None else self._type(condition.name.value), inner, level)
                case FragmentSpreadNode(name=name):
                    fragment = self._fragments[name.value]
                    yield from self.of(self._type(fragment.type_condition.name.value), fragment.selection_set, level)

    def _field(self, kind: Composite, node: FieldNode, level: int) -> Iterator[tuple[str, int]]:
        name = node.name.value
        if name == "__typename" or isinstance(kind, GraphQLUnionType):
            return
        field = kind.fields[name]
        if node.selection_set is None:
            yield f"{kind.name}.{name}", level
            return
        named = composite(field)
        level += 0 if holds(named) or is_value(named) else 1
        yield f"{kind.name}.{name}", level
        yield from self.of(named, node.selection_set, level)

    def _type(self, name: str) -> Composite:
        found = self._schema.type_map[name]
        if not isinstance(found, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
            raise TypeError(f"{name} has no fields")
        return found
