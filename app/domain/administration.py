"""The rows of administration as frozen records; every field that a table has bears its column's name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.domain.areas import Area
from app.domain.events import Concerned, EventType, NewEvent, changed_fields
from app.domain.people import Role
from app.domain.places import AssetKind, CustomerTier


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """An organisation; `tiers` maps the codes of its escalation tiers to their levels."""

    id: UUID
    organization_id: UUID
    name: str
    time_zone: str
    tiers: Mapping[str, int]
    created_at: datetime
    updated_at: datetime
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """Technicians who work together."""

    id: UUID
    organization_id: UUID
    name: str
    created_at: datetime
    updated_at: datetime
    active: bool = True
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Territory:
    """Where technicians work; what lies in its `area` falls into it by itself."""

    id: UUID
    organization_id: UUID
    name: str
    time_zone: str
    area: Area | None = None
    created_at: datetime
    updated_at: datetime
    active: bool = True
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """What a technician can do."""

    id: UUID
    organization_id: UUID
    code: str
    name: str
    created_at: datetime
    updated_at: datetime
    active: bool = True
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Someone with a login."""

    id: UUID
    organization_id: UUID
    name: str
    email: str | None
    roles: tuple[Role, ...]
    created_at: datetime
    updated_at: datetime
    active: bool = True
    tokens_revoked_at: datetime | None = None
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Technician:
    """A user who goes out; `skills` maps the ids of skills, as text, to levels."""

    id: UUID
    organization_id: UUID
    external_id: str | None
    user_id: UUID
    team_id: UUID | None
    tier_level: int
    main_skill_id: UUID | None
    years_experience: int | None
    home_latitude: float | None
    home_longitude: float | None
    skills: Mapping[str, int]
    territory_ids: tuple[UUID, ...]
    created_at: datetime
    updated_at: datetime
    active: bool = True
    rating_total: int = 0
    rating_count: int = 0
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Whom the work is for; `user_ids` are the users who belong to it."""

    id: UUID
    organization_id: UUID
    external_id: str | None
    name: str
    tier: CustomerTier
    latitude: float | None
    longitude: float | None
    address: str | None
    user_ids: tuple[UUID, ...]
    created_at: datetime
    updated_at: datetime
    active: bool = True
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """What the work is done on."""

    id: UUID
    organization_id: UUID
    external_id: str | None
    kind: AssetKind
    name: str
    customer_id: UUID | None
    created_at: datetime
    updated_at: datetime
    active: bool = True
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is on the shelf."""

    id: UUID
    organization_id: UUID
    part_number: str
    name: str
    stock: int
    unit_cost: Decimal | None
    currency: str
    lead_time_days: int | None = None
    created_at: datetime
    updated_at: datetime
    active: bool = True
    version: int = 1


def record_event(before: Any | None, after: Any, at: datetime) -> NewEvent:
    """Tell of a row of administration, which concerns nobody in particular and no customer."""
    return NewEvent(
        type=EventType.RECORD_CHANGED,
        kind=type(after).__name__,
        id=after.id,
        version=after.version,
        occurred_at=at,
        before=None if before is None else Concerned(internal=True),
        after=Concerned(internal=True),
        changes=changed_fields(before, after),
    )
