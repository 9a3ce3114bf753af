"""API keys: how programs come in."""

from datetime import datetime

import strawberry

from app.reads import entities, relations
from schema.enums import ApiKeyScope
from schema.fields import record_type, to_one
from schema.types.node import Connection, Edge, Node, Versioned
from schema.types.users import User


@record_type(entities.API_KEY, "How a program comes in: as a user, with fewer rights than theirs. For ADMIN alone.")
class ApiKey(Node, Versioned):
    """How a program comes in."""

    name: str = strawberry.field(description="What it is for.")
    prefix: str = strawberry.field(description="What the key begins with, to know it by; it is no secret.")
    scopes: list[ApiKeyScope] = strawberry.field(description="What it opens, of all that its user may.")
    user: User = to_one(
        relations.API_KEY_USER,
        "Whom it acts as: it opens no more than they may, and nothing once they may not come in.",
    )
    created_by: User | None = to_one(relations.API_KEY_CREATOR, "Who made it; null: the command line.")
    expires_at: datetime = strawberry.field(description="Until when it is good.")
    last_used_at: datetime | None = strawberry.field(
        description="When it was last used, give or take two minutes; null: never."
    )
    revoked_at: datetime | None = strawberry.field(description="Since when it opens nothing; null: it was not revoked.")


@strawberry.type(description="An API key in a list.")
class ApiKeyEdge(Edge):
    """An API key in a list."""

    node: ApiKey = strawberry.field(description="The key.")


@strawberry.type(description="A part of a list of API keys.")
class ApiKeyConnection(Connection):
    """A part of a list of API keys."""

    edges: list[ApiKeyEdge] = strawberry.field(description="The keys with their places.")
    nodes: list[ApiKey] = strawberry.field(description="The keys alone.")
