"""Plans of read operations: made once for equal forms of equal documents, and found again in microseconds.

A document's operation is turned into a selection once for each way its directives can fall out. The
arguments of a request are read into questions, whose form, with the viewer's class, names the plan.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
    get_argument_values,
    get_variable_values,
    visit,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues
from strawberry import Schema
from strawberry.types.arguments import convert_arguments

from app.domain.policy import Visibility
from app.domain.refusals import Refusal
from app.reads.plans import Plan, make_plan
from app.reads.selection import Form, Selection
from app.reads.slots import Asked, split
from app.reads.statement.standpoints import NotInSql
from schema.execution.documents import Document
from schema.execution.memory import Memory
from schema.execution.selecting import ArgumentSite, NotPlanned, Selecting

_MOST_OPERATIONS = 1000
_MOST_PLANS = 500
_LEAST_WEIGHT = 200
_OPERATIONS_BYTES = 8 * 1024 * 1024
_PLANS_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Operation:
    """An operation whose directives have fallen out: its selection and the sites of its arguments.

    It holds its document, whose identity is part of the keys below.
    """

    node: DocumentNode
    selection: Selection
    sites: list[ArgumentSite]


@dataclass(slots=True, kw_only=True)
class Questions:
    """What a request asks: of which operation, in which form, with which values."""

    operation: _Operation
    form: Form
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planned:
    """What became of an operation's form: a plan, or why there is none.

    The operation and the form are those of the key.
    """

    operation: _Operation
    form: Form
    plan: Plan | str


class Plans:
    """Finds and makes the plans of one schema."""

    def __init__(self, schema: Schema) -> None:
        self._strawberry = schema
        self.schema: GraphQLSchema = schema._schema  # noqa: SLF001  # strawberry has no public name for it
        self._operations: Memory[tuple[Any, ...], _Operation | str] = Memory(
            entries=_MOST_OPERATIONS, weight=_OPERATIONS_BYTES
        )
        self._plans: Memory[tuple[int, Form, Visibility], _Planned] = Memory(entries=_MOST_PLANS, weight=_PLANS_BYTES)

    def ask(self, document: Document, name: str | None, variables: Mapping[str, Any] | None) -> Questions:
        """Return what a request asks.

        Raises:
            NotPlanned: the operation, its variables or its arguments are not for a plan.
        """
        node, definition = document.node, document.operation(name)
        if node is None or definition is None:
            raise NotPlanned("the document is not valid")
        if definition.operation is not OperationType.QUERY:
            raise NotPlanned("only queries are planned")
        coerced = get_variable_values(self.schema, definition.variable_definitions or (), dict(variables or {}))
        if isinstance(coerced, list):
            raise NotPlanned("the variables are not what the operation declares")
        operation = self._selected(node, definition, coerced)
        forms, values = [], {}
        for number, site in enumerate(operation.sites):
            form, found = split(self._question(site, coerced), f"value_{number}")
            forms.append(form)
            values.update({f"value_{number}_{at}": value for at, value in enumerate(found)})
        return Questions(operation=operation, form=Form(tuple(forms)), values=values)

    def find(self, asked: Questions, visibility: Visibility) -> Plan:
        """Return the plan that answers a request for a class of viewers.

        Raises:
            NotPlanned: no statement answers it.
        """
        planned = self._plans.get((id(asked.operation), asked.form, visibility))
        if planned is None:
            planned = self._plan(asked, visibility)
        # From now on the key is recognised without a look at its parts.
        asked.form = planned.form
        if isinstance(planned.plan, str):
            raise NotPlanned(planned.plan)
        return planned.plan

    def _plan(self, asked: Questions, visibility: Visibility) -> _Planned:
        plan: Plan | str
        try:
            plan = make_plan(asked.operation.selection, asked.form, visibility)
        except NotInSql as reason:
            plan = str(reason)
        planned = _Planned(operation=asked.operation, form=asked.form, plan=plan)
        weight = len(plan.sql) if isinstance(plan, Plan) else _LEAST_WEIGHT
        self._plans.put((id(asked.operation), asked.form, visibility), planned, weight)
        return planned

    def _question(self, site: ArgumentSite, variables: VariableValues) -> Asked:
        declaration = site.declaration
        converter = self._strawberry.schema_converter
        try:
            given = get_argument_values(site.definition, site.node, variables)
            arguments = convert_arguments(
                given, declaration.arguments, scalar_registry=converter.scalar_registry, config=converter.config
            )
            question: Asked = declaration.metadata["describe"](None, **arguments)
        except (GraphQLError, Refusal) as wrong:
            raise NotPlanned("an argument makes no sense") from wrong
        return question

    def _selected(
        self, node: DocumentNode, definition: OperationDefinitionNode, variables: VariableValues
    ) -> _Operation:
        fallen = tuple(variables.coerced.get(name) for name in _directive_variables(definition, node))
        key = (id(node), id(definition), fallen)
        known = self._operations.get(key)
        if known is None:
            known = self._select(node, definition, variables)
            self._operations.put(key, known, _weight(node))
        if isinstance(known, str):
            # Not one exception raised again and again: it would keep every request that it ended.
            raise NotPlanned(known)
        return known

    def _select(
        self, node: DocumentNode, definition: OperationDefinitionNode, variables: VariableValues
    ) -> _Operation | str:
        fragments = {
            each.name.value: FragmentDetails(each)
            for each in node.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        selecting = Selecting(self.schema, definition, fragments, variables)
        try:
            return _Operation(node=node, selection=selecting.root(), sites=selecting.sites)
        except NotPlanned as reason:
            return str(reason)


def _directive_variables(definition: OperationDefinitionNode, node: DocumentNode) -> tuple[str, ...]:
    """Return the variables that decide what is selected, by name."""
    if not definition.variable_definitions:
        return ()
    found: set[str] = set()

    class Deciding(Visitor):
        def enter_directive(self, directive: DirectiveNode, *_: object) -> None:
            for argument in directive.arguments or ():
                if isinstance(argument.value, VariableNode):
                    found.add(argument.value.name.value)

    visit(node, Deciding())
    return tuple(sorted(found))


def _weight(node: DocumentNode) -> int:
    return _LEAST_WEIGHT if node.loc is None else max(_LEAST_WEIGHT, node.loc.end)
