"""What is done with users."""

import strawberry

from app.services.access.revoke_tokens import RevokeTokens
from schema.ids import key_of
from schema.inputs.tickets import KEY


@strawberry.input(description="Whose sessions to end.")
class RevokeTokensInput:
    """Whose sessions to end."""

    user_id: strawberry.ID = strawberry.field(description="The user: oneself, or, for an ADMIN, anybody.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> RevokeTokens:
        """Return the command. Raises Invalid for an id of another type."""
        return RevokeTokens(user_id=key_of("User", self.user_id, "userId"), idempotency_key=self.idempotency_key)
