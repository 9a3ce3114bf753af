"""Customers who would like a time, or an earlier one, and wait until one becomes free."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from app.domain.appointments import AppointmentType
from app.domain.places import CustomerTier

# Whoever has not been offered anything by then is told so.
LONGEST_WAIT = timedelta(days=60)
MOST_WINDOWS = 20


class WaitlistStatus(StrEnum):
    """Where somebody who waits stands."""

    WAITING = "WAITING"
    OFFERED = "OFFERED"
    BOOKED = "BOOKED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


# Who is asked first.
RANKS: Mapping[CustomerTier, int] = MappingProxyType(
    {CustomerTier.FLEET: 0, CustomerTier.PREMIUM: 1, CustomerTier.STANDARD: 2}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitlistEntry:
    """Somebody who waits; every field is a column of the same name.

    `appointment_id` is the one that is to become earlier, None: there is none yet. `windows` are times that would
    suit, as RFC 3339 pairs, `request` what is to be done (`Wanted`), `declined` the starts that were offered
    and not taken. While it is `paused_at` a moment, nothing is offered: the customer is active no longer.
    """

    id: UUID
    organization_id: UUID
    customer_id: UUID | None
    appointment_id: UUID | None
    joined_by: UUID | None
    appointment_type: AppointmentType
    windows: tuple[tuple[str, str], ...]
    request: Mapping[str, Any]
    tier_rank: int
    status: WaitlistStatus
    declined: tuple[str, ...]
    expires_at: datetime
    created_at: datetime
    updated_at: datetime
    paused_at: datetime | None = None
    version: int = 1
