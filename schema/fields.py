"""Fields that are declared relations: the declaration says how, the type file says what and why."""

from collections.abc import Callable
from typing import Annotated, Any

import strawberry

from app.reads.entities import Entity
from app.reads.pages import window
from app.reads.record import Record
from app.reads.relations import Relation
from resolvers.context import Operation

Info = strawberry.Info[Operation, None]

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


def to_one(relation: Relation, description: str) -> Any:
    """Declare a field that is the one row a relation leads to, null where there is none."""

    async def resolve(root: strawberry.Parent[Any], info: Info) -> Any:
        return await info.context.loaders.one(relation, root)

    return _field(resolve, relation, description)


def to_all(relation: Relation, description: str) -> Any:
    """Declare a field that is the whole list a relation leads to, for lists short by nature."""

    async def resolve(root: strawberry.Parent[Any], info: Info) -> Any:
        return (await info.context.loaders.many(relation, root)).nodes

    return _field(resolve, relation, description)


def to_page(relation: Relation, description: str, *, default: int = 20) -> Any:
    """Declare a field that is a connection over a relation."""

    async def resolve(root: strawberry.Parent[Any], info: Info, first: First = default, after: After = None) -> Any:
        return await info.context.loaders.many(relation, root, window(first, after, default=default))

    return _field(resolve, relation, description)


def through(relation: Relation, column: str, description: str) -> Any:
    """Declare a field that is a column of the one row a relation leads to."""

    async def resolve(root: strawberry.Parent[Any], info: Info) -> Any:
        found = await info.context.loaders.one(relation, root)
        return None if found is None else found[column]

    return _field(resolve, relation, description, column=column)


def _field(resolve: Any, relation: Relation, description: str, **metadata: Any) -> Any:
    # The field's type is the class's annotation; the resolver must not claim another.
    del resolve.__annotations__["return"]
    return strawberry.field(resolver=resolve, description=description, metadata={"relation": relation, **metadata})
