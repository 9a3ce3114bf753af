"""One-time tokens: API keys that open one thing, to make one API key for the same user, and only once.

The command line gives them to an ADMIN who has no other way in yet. A token that was used is a revoked key.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.api_keys import api_keys
from app.db.tables.people import users
from app.domain.api_keys import ApiKey, key_event
from app.domain.people import Actor, ApiKeyScope, EventSource, Role
from app.domain.refusals import NotFound
from app.services.access.create_api_key import MintedKey
from app.services.change import Change
from app.services.perform import Writer, Written, perform

NAME = "One-time token"
USUAL_HOURS = 24
MOST_HOURS = 7 * 24


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveOneTimeToken:
    """Whom a token is for, by e-mail, and until when it is good."""

    email: str
    expires_at: datetime
    idempotency_key: str | None = None


async def give_one_time_token(
    writer: Writer, organization_id: UUID, command: GiveOneTimeToken, *, new: MintedKey
) -> Written:
    """Give a one-time token to an ADMIN of an organisation. Ids: api_key, user.

    Guard: the row of the user, which is shared until the token is there.

    Raises:
        NotFound: nobody who may come in has this address and the role.
    """

    async def work(change: Change) -> dict[str, UUID]:
        of = users.c
        admin = sa.select(of.id).where(
            of.organization_id == organization_id,
            sa.func.lower(of.email) == command.email.lower(),
            of.active,
            of.roles.any(Role.ADMIN),
        )
        user_id = await change.connection.scalar(admin.with_for_update(read=True))
        if user_id is None:
            raise NotFound(field=("email",), kind="ADMIN")
        await insert_one_time_token(change, user_id, command.expires_at, new)
        return {"api_key": new.id, "user": user_id}

    return await perform(writer, command_line(organization_id), "giveOneTimeToken", command, work)


async def insert_one_time_token(change: Change, user_id: UUID, expires_at: datetime, new: MintedKey) -> None:
    """Insert a one-time token for a user who is there, and tell of it."""
    key = ApiKey(
        id=new.id,
        organization_id=change.actor.organization_id,
        name=NAME,
        prefix=new.text.prefix,
        scopes=(ApiKeyScope.BEGIN,),
        user_id=user_id,
        created_by=None,
        expires_at=expires_at,
        created_at=change.now,
        updated_at=change.now,
    )
    await change.connection.execute(sa.insert(api_keys).values(**asdict(key), hash=new.hash))
    change.tell(key_event(None, key, change.now))


def command_line(organization_id: UUID) -> Actor:
    """Return whoever works on the server's command line, as the log has it."""
    return Actor(organization_id=organization_id, user_id=None, roles=frozenset(), source=EventSource.SYSTEM)


def good_for(hours: float, now: datetime) -> datetime:
    """Return when a token ends that is good for so many hours."""
    return now + timedelta(hours=hours)
