"""Users, and the viewer among them."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from app.reads import entities, relations
from app.reads.questions import Own, OwnRoles, OwnRow
from schema.enums import Role
from schema.fields import asks, record_type, to_all, to_one
from schema.types.customers import Customer
from schema.types.node import Connection, Edge, Node, Versioned
from schema.types.organizations import Organization

if TYPE_CHECKING:
    from schema.types.technicians import Technician


@record_type(entities.USER, "Somebody who may come in.")
class User(Node, Versioned):
    """Somebody who may come in."""

    name: str = strawberry.field(description="What the user is called.")
    email: str | None = strawberry.field(description="Null if unknown, or not the viewer's to see.")
    roles: list[Role] = strawberry.field(description="What the user may be; a token can only narrow it.")
    active: bool = strawberry.field(description="Whether the user may come in, and what is new can name them.")
    customers: list[Customer] = to_all(relations.USER_CUSTOMERS, "The customers the user belongs to.")
    technician: Annotated["Technician", strawberry.lazy("schema.types.technicians")] | None = to_one(
        relations.USER_TECHNICIAN, "The technician that they are, or were; null: none."
    )


@strawberry.type(description="Who asks, as the server sees them.")
class Viewer:
    """Who asks, as the server sees them."""

    user: User = asks(OwnRow(entities.USER, Own.USER), "The viewer's user.")
    organization: Organization = asks(
        OwnRow(entities.ORGANIZATION, Own.ORGANIZATION), "The organisation the token is for."
    )
    roles: list[Role] = asks(OwnRoles(), "The roles that both the user and the token have.")
    technician: Annotated["Technician", strawberry.lazy("schema.types.technicians")] | None = asks(
        OwnRow(entities.TECHNICIAN, Own.TECHNICIAN), "The viewer as a technician; null for whoever is none."
    )


@strawberry.type(description="A user in a list.")
class UserEdge(Edge):
    """A user in a list."""

    node: User = strawberry.field(description="The user.")


@strawberry.type(description="A part of a list of users.")
class UserConnection(Connection):
    """A part of a list of users."""

    edges: list[UserEdge] = strawberry.field(description="The users with their places.")
    nodes: list[User] = strawberry.field(description="The users alone.")
