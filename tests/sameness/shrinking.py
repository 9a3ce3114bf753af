"""Makes an operation smaller while something about it stays true, so that a report shows what matters."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    validate,
    visit,
)

from tests.sameness.asking import Asked

_MOST_TRIES = 600
# What can be left out of a list of parts of a document, besides selections.
_OPTIONAL = ("arguments", "directives", "fields", "values")

N = TypeVar("N", bound=Node)
T = TypeVar("T")
Holds = Callable[[Asked], Awaitable[bool]]


async def shrunk(schema: GraphQLSchema, asked: Asked, holds: Holds) -> Asked:
    """Return a request of which nothing can be left out without `holds` failing."""
    tries = 0
    smaller = True
    while smaller:
        smaller = False
        for each in _smaller_requests(schema, asked):
            tries += 1
            if tries > _MOST_TRIES:
                return asked
            if await holds(each):
                asked, smaller = each, True
                break
    return asked


def _smaller_requests(schema: GraphQLSchema, asked: Asked) -> Iterator[Asked]:
    document = parse(asked.query, no_location=True)
    fragments = {
        each.name.value: each.selection_set.selections
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }
    for each in _smaller(document, fragments):
        pruned = _pruned(each, asked.name)
        if validate(schema, pruned):
            continue
        used = _variables(pruned)
        variables = {name: value for name, value in asked.variables.items() if name in used}
        yield Asked(query=print_ast(pruned), variables=variables, name=asked.name, media=asked.media)


def _smaller(node: Node, fragments: Mapping[str, Sequence[SelectionNode]]) -> Iterator[Node]:
    if isinstance(node, SelectionSetNode):
        yield from _fewer_selections(node, fragments)
    if isinstance(node, FieldNode) and node.alias is not None:
        yield _with(node, "alias", None)
    for name in node.keys:
        value = getattr(node, name, None)
        if isinstance(value, list | tuple):
            if name in _OPTIONAL:
                yield from (_with(node, name, _without(value, at)) for at in range(len(value)))
            for at, child in enumerate(value):
                for smaller in _smaller(child, fragments):
                    yield _with(node, name, (*value[:at], smaller, *value[at + 1 :]))
        elif isinstance(value, Node):
            yield from (_with(node, name, smaller) for smaller in _smaller(value, fragments))


def _fewer_selections(node: SelectionSetNode, fragments: Mapping[str, Sequence[SelectionNode]]) -> Iterator[Node]:
    selections = tuple(node.selections)
    if len(selections) > 1:
        yield from (_with(node, "selections", _without(selections, at)) for at in range(len(selections)))
    for at, each in enumerate(selections):
        inner: Sequence[SelectionNode] = ()
        if isinstance(each, InlineFragmentNode):
            inner = each.selection_set.selections
        elif isinstance(each, FragmentSpreadNode):
            inner = fragments[each.name.value]
        if inner:
            yield _with(node, "selections", (*selections[:at], *inner, *selections[at + 1 :]))


def _pruned(document: Node, name: str | None) -> DocumentNode:
    """Leave out other operations, and fragments and variables that are not used any more."""
    if not isinstance(document, DocumentNode):
        raise TypeError("only whole documents can be pruned")
    kept = [
        each
        for each in document.definitions
        if not isinstance(each, OperationDefinitionNode) or name is None or (each.name and each.name.value == name)
    ]
    pruned = _with(document, "definitions", tuple(kept))
    while True:
        spread = _spreads(pruned)
        left = [
            each
            for each in pruned.definitions
            if not isinstance(each, FragmentDefinitionNode) or each.name.value in spread
        ]
        if len(left) == len(pruned.definitions):
            break
        pruned = _with(pruned, "definitions", tuple(left))
    used = _variables(pruned)
    return _with(
        pruned,
        "definitions",
        tuple(
            _with(
                each,
                "variable_definitions",
                tuple(one for one in each.variable_definitions or () if one.variable.name.value in used),
            )
            if isinstance(each, OperationDefinitionNode)
            else each
            for each in pruned.definitions
        ),
    )


def _spreads(document: DocumentNode) -> set[str]:
    found: set[str] = set()

    class Spreading(Visitor):
        def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
            found.add(node.name.value)

    visit(document, Spreading())
    return found


def _variables(document: DocumentNode) -> set[str]:
    """Return the variables that something uses besides their own definitions."""
    found: set[str] = set()

    class Using(Visitor):
        def enter_variable_definition(self, *_: object) -> object:
            return self.SKIP

        def enter_variable(self, node: VariableNode, *_: object) -> None:
            found.add(node.name.value)

    visit(document, Using())
    return found


def _with(node: N, name: str, value: Any) -> N:
    return replace(node, **{name: value})


def _without(values: Sequence[T], at: int) -> tuple[T, ...]:
    return (*values[:at], *values[at + 1 :])
