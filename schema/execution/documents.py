"""Documents: parsed, measured and validated once, then remembered by their text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
    specified_rules,
    validate,
)

from schema.execution.limits import Limits
from schema.execution.measuring import Cost, Cyclic, Measuring, TooLarge
from schema.execution.memory import Memory

_MOST_REMEMBERED = 1000
_BYTES_REMEMBERED = 16 * 1024 * 1024
# Apart from the others, so that nobody can push them out with nonsense.
_MOST_REFUSED = 100
_REFUSED_BYTES = 1024 * 1024
_MOST_ERRORS = 20
# How the parser says that it gave up; it has no other sign for it.
_TOO_MANY_TOKENS = "Parsing aborted"
# Longer ones are no Int, and cost nothing.
_LONGEST_NUMBER = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of a document, the fields of the root that it has anywhere, and what it costs."""

    node: OperationDefinitionNode
    kind: OperationType
    fields: frozenset[str]
    cost: Cost
    defaults: Mapping[str, Any]

    def price(self, variables: Mapping[str, Any]) -> int:
        """Return what a request costs; a variable that is not given is worth its own default."""
        return self.cost.of({**self.defaults, **variables}) if self.cost.parts else self.cost.fixed


@dataclass(frozen=True, slots=True)
class Document:
    """A document that may be executed, or why it may not: `code` says at which step it failed."""

    node: DocumentNode | None
    errors: Sequence[GraphQLError] = ()
    code: str | None = None
    operations: Mapping[str | None, Operation] = field(default_factory=dict)

    def chosen(self, name: str | None) -> Operation | None:
        """Return the operation of this name, or the only one; None where that is not one."""
        return self.operations.get(name)

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """Return the definition of the operation of this name, or of the only one."""
        found = self.operations.get(name)
        return None if found is None else found.node

    def kind(self, name: str | None) -> OperationType | None:
        """Return whether it is a query, a mutation or a subscription."""
        found = self.operations.get(name)
        return None if found is None else found.kind


class Documents:
    """Reads documents against one schema; equal texts are read once while they are remembered."""

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: Limits | None = None,
        *,
        introspection: bool = True,
        suggestions: bool = True,
    ) -> None:
        self.schema = schema
        self.limits = limits or Limits()
        self._rules: list[type[ASTValidationRule]] = list(specified_rules)
        if not introspection:
            self._rules.append(NoSchemaIntrospectionCustomRule)
        self.suggestions = suggestions
        self._known: Memory[str, Document] = Memory(entries=_MOST_REMEMBERED, weight=_BYTES_REMEMBERED)
        self._refused: Memory[str, Document] = Memory(entries=_MOST_REFUSED, weight=_REFUSED_BYTES)

    def read(self, text: str) -> Document:
        """Return the document, valid or with its errors."""
        known = self._known.get(text) or self._refused.get(text)
        if known is None:
            known = self._read(text)
            (self._known if known.code is None else self._refused).put(text, known, len(text))
        return known

    def _read(self, text: str) -> Document:
        if len(text) > self.limits.characters:
            return _too_large(TooLarge("characters", len(text), self.limits.characters))
        try:
            node = parse(text, max_tokens=self.limits.tokens)
        except GraphQLSyntaxError as error:
            if _TOO_MANY_TOKENS in error.message:
                return _too_large(TooLarge("tokens", None, self.limits.tokens))
            return Document(None, [error], "GRAPHQL_PARSE_FAILED")
        except RecursionError:
            return _too_large(TooLarge("depth", None, self.limits.depth))
        return self._measured(node)

    def _measured(self, node: DocumentNode) -> Document:
        measuring = Measuring(self.schema, node)
        definitions = [each for each in node.definitions if isinstance(each, OperationDefinitionNode)]
        try:
            costs = [self.limits.check(measuring, each) for each in definitions]
        except TooLarge as error:
            return _too_large(error)
        except Cyclic as error:
            told = GraphQLError(f"Fragment {error} must not spread itself.")
            return Document(None, [told], "GRAPHQL_VALIDATION_FAILED")
        errors = validate(
            self.schema, node, self._rules, max_errors=_MOST_ERRORS, hide_suggestions=not self.suggestions
        )
        if errors:
            return Document(None, errors, "GRAPHQL_VALIDATION_FAILED")
        fragments = {each.name.value: each for each in node.definitions if isinstance(each, FragmentDefinitionNode)}
        found: dict[str | None, Operation] = {
            None if each.name is None else each.name.value: Operation(
                node=each,
                kind=each.operation,
                fields=frozenset(_fields(each.selection_set, fragments)),
                cost=cost,
                defaults=_defaults(each),
            )
            for each, cost in zip(definitions, costs, strict=True)
        }
        if len(found) == 1:
            found[None] = next(iter(found.values()))
        return Document(node, operations=found)


def _fields(selected: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]) -> Iterator[str]:
    """Yield the names of all fields of one level, also of those that directives leave out."""
    for each in selected.selections:
        match each:
            case FieldNode():
                yield each.name.value
            case InlineFragmentNode():
                yield from _fields(each.selection_set, fragments)
            case FragmentSpreadNode():
                yield from _fields(fragments[each.name.value].selection_set, fragments)


def _defaults(operation: OperationDefinitionNode) -> Mapping[str, Any]:
    """Return the defaults by which an operation's cost is counted: numbers, and how long lists are."""
    found: dict[str, Any] = {}
    for each in operation.variable_definitions or ():
        match each.default_value:
            case IntValueNode(value=number) if len(number) < _LONGEST_NUMBER:
                found[each.variable.name.value] = int(number)
            case ListValueNode(values=values):
                found[each.variable.name.value] = [None] * len(values)
    return found


def _too_large(error: TooLarge) -> Document:
    return Document(None, [GraphQLError(str(error))], "QUERY_TOO_COMPLEX")
