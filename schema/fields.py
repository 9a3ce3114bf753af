"""Fields declared by the question they ask: one declaration, answered by loaders and by compiled statements.

`question` in a field's metadata is what it always asks; `describe` makes the question from the field's
arguments; `ordinary` says why a field can only be resolved. A field with none of them is an attribute
of its parent.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import Parameter, signature
from typing import Annotated, Any

import strawberry

from app.reads import questions
from app.reads.entities import Entity
from app.reads.orders import Order
from app.reads.pages import placed, window
from app.reads.questions import Question
from app.reads.record import Record
from app.reads.relations import Relation
from resolvers.answering import answer
from resolvers.context import Operation

Info = strawberry.Info[Operation, None]

# How many rows a list holds as a rule: what a client may ask for is measured by it.
ONE_ROW = {"rows": 1}
FEW_ROWS = {"rows": 5}

First = Annotated[int | None, strawberry.argument(description="How many from the start, 0 to 100.")]
After = Annotated[str | None, strawberry.argument(description="Begin behind this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="How many from the end, 0 to 100; instead of first.")]
Before = Annotated[str | None, strawberry.argument(description="End before this cursor; instead of after.")]


def record_type(entity: Entity, description: str) -> Callable[[type], type]:
    """Make a class the GraphQL type of an entity: its plain fields are columns of the same name."""

    def decorate(cls: type) -> type:
        def is_type_of(_cls: type, value: object, _info: object) -> bool:
            return isinstance(value, Record) and value.entity is entity

        cls.is_type_of = classmethod(is_type_of)  # type: ignore[attr-defined]  # strawberry looks for this name
        return strawberry.type(cls, name=entity.name, description=description)

    return decorate


def asked(description: str) -> Callable[[Callable[..., Any]], Any]:
    """Make a method that returns a question a field with the method's arguments and type.

    The method asks nothing itself and knows nothing of the viewer; it raises Invalid for arguments
    that make no sense. Its return annotation is the field's type.
    """

    def decorate(describe: Callable[..., Any]) -> Any:
        @wraps(describe)
        async def resolve(self: Any, info: Info, **arguments: Any) -> Any:
            return await answer(info.context, self, describe(self, **arguments))

        declared = signature(describe)
        itself, *others = declared.parameters.values()
        told = Parameter("info", Parameter.POSITIONAL_OR_KEYWORD, annotation=Info)
        resolve.__signature__ = declared.replace(  # type: ignore[attr-defined]  # what inspect looks for
            parameters=[itself, told, *(each.replace(kind=Parameter.KEYWORD_ONLY) for each in others)]
        )
        return strawberry.field(resolver=resolve, description=description, metadata={"describe": describe})

    return decorate


def asks(question: Question, description: str) -> Any:
    """Declare a field that always asks the same."""

    async def resolve(root: strawberry.Parent[Any], info: Info) -> Any:
        return await answer(info.context, root, question)

    return _field(resolve, description, question=question)


def to_one(relation: Relation, description: str) -> Any:
    """Declare a field that is the one row a relation leads to, null where there is none."""
    return asks(questions.ToOne(relation), description)


def to_all(relation: Relation, description: str) -> Any:
    """Declare a field that is the whole list a relation leads to, for lists short by nature."""
    return asks(questions.ToAll(relation), description)


def through(relation: Relation, column: str, description: str) -> Any:
    """Declare a field that is a column of the one row a relation leads to."""
    return asks(questions.Through(relation, column), description)


def to_page(relation: Relation, description: str, *, default: int = 20) -> Any:
    """Declare a field that is a connection over a relation."""

    def describe(_root: Any, first: int | None = default, after: str | None = None) -> questions.Children:
        return children(relation, first, after, default=default)

    async def resolve(root: strawberry.Parent[Any], info: Info, first: First = default, after: After = None) -> Any:
        return await answer(info.context, root, describe(root, first, after))

    return _field(resolve, description, describe=describe)


def children(relation: Relation, first: int | None, after: str | None, *, default: int = 20) -> questions.Children:
    """Return the question for a page of a relation's rows. Raises Invalid."""
    return questions.Children(relation, placed(order_of(relation), window(first, after, default=default)))


def order_of(relation: Relation) -> Order:
    """Return the order that every relation to many has."""
    if relation.order is None:
        raise TypeError(f"{relation.name} has no order")
    return relation.order


def lookup(column: str, answers: Mapping[Any, Any], description: str) -> Any:
    """Declare a field that a table answers by the word in a column."""

    def resolve(root: strawberry.Parent[Any]) -> Any:
        return answers[root[column]]

    return _field(resolve, description, question=questions.Lookup(column, answers))


def renamed(column: str, description: str) -> Any:
    """Declare a field that is a column of another name."""

    def resolve(root: strawberry.Parent[Any]) -> Any:
        return root[column]

    return _field(resolve, description, question=questions.Attribute(column))


def composed(of: Callable[..., Any], description: str, **columns: str) -> Any:
    """Declare a field that is an object made of columns, by its fields' names; null unless every one is there."""

    def resolve(root: strawberry.Parent[Any]) -> Any:
        values = {name: root[column] for name, column in columns.items()}
        return None if None in values.values() else of(**values)

    return _field(resolve, description, question=questions.Composed(columns))


def each_of(column: str, of: Callable[..., Any], description: str, *, rows: int) -> Any:
    """Declare a field that is a list of objects kept in a column, as a rule so many; null as the column is."""

    def resolve(root: strawberry.Parent[Any]) -> Any:
        entries = root[column]
        return None if entries is None else [of(**entry) for entry in entries]

    return _field(resolve, description, question=questions.Attribute(column), rows=rows)


def _field(resolve: Any, description: str, **metadata: Any) -> Any:
    # The field's type is the class's annotation; the resolver must not claim another.
    del resolve.__annotations__["return"]
    return strawberry.field(resolver=resolve, description=description, metadata=metadata)
