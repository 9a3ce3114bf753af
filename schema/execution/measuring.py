"""How large an operation is: one pass over its document, in which each fragment is looked at once.

Depth, aliases and directives count as if every fragment stood where it is spread. The cost is one for
each object or edge that the operation can return; where a variable decides how many, it is worked out
with each request.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)
from strawberry.types.field import StrawberryField

_DECLARATION = "strawberry-definition"
# What a list without pages is taken to hold.
_SHORT_LIST = 10
_DEFAULT_PAGE = 20
# Larger pages are refused by the fields themselves; until then they must not overflow anything.
_LARGEST_PAGE = 1000
_MOST_FIELDS = 2000

Composite = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType | None


class TooLarge(Exception):
    """A measure of the operation is above its bound."""

    def __init__(self, what: str, figure: int | None, bound: int) -> None:
        told = f"more than {bound}" if figure is None or figure > 1_000_000 else str(figure)
        super().__init__(f"The operation is too large: {what} {told}, at most {bound} allowed.")


class Cyclic(Exception):
    """A fragment spreads itself."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many rows a list returns: a number, or a variable's value and what holds without one."""

    default: int
    variable: str | None = None
    # The variable is a list, and its length counts.
    counted: bool = False

    def of(self, variables: Mapping[str, Any]) -> int:
        """Return the number for a request."""
        value = None if self.variable is None else variables.get(self.variable)
        if self.counted and isinstance(value, list):
            return min(len(value), _LARGEST_PAGE)
        if isinstance(value, int) and not self.counted and not isinstance(value, bool):
            return max(0, min(value, _LARGEST_PAGE))
        return self.default


@dataclass(frozen=True, slots=True)
class Cost:
    """What does not depend on variables, and parts that are multiplied by a variable's number."""

    fixed: int = 0
    parts: "tuple[tuple[Size, Cost], ...]" = ()

    def plus(self, other: "Cost") -> "Cost":
        """Return the sum."""
        return Cost(self.fixed + other.fixed, self.parts + other.parts)

    def times(self, size: Size) -> "Cost":
        """Return the cost of so many."""
        if size.variable is not None:
            return Cost(parts=((size, self),))
        parts = tuple((each, cost.times(size)) for each, cost in self.parts)
        return Cost(self.fixed * size.default, parts)

    def of(self, variables: Mapping[str, Any]) -> int:
        """Return the figure for a request."""
        return self.fixed + sum(size.of(variables) * cost.of(variables) for size, cost in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """The size of a selection. The two of introspection count apart from the others."""

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    fields: int = 0
    introspection_depth: int = 0
    introspection_lists: int = 0
    cost: Cost = Cost()

    def beside(self, other: "Measure") -> "Measure":
        """Return the measure of both together."""
        return Measure(
            depth=max(self.depth, other.depth),
            aliases=self.aliases + other.aliases,
            directives=self.directives + other.directives,
            fields=self.fields + other.fields,
            introspection_depth=max(self.introspection_depth, other.introspection_depth),
            introspection_lists=max(self.introspection_lists, other.introspection_lists),
            cost=self.cost.plus(other.cost),
        )


@dataclass(slots=True)
class Measuring:
    """The pass over one document."""

    schema: GraphQLSchema
    document: DocumentNode
    fragments: dict[str, FragmentDefinitionNode] = field(init=False)
    _known: dict[tuple[str, Size], Measure | None] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        found = (each for each in self.document.definitions if isinstance(each, FragmentDefinitionNode))
        self.fragments = {each.name.value: each for each in found}

    def measure(self, operation: OperationDefinitionNode) -> Measure:
        """Return the measure of an operation. Raises TooLarge for too many fields, and Cyclic."""
        root = self.schema.get_root_type(operation.operation)
        found = self._selections(operation.selection_set, root, Size(_SHORT_LIST), within=False)
        return replace(found, directives=found.directives + len(operation.directives or ()))

    def _selections(
        self, selection_set: SelectionSetNode | None, parent: Composite, size: Size, *, within: bool
    ) -> Measure:
        total = Measure()
        # A row is of one type: of what is selected for different ones only the dearest counts.
        exclusive: dict[str, Cost] = {}
        for each in () if selection_set is None else selection_set.selections:
            found = self._selection(each, parent, size, within=within)
            kind = self._condition(each)
            if kind is not None and kind is not parent and isinstance(kind, GraphQLObjectType):
                exclusive[kind.name] = exclusive.get(kind.name, Cost()).plus(found.cost)
                found = replace(found, cost=Cost())
            total = total.beside(found)
            if total.fields > _MOST_FIELDS:
                raise TooLarge("fields", total.fields, _MOST_FIELDS)
        return replace(total, cost=total.cost.plus(_dearest(exclusive.values()))) if exclusive else total

    def _condition(self, node: SelectionNode) -> Composite:
        if isinstance(node, FragmentSpreadNode):
            fragment = self.fragments.get(node.name.value)
            return None if fragment is None else self._type(fragment.type_condition.name.value)
        if isinstance(node, InlineFragmentNode) and node.type_condition is not None:
            return self._type(node.type_condition.name.value)
        return None

    def _selection(self, node: SelectionNode, parent: Composite, size: Size, *, within: bool) -> Measure:
        if isinstance(node, FieldNode):
            found = self._field(node, parent, size, within=within)
        elif isinstance(node, InlineFragmentNode):
            kind = parent if node.type_condition is None else self._type(node.type_condition.name.value)
            found = self._selections(node.selection_set, kind, size, within=within)
        elif isinstance(node, FragmentSpreadNode):
            found = self._fragment(node.name.value, size, within=within)
        else:
            raise TypeError(f"{node.kind} is no selection")
        return replace(found, directives=found.directives + len(node.directives or ()))

    def _fragment(self, name: str, size: Size, *, within: bool) -> Measure:
        fragment = self.fragments.get(name)
        if fragment is None:
            return Measure()
        # The size matters to a fragment on a page, whose lists are as long as the page is.
        key = (name, size)
        if key not in self._known:
            self._known[key] = None
            kind = self._type(fragment.type_condition.name.value)
            self._known[key] = self._selections(fragment.selection_set, kind, size, within=within)
        known = self._known[key]
        if known is None:
            raise Cyclic(name)
        return known

    def _type(self, name: str) -> Composite:
        kind = self.schema.get_type(name)
        return kind if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType) else None

    def _field(self, node: FieldNode, parent: Composite, size: Size, *, within: bool) -> Measure:
        name = node.name.value
        definition = None if parent is None else self.schema.get_field(parent, name)
        alias = int(node.alias is not None)
        if definition is None or node.selection_set is None:
            return Measure(depth=1, introspection_depth=1, aliases=alias, fields=1)
        inner = within or name in {"__schema", "__type"}
        named = get_named_type(definition.type)
        kind = named if isinstance(named, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType) else None
        below = self._selections(node.selection_set, kind, self._page(definition, node), within=inner)
        many = _is_list(definition.type)
        found = replace(below, aliases=below.aliases + alias, fields=below.fields + 1)
        if inner:
            return replace(
                found,
                depth=1,
                introspection_depth=below.introspection_depth + 1,
                introspection_lists=below.introspection_lists + many,
                cost=Cost(),
            )
        each = below.cost.plus(Cost(1))
        return replace(
            found,
            depth=below.depth + 1,
            introspection_depth=0,
            cost=each.times(_rows(definition, node, size)) if many else each,
        )

    def _page(self, definition: GraphQLField, node: FieldNode) -> Size:
        """Return how many rows the lists just below a field have: those of its page, if it has pages."""
        if "first" not in definition.args:
            # A page's edges have one node each; all else that is listed is short.
            return Size(_SHORT_LIST)
        default = definition.args["first"].default_value
        standard = default if isinstance(default, int) else _DEFAULT_PAGE
        for name in ("first", "last"):
            value = _argument(node, name)
            if isinstance(value, VariableNode):
                return Size(standard, value.name.value)
            if isinstance(value, IntValueNode):
                return Size(_whole(value))
        return Size(standard)


