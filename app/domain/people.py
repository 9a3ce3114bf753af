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


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Someone who asks for something, as the policy sees them.

    `roles` are those of the user's row, narrowed by the token's claim. `technician_id` and
    `team_id` are set for a user who is a technician; `customer_ids` are the customers the user
    belongs to. `expires_at` is the token's end, None for the system itself.
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
