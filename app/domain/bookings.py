"""Bookings: time of a technician, and of a bay, that nobody else can have."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class BookingKind(StrEnum):
    """What the time is taken for: by who has not yet decided, or by an appointment."""

    HOLD = "HOLD"
    APPOINTMENT = "APPOINTMENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """Time that is taken; every field is a column of the same name.

    The pause after `ends_at` is taken too. `latitude` and `longitude` say where the technician is then. A hold
    stands until `expires_at` and keeps the `offer` it was given for.
    """

    id: UUID
    organization_id: UUID
    kind: BookingKind
    active: bool
    technician_id: UUID
    bay_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    latitude: float | None
    longitude: float | None
    appointment_id: UUID | None
    waitlist_entry_id: UUID | None
    held_by: UUID | None
    customer_id: UUID | None
    offer: Mapping[str, Any] | None
    expires_at: datetime | None
    created_at: datetime
    released_at: datetime | None
