"""Users, and the viewer among them."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from app.reads import entities, relations
from app.reads.questions import Own, OwnRoles, OwnRow
from schema.enums import Role
from schema.fields import asks, record_type, to_all
from schema.types.customers import Customer
from schema.types.node import Node
from schema.types.organizations import Organization

if TYPE_CHECKING:
    from schema.types.technicians import Technician


@record_type(entities.USER, "Somebody who may come in.")
class User(Node):
    """Somebody who may come in."""

    name: str = strawberry.field(description="What the user is called.")
    email: str | None = strawberry.field(description="Null if unknown, or not the viewer's to see.")
    roles: list[Role] = strawberry.field(description="What the user may be; a token can only narrow it.")
    customers: list[Customer] = to_all(relations.USER_CUSTOMERS, "The customers the user belongs to.")


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