def _dearest(costs: Collection[Cost]) -> Cost:
    if any(cost.parts for cost in costs):
        return reduce(Cost.plus, costs, Cost())
    return max(costs, key=lambda cost: cost.fixed, default=Cost())


def _is_list(kind: GraphQLOutputType) -> bool:
    return isinstance(kind.of_type if isinstance(kind, GraphQLNonNull) else kind, GraphQLList)


def _rows(definition: GraphQLField, node: FieldNode, size: Size) -> Size:
    """Return how many rows a list itself has."""
    declared = (definition.extensions or {}).get(_DECLARATION)
    if isinstance(declared, StrawberryField) and "rows" in declared.metadata:
        return Size(declared.metadata["rows"])
    if "ids" not in definition.args:
        return size
    value = _argument(node, "ids")
    if isinstance(value, VariableNode):
        return Size(_SHORT_LIST, value.name.value, counted=True)
    return Size(len(value.values) if isinstance(value, ListValueNode) else 1)


def _argument(node: FieldNode, name: str) -> Any:
    return next((each.value for each in node.arguments or () if each.name.value == name), None)


def _whole(value: IntValueNode) -> int:
    # A number of many digits is refused by the field; here it is only large.
    return max(0, min(int(value.value), _LARGEST_PAGE)) if len(value.value) < 10 else _LARGEST_PAGE


def pairs_to_merge(measuring: Measuring, operation: OperationDefinitionNode) -> int:
    """Return how many pairs of fields share a name in one place: what a validator must compare.

    To be asked only of operations whose fields have been found few enough.
    """
    return _pairs(measuring, [operation.selection_set])


def _pairs(measuring: Measuring, sets: Sequence[SelectionSetNode]) -> int:
    groups: dict[str, list[FieldNode]] = {}
    for each in sets:
        _group(measuring, each, groups)
    total = 0
    for nodes in groups.values():
        total += len(nodes) * (len(nodes) - 1) // 2
        below = [node.selection_set for node in nodes if node.selection_set is not None]
        if below:
            total += _pairs(measuring, below)
    return total


def _group(measuring: Measuring, selection_set: SelectionSetNode, groups: dict[str, list[FieldNode]]) -> None:
    for node in selection_set.selections:
        if isinstance(node, FieldNode):
            groups.setdefault((node.alias or node.name).value, []).append(node)
        elif isinstance(node, InlineFragmentNode):
            _group(measuring, node.selection_set, groups)
        elif isinstance(node, FragmentSpreadNode):
            fragment = measuring.fragments.get(node.name.value)
            if fragment is not None:
                _group(measuring, fragment.selection_set, groups)
