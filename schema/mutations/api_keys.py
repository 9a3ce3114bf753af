"""Mutations on API keys."""

from functools import partial
from typing import Annotated, Any

import strawberry

from app.services.access.create_api_key import MintedKey, create_api_key
from app.services.access.revoke_api_key import revoke_api_key
from app.services.perform import Written
from resolvers.api_keys import new_key
from resolvers.context import Operation
from schema.errors import ApiKeyError
from schema.fields import ONE_ROW, Info
from schema.inputs.api_keys import CreateApiKeyInput, RevokeApiKeyInput
from schema.mutations.writing import write
from schema.payloads import MutationPayload, fields_of
from schema.types.api_keys import ApiKey

_INPUT = strawberry.argument(description="What to do, and to what.")


@strawberry.type(description="What mutations on API keys answer.")
class ApiKeyPayload(MutationPayload):
    """What mutations on API keys answer."""

    api_key: ApiKey | None = strawberry.field(
        default=None, description="The key; null: nothing was written, or it is not the viewer's to see."
    )
    secret: str | None = strawberry.field(
        default=None,
        description="The whole key, to be sent as a bearer token: shown this once, and kept nowhere. Null unless this"
        " made it: a repeat shows it no more, so revoke a key whose answer was lost and make another.",
    )
    errors: list[ApiKeyError] = strawberry.field(
        default_factory=list, description="Why nothing was written; empty: it was.", metadata=ONE_ROW
    )


@strawberry.type
class ApiKeyMutations:
    """What can be done with API keys."""

    @strawberry.mutation(
        description="Make an API key; ADMIN only, and by no other key than a one-time token, which that uses up."
    )
    async def create_api_key(self, info: Info, input: Annotated[CreateApiKeyInput, _INPUT]) -> ApiKeyPayload:  # noqa: A002  # the argument's name in the schema
        """Make an API key."""
        new = new_key(info.context)
        service = partial(create_api_key, new=new)
        return await write(info.context, input.command, service, ApiKeyPayload, partial(_shown, new))

    @strawberry.mutation(
        description="Revoke an API key for good: streams end within 5 s. ADMIN only, and by no key. One that was"
        " revoked stays so."
    )
    async def revoke_api_key(self, info: Info, input: Annotated[RevokeApiKeyInput, _INPUT]) -> ApiKeyPayload:  # noqa: A002  # the argument's name in the schema
        """Revoke an API key."""
        return await write(info.context, input.command, revoke_api_key, ApiKeyPayload)


async def _shown(new: MintedKey, operation: Operation, written: Written) -> dict[str, Any]:
    # A repeat tells of the key that was made first, whose text is gone.
    made = written.ids["api_key"] == new.id
    return {**await fields_of(operation, written), "secret": new.text.text if made else None}
