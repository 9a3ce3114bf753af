"""Who acts: roles, and the actor that a token stands for."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What a user may be; the rights of each stand in `policy`."""

    END_USER = "END_USER"
    TECHNICIAN = "TECHNICIAN"
    SENIOR_TECHNICIAN = "SENIOR_TECHNICIAN"
    DISPATCHER = "DISPATCHER"
    TEAM_LEAD = "TEAM_LEAD"
    MANAGER = "MANAGER"
    ADMIN = "ADMIN"


class EventSource(StrEnum):
    """Where a change came from."""

    WEB = "WEB"
    MOBILE = "MOBILE"
    API = "API"
    SYSTEM = "SYSTEM"
    INTEGRATION = "INTEGRATION"


class ApiKeyScope(StrEnum):
    """What an API key lets its bearer do, of all that the user it acts as may; what each opens stands in `policy`."""

    READ = "READ"
    EXPORT = "EXPORT"
    WRITE_TICKETS = "WRITE_TICKETS"
    DISPATCH = "DISPATCH"
    WORK_JOBS = "WORK_JOBS"
    BOOK = "BOOK"
    INGEST_ALERTS = "INGEST_ALERTS"
    ADMINISTER = "ADMINISTER"
    # Of the one-time tokens with which an organisation begins.
    BEGIN = "BEGIN"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActingKey:
    """The API key by which somebody comes, and what it opens."""

    id: UUID
    scopes: frozenset[ApiKeyScope]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Someone who asks for something, as the policy sees them.

    `roles` are those of the user's row, narrowed by the token's claim. `technician_id` and
    `team_id` are set for a user who is a technician; `customer_ids` are the customers the user
    belongs to. `expires_at` is the token's end, None for the system itself. `key` is the API key
    they come by, None for none.
    """

    organization_id: UUID
    user_id: UUID | None
    roles: frozenset[Role]
    technician_id: UUID | None = None
    team_id: UUID | None = None
    customer_ids: frozenset[UUID] = frozenset()
    source: EventSource = EventSource.API
    ip_address: str | None = None
    expires_at: datetime | None = None
    key: ActingKey | None = None
