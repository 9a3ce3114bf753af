"""Inputs of mutations on teams and skills."""

import strawberry

from app.services.administration.saying import Create, Update
from schema.inputs.administration.given import ACTIVE, VERSION, change, creation, given
from schema.inputs.tickets import KEY


@strawberry.input(description="A new team.")
class CreateTeamInput:
    """A new team."""

    name: str = strawberry.field(description="What it is called; 1 to 100 characters, no two teams alike.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> Create:
        """Return the command."""
        return creation(self, given(self, "name"))


@strawberry.input(description="What a team is to say: what is left out stays.")
class UpdateTeamInput:
    """What a team is to say."""

    id: strawberry.ID = strawberry.field(description="Which team.")
    expected_version: int = strawberry.field(description=VERSION)
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="1 to 100 characters, no two teams alike; not null."
    )
    active: bool | None = strawberry.field(default=strawberry.UNSET, description=ACTIVE)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> Update:
        """Return the command. Raises Invalid for an id of another type."""
        return change(self, "Team", given(self, "name", "active"))


@strawberry.input(description="A new skill.")
class CreateSkillInput:
    """A new skill."""

    code: str = strawberry.field(description="Short; 1 to 50 characters, no two skills alike.")
    name: str = strawberry.field(description="What it is called; 1 to 100 characters.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> Create:
        """Return the command."""
        return creation(self, given(self, "code", "name"))


@strawberry.input(description="What a skill is to say: what is left out stays.")
class UpdateSkillInput:
    """What a skill is to say."""

    id: strawberry.ID = strawberry.field(description="Which skill.")
    expected_version: int = strawberry.field(description=VERSION)
    code: str | None = strawberry.field(
        default=strawberry.UNSET, description="1 to 50 characters, no two skills alike; not null."
    )
    name: str | None = strawberry.field(default=strawberry.UNSET, description="1 to 100 characters; not null.")
    active: bool | None = strawberry.field(default=strawberry.UNSET, description=ACTIVE)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> Update:
        """Return the command. Raises Invalid for an id of another type."""
        return change(self, "Skill", given(self, "code", "name", "active"))
