"""The schema, built once per process."""

from functools import cache

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from schema.mutations.mutation import Mutation
from schema.queries import Query
from schema.scalars import SCALARS
from schema.subscriptions.subscription import Subscription
from schema.types.customers import Asset, Customer, Part
from schema.types.organizations import Organization, Team, Territory


@cache
def schema() -> strawberry.Schema:
    """Return the schema; a second one over the same types cannot be built."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Asset, Customer, Organization, Part, Team, Territory],
        config=StrawberryConfig(scalar_map=SCALARS),
    )


@cache
def executable() -> GraphQLSchema:
    """Return the schema as graphql-core executes it."""
    return schema()._schema  # noqa: SLF001  # strawberry has no public name for it


def sdl() -> str:
    """Return the schema definition as it is committed, with a final newline."""
    return schema().as_str() + "\n"
