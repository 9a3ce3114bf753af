"""Mutations on teams and skills."""

from functools import partial
from typing import Annotated

import strawberry

from app.services.administration.skills import create_skill, delete_skill, update_skill
from app.services.administration.teams import create_team, delete_team, update_team
from schema.administration_payloads import DeletionPayload, SkillPayload, TeamPayload
from schema.fields import Info
from schema.inputs.administration.division import (
    CreateSkillInput,
    CreateTeamInput,
    UpdateSkillInput,
    UpdateTeamInput,
)
from schema.inputs.comments import DeleteInput
from schema.mutations.writing import write

_INPUT = strawberry.argument(name="input", description="What to do, and to what.")


@strawberry.type
class DivisionMutations:
    """What can be done with teams and skills."""

    @strawberry.mutation(description="Create a team; MANAGER and ADMIN.")
    async def create_team(self, info: Info, asked: Annotated[CreateTeamInput, _INPUT]) -> TeamPayload:
        """Create a team."""
        return await write(info.context, asked.command, create_team, TeamPayload)

    @strawberry.mutation(description="Change a team; MANAGER and ADMIN.")
    async def update_team(self, info: Info, asked: Annotated[UpdateTeamInput, _INPUT]) -> TeamPayload:
        """Change a team."""
        return await write(info.context, asked.command, update_team, TeamPayload)

    @strawberry.mutation(description="Delete a team that nothing uses; MANAGER and ADMIN.")
    async def delete_team(self, info: Info, asked: Annotated[DeleteInput, _INPUT]) -> DeletionPayload:
        """Delete a team."""
        return await write(info.context, partial(asked.of, "Team"), delete_team, DeletionPayload)

    @strawberry.mutation(description="Create a skill; MANAGER and ADMIN.")
    async def create_skill(self, info: Info, asked: Annotated[CreateSkillInput, _INPUT]) -> SkillPayload:
        """Create a skill."""
        return await write(info.context, asked.command, create_skill, SkillPayload)

    @strawberry.mutation(description="Change a skill; MANAGER and ADMIN.")
    async def update_skill(self, info: Info, asked: Annotated[UpdateSkillInput, _INPUT]) -> SkillPayload:
        """Change a skill."""
        return await write(info.context, asked.command, update_skill, SkillPayload)

    @strawberry.mutation(description="Delete a skill that nothing uses; MANAGER and ADMIN.")
    async def delete_skill(self, info: Info, asked: Annotated[DeleteInput, _INPUT]) -> DeletionPayload:
        """Delete a skill."""
        return await write(info.context, partial(asked.of, "Skill"), delete_skill, DeletionPayload)
