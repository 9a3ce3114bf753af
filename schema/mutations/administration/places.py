"""Mutations on territories, facilities and service bays."""

from functools import partial
from typing import Annotated

import strawberry

from app.services.administration.facilities import create_facility, delete_facility, update_facility
from app.services.administration.service_bays import create_service_bay, delete_service_bay, update_service_bay
from app.services.administration.territories import create_territory, delete_territory, update_territory
from schema.administration_payloads import DeletionPayload, FacilityPayload, ServiceBayPayload, TerritoryPayload
from schema.fields import Info
from schema.inputs.administration.places import (
    CreateFacilityInput,
    CreateServiceBayInput,
    CreateTerritoryInput,
    UpdateFacilityInput,
    UpdateServiceBayInput,
    UpdateTerritoryInput,
)
from schema.inputs.comments import DeleteInput
from schema.mutations.writing import write

_INPUT = strawberry.argument(name="input", description="What to do, and to what.")


@strawberry.type
class PlaceMutations:
    """What can be done with territories, facilities and service bays."""

    @strawberry.mutation(description="Create a territory; MANAGER and ADMIN.")
    async def create_territory(self, info: Info, asked: Annotated[CreateTerritoryInput, _INPUT]) -> TerritoryPayload:
        """Create a territory."""
        return await write(info.context, asked.command, create_territory, TerritoryPayload)

    @strawberry.mutation(description="Change a territory; MANAGER and ADMIN.")
    async def update_territory(self, info: Info, asked: Annotated[UpdateTerritoryInput, _INPUT]) -> TerritoryPayload:
        """Change a territory."""
        return await write(info.context, asked.command, update_territory, TerritoryPayload)

    @strawberry.mutation(description="Delete a territory that nothing uses; MANAGER and ADMIN.")
    async def delete_territory(self, info: Info, asked: Annotated[DeleteInput, _INPUT]) -> DeletionPayload:
        """Delete a territory."""
        return await write(info.context, partial(asked.of, "Territory"), delete_territory, DeletionPayload)

    @strawberry.mutation(description="Create a facility; MANAGER and ADMIN.")
    async def create_facility(self, info: Info, asked: Annotated[CreateFacilityInput, _INPUT]) -> FacilityPayload:
        """Create a facility."""
        return await write(info.context, asked.command, create_facility, FacilityPayload)

    @strawberry.mutation(description="Change a facility; MANAGER and ADMIN.")
    async def update_facility(self, info: Info, asked: Annotated[UpdateFacilityInput, _INPUT]) -> FacilityPayload:
        """Change a facility."""
        return await write(info.context, asked.command, update_facility, FacilityPayload)

    @strawberry.mutation(description="Delete a facility that nothing uses; MANAGER and ADMIN.")
    async def delete_facility(self, info: Info, asked: Annotated[DeleteInput, _INPUT]) -> DeletionPayload:
        """Delete a facility."""
        return await write(info.context, partial(asked.of, "Facility"), delete_facility, DeletionPayload)

    @strawberry.mutation(description="Create a service bay; MANAGER and ADMIN.")
    async def create_service_bay(
        self, info: Info, asked: Annotated[CreateServiceBayInput, _INPUT]
    ) -> ServiceBayPayload:
        """Create a service bay."""
        return await write(info.context, asked.command, create_service_bay, ServiceBayPayload)

    @strawberry.mutation(description="Change a service bay; MANAGER and ADMIN.")
    async def update_service_bay(
        self, info: Info, asked: Annotated[UpdateServiceBayInput, _INPUT]
    ) -> ServiceBayPayload:
        """Change a service bay."""
        return await write(info.context, asked.command, update_service_bay, ServiceBayPayload)

    @strawberry.mutation(description="Delete a service bay that nothing uses; MANAGER and ADMIN.")
    async def delete_service_bay(self, info: Info, asked: Annotated[DeleteInput, _INPUT]) -> DeletionPayload:
        """Delete a service bay."""
        return await write(info.context, partial(asked.of, "ServiceBay"), delete_service_bay, DeletionPayload)
