"""From a GraphQL operation to a selection of questions: fragments, aliases and directives are resolved here.

Fields are collected by graphql-core's own functions, so that merging, type conditions, @skip and
@include are the library's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    get_named_type,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues
from graphql.language import OperationDefinitionNode
from strawberry.types.field import StrawberryField

from app.reads.questions import Attribute, Lookup, Question
from app.reads.selection import Branch, Known, Leaf, Selection, Site, Spelling, Words
from schema.scalars import SPELLINGS

_DECLARATION = "strawberry-definition"


class NotPlanned(Exception):
    """The operation is executed in the ordinary way; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgumentSite:
    """A field with arguments, where it stands in the operation."""

    definition: GraphQLField
    declaration: StrawberryField
    node: FieldNode


@dataclass(slots=True)
class Selecting:
    """One operation's way to its selection. `sites` are the fields whose questions need their arguments."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDetails]
    variables: VariableValues
    sites: list[ArgumentSite] = field(default_factory=list)

    def root(self) -> Selection:
        """Return what the operation selects. Raises NotPlanned."""
        query = self.schema.query_type
        if query is None:
            raise NotPlanned("there is nothing to query")
        collected = collect_fields(self.schema, dict(self.fragments), self.variables, query, self.operation)
        return self._fields(query, collected.grouped_field_set)

    def _fields(self, parent: GraphQLObjectType, grouped: Mapping[str, Sequence[FieldDetails]]) -> Selection:
        return tuple(self._field(parent, key, list(details)) for key, details in grouped.items())

    def _field(self, parent: GraphQLObjectType, key: str, details: list[FieldDetails]) -> Known | Leaf | Words | Branch:
        node = details[0].node
        name = node.name.value
        if name == "__typename":
            return Known(key=key, json=f'"{parent.name}"')
        if name.startswith("__"):
            raise NotPlanned("introspection")
        definition = parent.fields[name]
        question = self._question(f"{parent.name}.{name}", definition, node)
        required, many, named = _shape(definition.type)
        if isinstance(named, GraphQLScalarType | GraphQLEnumType):
            return _leaf(key, question, named, many=many, required=required)
        if not isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
            raise NotPlanned(f"{parent.name}.{name} is a union")
        return Branch(key=key, question=question, selections=self._selections(named, details), required=required)

    def _selections(
        self, named: GraphQLObjectType | GraphQLInterfaceType, details: list[FieldDetails]
    ) -> Mapping[str, Selection]:
        types = [named] if isinstance(named, GraphQLObjectType) else self.schema.get_possible_types(named)
        found = {}
        for each in types:
            collected = collect_subfields(
                self.schema, dict(self.fragments), self.variables, self.operation, each, details
            )
            found[each.name] = self._fields(each, collected.grouped_field_set)
        return found

    def _question(self, name: str, definition: GraphQLField, node: FieldNode) -> Question | Site:
        declaration = (definition.extensions or {}).get(_DECLARATION)
        if not isinstance(declaration, StrawberryField):
            raise NotPlanned(f"{name} is not declared")
        told = declaration.metadata
        if "ordinary" in told:
            raise NotPlanned(f"{name}: {told['ordinary']}")
        if "describe" in told:
            self.sites.append(ArgumentSite(definition=definition, declaration=declaration, node=node))
            return Site(number=len(self.sites) - 1)
        if "question" in told:
            question: Question = told["question"]
            return question
        if declaration.base_resolver is not None:
            raise NotPlanned(f"{name} has a resolver of its own and declares no question")
        return Attribute(declaration.python_name)


def _shape(kind: GraphQLOutputType) -> tuple[bool, bool, Any]:
    required = isinstance(kind, GraphQLNonNull)
    bare = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    return required, isinstance(bare, GraphQLList), get_named_type(kind)


def _leaf(
    key: str,
    question: Question | Site,
    named: GraphQLScalarType | GraphQLEnumType,
    *,
    many: bool,
    required: bool,
) -> Leaf | Words:
    if isinstance(question, Lookup):
        answers = {str(word): _json(named, answer, many=many) for word, answer in question.answers.items()}
        return Words(key=key, column=question.column, answers=answers)
    if isinstance(question, Site):
        raise NotPlanned(f"{key} is a single value with arguments")
    spelling = Spelling.WORD if isinstance(named, GraphQLEnumType) else SPELLINGS.get(named.name)
    if spelling is None:
        raise NotPlanned(f"{named.name} has no spelling in SQL")
    return Leaf(key=key, question=question, spelling=spelling, many=many, required=required)


def _json(named: GraphQLScalarType | GraphQLEnumType, answer: Any, *, many: bool) -> str:
    spell = named.coerce_output_value
    return orjson.dumps([spell(each) for each in answer] if many else spell(answer)).decode()
