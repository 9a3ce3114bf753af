"""Customers, their assets, and parts."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from app.reads import entities, relations
from app.reads.parts import left_over
from app.reads.questions import Computed
from schema.enums import AssetKind, CustomerTier
from schema.fields import asks, composed, record_type, to_all, to_one, to_page
from schema.types.node import Connection, Edge, GeoPoint, Money, Node, Versioned

if TYPE_CHECKING:
    from schema.types.appointments import AppointmentConnection
    from schema.types.users import UserConnection


@record_type(entities.CUSTOMER, "Whoever tickets are worked for.")
class Customer(Node, Versioned):
    """Whoever tickets are worked for."""

    external_id: str | None = strawberry.field(description="The customer's id elsewhere; null if it has none.")
    name: str = strawberry.field(description="What the customer is called.")
    active: bool = strawberry.field(description="Whether what is new can name it.")
    tier: CustomerTier = strawberry.field(description="How the customer is ranked.")
    address: str | None = strawberry.field(description="Null if unknown, or not the viewer's to see.")
    assets: list[Annotated["Asset", strawberry.lazy("schema.types.customers")]] = to_all(
        relations.CUSTOMER_ASSETS, "What is looked after for the customer."
    )
    location: GeoPoint | None = composed(
        GeoPoint, "Where the customer is; null as address is.", lat="latitude", lon="longitude"
    )
    appointments: Annotated["AppointmentConnection", strawberry.lazy("schema.types.appointments")] = to_page(
        relations.CUSTOMER_APPOINTMENTS, "What was agreed for the customer, first to last, of every status."
    )
    users: Annotated["UserConnection", strawberry.lazy("schema.types.users")] = to_page(
        relations.CUSTOMER_USERS, "The users who belong to the customer, by name, inactive ones too."
    )


@record_type(entities.ASSET, "A thing that is looked after.")
class Asset(Node, Versioned):
    """A thing that is looked after."""

    external_id: str | None = strawberry.field(description="The asset's id elsewhere; null if it has none.")
    kind: AssetKind = strawberry.field(description="What sort of thing it is.")
    name: str = strawberry.field(description="What the asset is called.")
    active: bool = strawberry.field(description="Whether what is new can name it.")
    customer: Customer | None = to_one(
        relations.ASSET_CUSTOMER, "Whose it is; null if nobody's, or not the viewer's to see."
    )
    appointments: Annotated["AppointmentConnection", strawberry.lazy("schema.types.appointments")] = to_page(
        relations.ASSET_APPOINTMENTS, "When it was and is to be worked on, first to last, of every status."
    )


@record_type(entities.PART, "Something that is built in.")
class Part(Node, Versioned):
    """Something that is built in."""

    part_number: str = strawberry.field(description="Unique within the organisation.")
    name: str = strawberry.field(description="What the part is called.")
    active: bool = strawberry.field(description="Whether what is new can name it.")
    stock: int = strawberry.field(description="How many are on the shelf; negative when more were used than counted.")
    available: int = asks(
        Computed(left_over),
        "How many are on the shelf and not reserved by an open appointment; negative when too few are.",
    )
    lead_time_days: int | None = strawberry.field(description="In how many days more can be had; null: nobody knows.")
    unit_cost: Money | None = composed(
        Money, "What one costs; null if unknown, or not the viewer's to see.", amount="unit_cost", currency="currency"
    )


@strawberry.type(description="A customer in a list.")
class CustomerEdge(Edge):
    """A customer in a list."""

    node: Customer = strawberry.field(description="The customer.")


@strawberry.type(description="A part of a list of customers.")
class CustomerConnection(Connection):
    """A part of a list of customers."""

    edges: list[CustomerEdge] = strawberry.field(description="The customers with their places.")
    nodes: list[Customer] = strawberry.field(description="The customers alone.")


@strawberry.type(description="A part in a list.")
class PartEdge(Edge):
    """A part in a list."""

    node: Part = strawberry.field(description="The part.")


@strawberry.type(description="A part of a list of parts.")
class PartConnection(Connection):
    """A part of a list of parts."""

    edges: list[PartEdge] = strawberry.field(description="The parts with their places.")
    nodes: list[Part] = strawberry.field(description="The parts alone.")


@strawberry.type(description="An asset in a list.")
class AssetEdge(Edge):
    """An asset in a list."""

    node: Asset = strawberry.field(description="The asset.")


@strawberry.type(description="A part of a list of assets.")
class AssetConnection(Connection):
    """A part of a list of assets."""

    edges: list[AssetEdge] = strawberry.field(description="The assets with their places.")
    nodes: list[Asset] = strawberry.field(description="The assets alone.")
