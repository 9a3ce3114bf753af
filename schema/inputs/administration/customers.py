"""Inputs of mutations on customers and assets."""

import strawberry

from app.services.administration.saying import Create, Update
from schema.enums import AssetKind, CustomerTier
from schema.ids import optional_key
from schema.inputs.administration.given import ACTIVE, VERSION, change, creation, given, keys, place
from schema.inputs.tickets import KEY, GeoPointInput

_ELSEWHERE = "Its id elsewhere; 1 to 100 characters, no two alike."


@strawberry.input(description="A new customer.")
class CreateCustomerInput:
    """A new customer."""

    name: str = strawberry.field(description="What they are called; 1 to 200 characters.")
    external_id: str | None = strawberry.field(default=None, description=_ELSEWHERE)
    tier: CustomerTier = strawberry.field(default=CustomerTier.STANDARD, description="How they are ranked.")
    location: GeoPointInput | None = strawberry.field(default=None, description="Where they are.")
    address: str | None = strawberry.field(default=None, description="Where, in words; at most 500 characters.")
    user_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="The users who belong to them; at most 500."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> Create:
        """Return the command. Raises Invalid for ids of another type."""
        values = {**given(self, "name", "external_id", "tier", "address"), **place(self.location)}
        return creation(self, {**values, "user_ids": keys("User", self.user_ids, "userIds")})


@strawberry.input(
    description="What a customer is to say: what is left out stays, null takes it away where that can be."
)
class UpdateCustomerInput:
    """What a customer is to say."""

    id: strawberry.ID = strawberry.field(description="Which customer.")
    expected_version: int = strawberry.field(description=VERSION)
    name: str | None = strawberry.field(default=strawberry.UNSET, description="1 to 200 characters; not null.")
    external_id: str | None = strawberry.field(default=strawberry.UNSET, description=_ELSEWHERE)
    tier: CustomerTier | None = strawberry.field(default=strawberry.UNSET, description="How they are ranked; not null.")
    location: GeoPointInput | None = strawberry.field(default=strawberry.UNSET, description="Where they are.")
    address: str | None = strawberry.field(
        default=strawberry.UNSET, description="Where, in words; at most 500 characters."
    )
    user_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="The users who belong to them, all of them; at most 500."
    )
    active: bool | None = strawberry.field(default=strawberry.UNSET, description=ACTIVE)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> Update:
        """Return the command. Raises Invalid for ids of another type."""
        values = given(self, "name", "external_id", "tier", "address", "active")
        values |= {} if self.location is strawberry.UNSET else place(self.location)
        if self.user_ids is not strawberry.UNSET:
            values["user_ids"] = keys("User", self.user_ids, "userIds")
        return change(self, "Customer", values)


@strawberry.input(description="A new asset.")
class CreateAssetInput:
    """A new asset."""

    name: str = strawberry.field(description="What it is called; 1 to 200 characters.")
    kind: AssetKind = strawberry.field(description="What sort of thing it is.")
    external_id: str | None = strawberry.field(
        default=None, description="Its id elsewhere, by which monitoring names it; 1 to 100 characters, no two alike."
    )
    customer_id: strawberry.ID | None = strawberry.field(default=None, description="Whose it is.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> Create:
        """Return the command. Raises Invalid for ids of another type."""
        customer = {"customer_id": optional_key("Customer", self.customer_id, "customerId")}
        return creation(self, {**given(self, "name", "kind", "external_id"), **customer})


@strawberry.input(description="What an asset is to say: what is left out stays, null takes it away where that can be.")
class UpdateAssetInput:
    """What an asset is to say."""

    id: strawberry.ID = strawberry.field(description="Which asset.")
    expected_version: int = strawberry.field(description=VERSION)
    name: str | None = strawberry.field(default=strawberry.UNSET, description="1 to 200 characters; not null.")
    kind: AssetKind | None = strawberry.field(
        default=strawberry.UNSET, description="What sort of thing it is; not null."
    )
    external_id: str | None = strawberry.field(default=strawberry.UNSET, description=_ELSEWHERE)
    customer_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Whose it is.")
    active: bool | None = strawberry.field(default=strawberry.UNSET, description=ACTIVE)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> Update:
        """Return the command. Raises Invalid for ids of another type."""
        values = given(self, "name", "kind", "external_id", "active")
        if self.customer_id is not strawberry.UNSET:
            values["customer_id"] = optional_key("Customer", self.customer_id, "customerId")
        return change(self, "Asset", values)
