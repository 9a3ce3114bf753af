"""Mutations on parts and their stock."""

from functools import partial
from typing import Annotated

import strawberry

from app.services.administration.parts import adjust_stock, create_part, delete_part, update_part
from schema.administration_payloads import DeletionPayload, PartPayload
from schema.fields import Info
from schema.inputs.administration.stock import AdjustStockInput, CreatePartInput, UpdatePartInput
from schema.inputs.comments import DeleteInput
from schema.mutations.writing import write

_INPUT = strawberry.argument(name="input", description="What to do, and to what.")


@strawberry.type
class StockMutations:
    """What can be done with parts and their stock."""

    @strawberry.mutation(description="Create a part; MANAGER and ADMIN.")
    async def create_part(self, info: Info, asked: Annotated[CreatePartInput, _INPUT]) -> PartPayload:
        """Create a part."""
        return await write(info.context, asked.command, create_part, PartPayload)

    @strawberry.mutation(description="Change a part; MANAGER and ADMIN.")
    async def update_part(self, info: Info, asked: Annotated[UpdatePartInput, _INPUT]) -> PartPayload:
        """Change a part."""
        return await write(info.context, asked.command, update_part, PartPayload)

    @strawberry.mutation(description="Delete a part that nothing uses; MANAGER and ADMIN.")
    async def delete_part(self, info: Info, asked: Annotated[DeleteInput, _INPUT]) -> DeletionPayload:
        """Delete a part."""
        return await write(info.context, partial(asked.of, "Part"), delete_part, DeletionPayload)

    @strawberry.mutation(description="Say how many of a part came or went, or were counted; MANAGER and ADMIN.")
    async def adjust_stock(self, info: Info, asked: Annotated[AdjustStockInput, _INPUT]) -> PartPayload:
        """Say how many of a part came or went, or were counted."""
        return await write(info.context, asked.command, adjust_stock, PartPayload)
