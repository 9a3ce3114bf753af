"""An API key is made; its text is shown once and kept nowhere."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from secrets import randbits
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from app.db import locks, records
from app.db.tables.api_keys import api_keys
from app.db.tables.people import users
from app.domain import validation
from app.domain.api_key_texts import KeyHashes, KeyText, mint
from app.domain.api_keys import LONGEST_NAME, MOST_KEYS, ApiKey, asked_end, asked_scopes, key_event
from app.domain.people import Actor, ApiKeyScope
from app.domain.policy import Action, Standing
from app.domain.refusals import Forbidden, Invalid, NotFound
from app.services.access.api_keys import revoked
from app.services.change import Change
from app.services.perform import Writer, Written, perform
from app.services.situations import require


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateApiKey:
    """What a key is to be called, whom it acts as (the actor, unless it is said), what it opens, and when it ends."""

    name: str
    scopes: Sequence[ApiKeyScope]
    user_id: UUID | None = None
    expires_at: datetime | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MintedKey:
    """A key before it is written: what its row will be called, its text, and what is kept of that."""

    id: UUID
    text: KeyText = field(repr=False)
    hash: bytes = field(repr=False)


def minted(organization_id: UUID, hashes: KeyHashes) -> MintedKey:
    """Return a new key for an organisation."""
    text = mint(organization_id, random=randbits)
    return MintedKey(id=uuid7(), text=text, hash=hashes.of(text))


async def create_api_key(writer: Writer, actor: Actor, command: CreateApiKey, *, new: MintedKey) -> Written:
    """Make an API key. Ids: api_key, which is `new`'s own unless this is a repeat, whose text nobody has any more.

    A one-time token makes one for its own user, and is revoked in the same change.

    Guard: the advisory lock of the organisation's keys, under which they are counted; a one-time token's row lock.

    Raises:
        Invalid: the name is blank or too long, scopes or end are none that a key may have, or there are too many keys.
        NotFound: there is no such user, or they are no longer active.
        Forbidden: the actor is no ADMIN, comes by a key, or by a one-time token that was used, or for somebody else.
    """

    async def work(change: Change) -> dict[str, UUID]:
        require(change.actor, Action.MANAGE_API_KEYS, Standing(), words="make API keys")
        name = validation.text(command.name, "name", longest=LONGEST_NAME)
        user_id = command.user_id or change.actor.user_id
        if user_id is None:
            raise Forbidden(action="make API keys for nobody")
        scopes, end = asked_scopes(command.scopes), asked_end(command.expires_at, change.now)
        await locks.lock_api_keys(change.connection, change.actor.organization_id)
        await _use_up(change, user_id)
        await _check_user(change, user_id)
        await _check_room(change)
        key = ApiKey(
            id=new.id,
            organization_id=change.actor.organization_id,
            name=name,
            prefix=new.text.prefix,
            scopes=scopes,
            user_id=user_id,
            created_by=change.actor.user_id,
            expires_at=end,
            created_at=change.now,
            updated_at=change.now,
        )
        await change.connection.execute(sa.insert(api_keys).values(**asdict(key), hash=new.hash))
        change.tell(key_event(None, key, change.now))
        return {"api_key": key.id}

    return await perform(writer, actor, "createApiKey", replace(command, scopes=tuple(command.scopes)), work)


async def _use_up(change: Change, user_id: UUID) -> None:
    """Revoke the one-time token by which the actor comes, if it is one."""
    actor = change.actor
    if actor.key is None:
        return
    if user_id != actor.user_id:
        raise Forbidden(field=("userId",), action="make API keys for others with a one-time token")
    used = await records.fetch_one(change.connection, api_keys, ApiKey, actor.organization_id, actor.key.id, lock=True)
    if used is None or used.revoked_at is not None:
        raise Forbidden(action="use a one-time token again")
    change.tell(await revoked(change, used))


async def _check_user(change: Change, user_id: UUID) -> None:
    mine = (users.c.organization_id == change.actor.organization_id, users.c.id == user_id, users.c.active)
    # It must stay: nobody is deleted, but whoever is made inactive now ends the key.
    if await change.connection.scalar(sa.select(users.c.id).where(*mine)) is None:
        raise NotFound(field=("userId",), kind="user")


async def _check_room(change: Change) -> None:
    of = api_keys.c
    good = (of.organization_id == change.actor.organization_id, of.revoked_at.is_(None), of.expires_at > change.now)
    if (await change.connection.scalar(sa.select(sa.func.count()).where(*good)) or 0) >= MOST_KEYS:
        raise Invalid(problem=f"An organisation has at most {MOST_KEYS} API keys; revoke one first.")
