"""API keys: how programs come in, as a user and with fewer rights than the user has."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.domain.events import API_KEY, Concerned, EventType, NewEvent, changed_fields
from app.domain.people import ApiKeyScope
from app.domain.refusals import Invalid

LONGEST_NAME = 100
# A key that nobody renews is one that nobody remembers.
LONGEST_LIFE = timedelta(days=5 * 366)
USUAL_LIFE = timedelta(days=365)
SHORTEST_LIFE = timedelta(minutes=1)
# That are good at the same time, in one organisation.
MOST_KEYS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key without what it is known by: neither the log nor any reader gets its hash.

    It acts as the user `user_id`, and may what that user may and one of its `scopes` opens. It never changes but to
    be revoked.
    """

    id: UUID
    organization_id: UUID
    name: str
    prefix: str
    scopes: tuple[ApiKeyScope, ...]
    user_id: UUID
    created_by: UUID | None
    expires_at: datetime
    created_at: datetime
    updated_at: datetime
    revoked_at: datetime | None = None
    version: int = 1


def asked_scopes(scopes: Collection[ApiKeyScope]) -> tuple[ApiKeyScope, ...]:
    """Return the scopes that a new key is to have, each once, in the order in which they are declared. Raises Invalid.

    BEGIN is for the tokens of the command line.
    """
    if not scopes:
        raise Invalid(field=("scopes",), problem="scopes must name what the key may do, one scope at least.")
    if ApiKeyScope.BEGIN in scopes:
        raise Invalid(
            field=("scopes",), problem="scopes must not name BEGIN: one-time tokens come from the command line."
        )
    return tuple(scope for scope in ApiKeyScope if scope in scopes)


def asked_end(expires_at: datetime | None, now: datetime) -> datetime:
    """Return when a new key ends: in a year, unless it is said, at most five years ahead. Raises Invalid."""
    if expires_at is None:
        return now + USUAL_LIFE
    if not now + SHORTEST_LIFE <= expires_at <= now + LONGEST_LIFE:
        raise Invalid(
            field=("expiresAt",), problem="expiresAt must lie between a minute and five years ahead, or be left out."
        )
    return expires_at


def key_event(before: ApiKey | None, after: ApiKey, at: datetime) -> NewEvent:
    """Tell of a key that came or was revoked."""
    return NewEvent(
        type=EventType.RECORD_CHANGED,
        kind=API_KEY,
        id=after.id,
        version=after.version,
        occurred_at=at,
        before=None if before is None else Concerned(internal=True),
        after=Concerned(internal=True),
        changes=changed_fields(before, after),
    )
