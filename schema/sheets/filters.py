"""Filters and orders of lists of tickets that come as JSON: read as the arguments of the query `tickets` are."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import GraphQLField, Undefined
from graphql.utilities import coerce_input_value, validate_input_value
from strawberry import Schema
from strawberry.schema.base import BaseSchema
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from app.domain.refusals import Invalid
from app.reads.bounds import bounded
from app.reads.exporting import Wanted
from app.reads.searching import searched
from schema.inputs.filters import ticket_order

# What nests deeper than any filter may is not even looked at.
_DEEPEST = 30
# As JSON: what is longer is neither kept nor taken by an export.
LONGEST_JSON = 16_384


def wanted_of(schema: BaseSchema, filter: Any, order_by: Any = None, search: str | None = None) -> Wanted:  # noqa: A002  # the argument's name in the schema
    """Return which tickets a filter, an order and words of a search ask for, each as its JSON value or None.

    Raises:
        Invalid: one of them is not what `tickets` takes; the field is the path to what is wrong.
    """
    field = _field(schema)
    given = {name: _coerced(field, name, value) for name, value in (("filter", filter), ("orderBy", order_by))}
    converter = schema.schema_converter
    arguments = convert_arguments(
        given, _declared(field).arguments, scalar_registry=converter.scalar_registry, config=converter.config
    )
    words, narrowed = searched(search), arguments["filter"]
    return Wanted(
        order=ticket_order(arguments["order_by"], search=words),
        narrowed=bounded(None if narrowed is None else narrowed.wanted()),
        search=words,
    )


def _coerced(field: GraphQLField, name: str, value: Any) -> Any:
    if _is_too_deep(value):
        raise Invalid(field=(name,), problem=f"{name} nests too deep.")
    kind = field.args[name].type
    wrong: list[Invalid] = []
    validate_input_value(value, kind, _collecting(name, wrong), hide_suggestions=True)
    if wrong:
        raise wrong[0]
    coerced = coerce_input_value(value, kind)
    if coerced is Undefined:
        raise Invalid(field=(name,), problem=f"{name} is not what the query tickets takes.")
    return coerced


def _collecting(name: str, wrong: list[Invalid]) -> Callable[[Exception, list[str | int]], None]:
    def collect(error: Exception, path: list[str | int]) -> None:
        # The rest repeats what was sent.
        problem = str(error).partition("; Found: ")[0].partition(" Found: ")[0]
        wrong.append(Invalid(field=(name, *map(str, path)), problem=problem))

    return collect


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, Mapping) else each)
        ]
        if not level:
            return False
    return True


def _field(schema: BaseSchema) -> GraphQLField:
    root = schema._schema.query_type if isinstance(schema, Schema) else None  # noqa: SLF001  # strawberry has no public name for it
    if root is None:
        raise TypeError("there is nothing to query")
    return root.fields["tickets"]


def _declared(field: GraphQLField) -> StrawberryField:
    for each in (field.extensions or {}).values():
        if isinstance(each, StrawberryField):
            return each
    raise TypeError("the query tickets is not declared")
