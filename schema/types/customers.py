"""Customers, their assets, and parts."""

from typing import Annotated

import strawberry

from app.reads import entities, relations
from schema.enums import AssetKind, CustomerTier
from schema.fields import composed, record_type, to_all, to_one
from schema.types.node import GeoPoint, Money, Node


@record_type(entities.CUSTOMER, "Whoever tickets are worked for.")
class Customer(Node):
    """Whoever tickets are worked for."""

    external_id: str | None = strawberry.field(description="The customer's id elsewhere; null if it has none.")
    name: str = strawberry.field(description="What the customer is called.")
    tier: CustomerTier = strawberry.field(description="How the customer is ranked.")
    address: str | None = strawberry.field(description="Null if unknown, or not the viewer's to see.")
    assets: list[Annotated["Asset", strawberry.lazy("schema.types.customers")]] = to_all(
        relations.CUSTOMER_ASSETS, "What is looked after for the customer."
    )
    location: GeoPoint | None = composed(
        GeoPoint, "Where the customer is; null as address is.", lat="latitude", lon="longitude"
    )


@record_type(entities.ASSET, "A thing that is looked after.")
class Asset(Node):
    """A thing that is looked after."""

    external_id: str | None = strawberry.field(description="The asset's id elsewhere; null if it has none.")
    kind: AssetKind = strawberry.field(description="What sort of thing it is.")
    name: str = strawberry.field(description="What the asset is called.")
    customer: Customer | None = to_one(
        relations.ASSET_CUSTOMER, "Whose it is; null if nobody's, or not the viewer's to see."
    )


@record_type(entities.PART, "Something that is built in.")
class Part(Node):
    """Something that is built in."""

    part_number: str = strawberry.field(description="Unique within the organisation.")
    name: str = strawberry.field(description="What the part is called.")
    stock: int = strawberry.field(description="How many are on the shelf; negative when more were used than counted.")
    unit_cost: Money | None = composed(
        Money, "What one costs; null if unknown, or not the viewer's to see.", amount="unit_cost", currency="currency"
    )
