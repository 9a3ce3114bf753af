"""Whether viewers of one class are told the same by a subscription, or each something of their own.

What an event says itself depends on the class alone for those who see everything. What is selected of the
rows behind it is compiled as a read: a plan knows whether it looks at who the viewer is.
"""

from dataclasses import replace
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    visit,
)
from graphql.language.visitor import SKIP

from app.domain.policy import Visibility
from schema.execution.documents import Document, Operation
from schema.execution.planning import Plans
from schema.execution.preparing import Prepared
from schema.execution.selecting import NotPlanned

# The classes whose viewers see every ticket, and so every event of one.
_SEEING_ALL = frozenset({Visibility.DISPATCH, Visibility.ADMINISTRATION})
# What an event consists of itself.
_OF_THE_EVENT = frozenset({"FieldChange"})


def is_personal(plans: Plans | None, prepared: Prepared, visibility: Visibility) -> bool:
    """Tell whether two viewers of a class may be told different things of one event."""
    operation, node = prepared.operation, prepared.document.node
    if plans is None or operation is None or node is None or visibility not in _SEEING_ALL:
        return True
    read = _as_read(plans, node, operation)
    if read is None:
        return True
    try:
        asked = plans.ask(read, None, prepared.asked.variables)
        return plans.find(asked, visibility).reads_viewer
    except NotPlanned:
        return True


def _as_read(plans: Plans, node: DocumentNode, operation: Operation) -> Document | None:
    """Return a query for all rows that the subscription selects of its events, with what it selects of them.

    None where an event is asked for an object that is no such row: nothing is known of that.
    """
    found = _Rows()
    info = TypeInfo(plans.schema)
    fragments = [each for each in node.definitions if isinstance(each, FragmentDefinitionNode)]
    for each in (operation.node, *fragments):
        visit(each, TypeInfoVisitor(info, found.bound_to(info)))
    if found.others:
        return None
    definition = OperationDefinitionNode(
        operation=OperationType.QUERY,
        variable_definitions=operation.node.variable_definitions,
        selection_set=SelectionSetNode(selections=(_field("__typename", "kind"), *found.fields)),
    )
    read = replace(operation, node=definition, kind=OperationType.QUERY)
    return Document(DocumentNode(definitions=(definition, *fragments)), operations={None: read})


class _Rows(Visitor):
    """Collects the rows that are selected of events, as fields `node`."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: list[FieldNode] = []
        self.others = False
        self._info: TypeInfo | None = None

    def bound_to(self, info: TypeInfo) -> "_Rows":
        self._info = info
        return self

    def enter_field(self, node: FieldNode, *_: Any) -> Any:
        kind = get_named_type(self._info.get_type()) if self._info is not None else None
        if self._info is None or kind is None or node.selection_set is None:
            return None
        if not _is_a(kind, "Node"):
            self.others |= _is_a(self._info.get_parent_type(), "DomainEvent") and kind.name not in _OF_THE_EVENT
            return None
        of_kind = InlineFragmentNode(
            type_condition=NamedTypeNode(name=NameNode(value=kind.name)), selection_set=node.selection_set
        )
        self.fields.append(_field("node", f"row_{len(self.fields)}", of_kind))
        # What is selected of it is part of it.
        return SKIP


def _is_a(kind: object, interface: str) -> bool:
    if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        return False
    return kind.name == interface or any(each.name == interface for each in kind.interfaces)


def _field(name: str, alias: str, *selections: InlineFragmentNode) -> FieldNode:
    given = StringValueNode(value="VGlja2V0OjAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMA==")
    return FieldNode(
        name=NameNode(value=name),
        alias=NameNode(value=alias),
        arguments=(ArgumentNode(name=NameNode(value="id"), value=given),) if selections else (),
        selection_set=SelectionSetNode(selections=selections) if selections else None,
    )
