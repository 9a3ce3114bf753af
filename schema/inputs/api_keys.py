"""Inputs of mutations on API keys."""

from datetime import datetime

import strawberry

from app.services.access.create_api_key import CreateApiKey
from app.services.access.revoke_api_key import RevokeApiKey
from schema.enums import ApiKeyScope
from schema.ids import key_of, optional_key
from schema.inputs.tickets import KEY


@strawberry.input(description="An API key as it is to be; it never changes but to be revoked.")
class CreateApiKeyInput:
    """An API key as it is to be."""

    name: str = strawberry.field(description="What it is for, 1 to 100 characters.")
    scopes: list[ApiKeyScope] = strawberry.field(description="What it opens: one at least, and not BEGIN.")
    user_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whom it acts as, best a user of its own; without it, the viewer."
    )
    expires_at: datetime | None = strawberry.field(
        default=None, description="Until when it is good: from a minute to five years ahead; without it, for a year."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> CreateApiKey:
        """Return the command. Raises Invalid for an id of another type."""
        return CreateApiKey(
            name=self.name,
            scopes=tuple(self.scopes),
            user_id=optional_key("User", self.user_id, "userId"),
            expires_at=self.expires_at,
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="Which API key to revoke.")
class RevokeApiKeyInput:
    """Which API key to revoke."""

    id: strawberry.ID = strawberry.field(description="The key.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> RevokeApiKey:
        """Return the command. Raises Invalid for an id of another type."""
        return RevokeApiKey(id=key_of("ApiKey", self.id, "id"), idempotency_key=self.idempotency_key)
