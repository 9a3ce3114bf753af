"""Mutations on users and technicians."""

from functools import partial
from typing import Annotated

import strawberry

from app.services.administration.technicians import create_technician, delete_technician, update_technician
from app.services.administration.users import create_user, delete_user, update_user
from schema.administration_payloads import DeletionPayload, TechnicianPayload, UserPayload
from schema.fields import Info
from schema.inputs.administration.people import (
    CreateTechnicianInput,
    CreateUserInput,
    UpdateTechnicianInput,
    UpdateUserInput,
)
from schema.inputs.comments import DeleteInput
from schema.mutations.writing import write

_INPUT = strawberry.argument(name="input", description="What to do, and to what.")


@strawberry.type
class PeopleMutations:
    """What can be done with users and technicians."""

    @strawberry.mutation(description="Create a user; MANAGER, with the role END_USER alone, and ADMIN.")
    async def create_user(self, info: Info, asked: Annotated[CreateUserInput, _INPUT]) -> UserPayload:
        """Create a user."""
        return await write(info.context, asked.command, create_user, UserPayload)

    @strawberry.mutation(
        description="Change a user; MANAGER, but for roles and for an ADMIN, and ADMIN. Whoever is made inactive is out"
        " within 5 s, and an organisation keeps an active ADMIN."
    )
    async def update_user(self, info: Info, asked: Annotated[UpdateUserInput, _INPUT]) -> UserPayload:
        """Change a user."""
        return await write(info.context, asked.command, update_user, UserPayload)

    @strawberry.mutation(description="Delete a user whom nothing names; MANAGER, but for an ADMIN, and ADMIN.")
    async def delete_user(self, info: Info, asked: Annotated[DeleteInput, _INPUT]) -> DeletionPayload:
        """Delete a user."""
        return await write(info.context, partial(asked.of, "User"), delete_user, DeletionPayload)

    @strawberry.mutation(description="Make a user a technician; MANAGER, and, with a new user, ADMIN.")
    async def create_technician(self, info: Info, asked: Annotated[CreateTechnicianInput, _INPUT]) -> TechnicianPayload:
        """Make a user a technician."""
        return await write(info.context, asked.command, create_technician, TechnicianPayload)

    @strawberry.mutation(description="Change a technician; MANAGER and ADMIN.")
    async def update_technician(self, info: Info, asked: Annotated[UpdateTechnicianInput, _INPUT]) -> TechnicianPayload:
        """Change a technician."""
        return await write(info.context, asked.command, update_technician, TechnicianPayload)

    @strawberry.mutation(
        description="Delete a technician who never had work, with their shifts and time off; MANAGER and ADMIN."
    )
    async def delete_technician(self, info: Info, asked: Annotated[DeleteInput, _INPUT]) -> DeletionPayload:
        """Delete a technician."""
        return await write(info.context, partial(asked.of, "Technician"), delete_technician, DeletionPayload)
