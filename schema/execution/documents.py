"""Documents: parsed and validated once, then remembered by their text."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)

MOST_TOKENS = 2000
_MOST_REMEMBERED = 1000
_LONGEST_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Document:
    """A document that may be executed, or why it may not: `code` says at which step it failed."""

    node: DocumentNode | None
    errors: Sequence[GraphQLError] = ()
    code: str | None = None

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """Return the operation of this name, or the only one; None where that is not one."""
        if self.node is None:
            return None
        found = [
            each
            for each in self.node.definitions
            if isinstance(each, OperationDefinitionNode)
            and (name is None or (each.name is not None and each.name.value == name))
        ]
        return found[0] if len(found) == 1 else None

    def kind(self, name: str | None) -> OperationType | None:
        """Return whether it is a query, a mutation or a subscription."""
        operation = self.operation(name)
        return None if operation is None else operation.operation


class Documents:
    """Reads documents against one schema; equal texts are read once while they are remembered."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self._known: OrderedDict[str, Document] = OrderedDict()

    def read(self, text: str) -> Document:
        """Return the document, valid or with its errors."""
        known = self._known.get(text)
        if known is not None:
            self._known.move_to_end(text)
            return known
        document = self._read(text)
        # Only what is valid and of ordinary size: nobody can push the others out with nonsense.
        if document.code is None and len(text) <= _LONGEST_REMEMBERED:
            self._known[text] = document
            if len(self._known) > _MOST_REMEMBERED:
                self._known.popitem(last=False)
        return document

    def _read(self, text: str) -> Document:
        try:
            node = parse(text, max_tokens=MOST_TOKENS)
        except GraphQLSyntaxError as error:
            return Document(None, [error], "GRAPHQL_PARSE_FAILED")
        except RecursionError:
            return Document(None, [GraphQLError("The document nests too deep.")], "GRAPHQL_PARSE_FAILED")
        errors = validate(self.schema, node, max_errors=20)
        if errors:
            return Document(None, errors, "GRAPHQL_VALIDATION_FAILED")
        return Document(node)
