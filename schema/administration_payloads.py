"""What mutations on the rows that an organisation keeps of itself answer."""

import strawberry

from schema.errors import DeletionError, RecordError
from schema.fields import ONE_ROW
from schema.payloads import MutationPayload
from schema.types.organizations import Skill, Team

_WHY = "Why nothing was written; empty: it was."


@strawberry.type(description="What mutations on teams answer.")
class TeamPayload(MutationPayload):
    """What mutations on teams answer."""

    team: Team | None = strawberry.field(default=None, description="The team; null: nothing was written.")
    errors: list[RecordError] = strawberry.field(default_factory=list, description=_WHY, metadata=ONE_ROW)


@strawberry.type(description="What mutations on skills answer.")
class SkillPayload(MutationPayload):
    """What mutations on skills answer."""

    skill: Skill | None = strawberry.field(default=None, description="The skill; null: nothing was written.")
    errors: list[RecordError] = strawberry.field(default_factory=list, description=_WHY, metadata=ONE_ROW)


@strawberry.type(description="What deleting a row that an organisation keeps of itself answers.")
class DeletionPayload(MutationPayload):
    """What deleting a row answers."""

    deleted_id: strawberry.ID | None = strawberry.field(
        default=None, description="What was deleted; null: nothing was."
    )
    errors: list[DeletionError] = strawberry.field(
        default_factory=list, description="Why nothing was deleted; empty: it was.", metadata=ONE_ROW
    )
