"""Every session of a user is ended."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.people import users
from app.domain.events import Concerned, EventType, FieldChange, NewEvent, plain
from app.domain.people import Actor
from app.domain.policy import Action, Standing
from app.domain.refusals import NotFound
from app.services.change import Change
from app.services.perform import Writer, Written, perform
from app.services.situations import require


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeTokens:
    """Whose tokens."""

    user_id: UUID
    idempotency_key: str | None = None


async def revoke_tokens(writer: Writer, actor: Actor, command: RevokeTokens) -> Written:
    """Refuse from now on every token of a user that was issued until now: one's own, or, as an ADMIN, anybody's.

    Guard: the user's row lock; the moment never goes back.

    Raises:
        NotFound: there is no such user.
        Forbidden: it is somebody else, and the actor is no ADMIN.
    """

    async def work(change: Change) -> dict[str, UUID]:
        if command.user_id != change.actor.user_id:
            require(change.actor, Action.MANAGE_ROLES, Standing(), words="end other users' sessions")
        mine = (users.c.organization_id == change.actor.organization_id, users.c.id == command.user_id)
        query = sa.select(users.c.version, users.c.tokens_revoked_at).where(*mine).with_for_update()
        user = (await change.connection.execute(query)).one_or_none()
        if user is None:
            raise NotFound(field=("userId",), kind="user")
        revoked_at = change.now if user.tokens_revoked_at is None else max(change.now, user.tokens_revoked_at)
        await change.connection.execute(
            sa.update(users)
            .where(*mine)
            .values(tokens_revoked_at=revoked_at, version=user.version + 1, updated_at=revoked_at)
        )
        told = FieldChange(field="tokens_revoked_at", old=plain(user.tokens_revoked_at), new=plain(revoked_at))
        change.tell(
            NewEvent(
                type=EventType.RECORD_CHANGED,
                kind="User",
                id=command.user_id,
                version=user.version + 1,
                occurred_at=change.now,
                before=Concerned(),
                after=Concerned(),
                changes=(told,),
            )
        )
        return {}

    return await perform(writer, actor, "revokeTokens", command, work)
