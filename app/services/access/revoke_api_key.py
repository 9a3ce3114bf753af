"""An API key is revoked, for good."""

from dataclasses import dataclass
from uuid import UUID

from app.db import records
from app.db.tables.api_keys import api_keys
from app.domain.api_keys import ApiKey
from app.domain.people import Actor
from app.domain.policy import Action, Standing
from app.domain.refusals import NotFound
from app.services.access.api_keys import revoked
from app.services.change import Change
from app.services.perform import Writer, Written, perform
from app.services.situations import require


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeApiKey:
    """Which key."""

    id: UUID
    idempotency_key: str | None = None


async def revoke_api_key(writer: Writer, actor: Actor, command: RevokeApiKey) -> Written:
    """Revoke an API key: it opens nothing from now on. One that was revoked stays so. Ids: api_key.

    Guard: the key's row lock.

    Raises:
        Forbidden: the actor is no ADMIN, or comes by a key.
        NotFound: there is no such key.
    """

    async def work(change: Change) -> dict[str, UUID]:
        require(change.actor, Action.MANAGE_API_KEYS, Standing(), words="revoke API keys")
        organization_id = change.actor.organization_id
        key = await records.fetch_one(change.connection, api_keys, ApiKey, organization_id, command.id, lock=True)
        if key is None:
            raise NotFound(field=("id",), kind="API key")
        if key.revoked_at is None:
            change.tell(await revoked(change, key))
        return {"api_key": key.id}

    return await perform(writer, actor, "revokeApiKey", command, work)
