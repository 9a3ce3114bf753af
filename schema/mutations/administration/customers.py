"""Mutations on customers and assets."""

from functools import partial
from typing import Annotated

import strawberry

from app.services.administration.assets import create_asset, delete_asset, update_asset
from app.services.administration.customers import create_customer, delete_customer, update_customer
from schema.administration_payloads import AssetPayload, CustomerPayload, DeletionPayload
from schema.fields import Info
from schema.inputs.administration.customers import (
    CreateAssetInput,
    CreateCustomerInput,
    UpdateAssetInput,
    UpdateCustomerInput,
)
from schema.inputs.comments import DeleteInput
from schema.mutations.writing import write

_INPUT = strawberry.argument(name="input", description="What to do, and to what.")


@strawberry.type
class CustomerMutations:
    """What can be done with customers and assets."""

    @strawberry.mutation(description="Create a customer; MANAGER and ADMIN.")
    async def create_customer(self, info: Info, asked: Annotated[CreateCustomerInput, _INPUT]) -> CustomerPayload:
        """Create a customer."""
        return await write(info.context, asked.command, create_customer, CustomerPayload)

    @strawberry.mutation(description="Change a customer; MANAGER and ADMIN.")
    async def update_customer(self, info: Info, asked: Annotated[UpdateCustomerInput, _INPUT]) -> CustomerPayload:
        """Change a customer."""
        return await write(info.context, asked.command, update_customer, CustomerPayload)

    @strawberry.mutation(description="Delete a customer that nothing uses; MANAGER and ADMIN.")
    async def delete_customer(self, info: Info, asked: Annotated[DeleteInput, _INPUT]) -> DeletionPayload:
        """Delete a customer."""
        return await write(info.context, partial(asked.of, "Customer"), delete_customer, DeletionPayload)

    @strawberry.mutation(description="Create an asset; MANAGER and ADMIN.")
    async def create_asset(self, info: Info, asked: Annotated[CreateAssetInput, _INPUT]) -> AssetPayload:
        """Create an asset."""
        return await write(info.context, asked.command, create_asset, AssetPayload)

    @strawberry.mutation(description="Change an asset; MANAGER and ADMIN.")
    async def update_asset(self, info: Info, asked: Annotated[UpdateAssetInput, _INPUT]) -> AssetPayload:
        """Change an asset."""
        return await write(info.context, asked.command, update_asset, AssetPayload)

    @strawberry.mutation(description="Delete an asset that nothing uses; MANAGER and ADMIN.")
    async def delete_asset(self, info: Info, asked: Annotated[DeleteInput, _INPUT]) -> DeletionPayload:
        """Delete an asset."""
        return await write(info.context, partial(asked.of, "Asset"), delete_asset, DeletionPayload)
