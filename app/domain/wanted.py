"""What somebody wants done at an agreed time, in words that can be kept with a hold, an appointment or a wait."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.domain.appointments import AppointmentType, LocationMode, Urgency
from app.domain.events import plain
from app.domain.places import CustomerTier

WINDOW_COUNT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPart:
    """So many of a part are built in; without a critical one the work cannot begin."""

    part_id: UUID
    part_number: str
    quantity: int
    critical: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One piece of work that a time is wanted for.

    `skills` maps ids to levels. Without `windows`, aware pairs `[start, end)`, any time will do. The place is the
    work's, in degrees; in a facility there is none, and `facility_id` None means any. `time_zone` is the customer's.
    """

    appointment_type: AppointmentType
    duration_minutes: int
    urgency: Urgency
    customer_tier: CustomerTier
    location_mode: LocationMode
    latitude: float | None = None
    longitude: float | None = None
    facility_id: UUID | None = None
    territory_id: UUID | None = None
    tier_level: int
    exact_tier: bool = False
    skills: Mapping[UUID, int]
    parts: tuple[WantedPart, ...] = ()
    windows: tuple[tuple[datetime, datetime], ...] = ()
    time_zone: str
    preferred_date: date | None = None
    preferred_technician_id: UUID | None = None
    ticket_id: UUID | None = None
    asset_id: UUID | None = None
    customer_id: UUID | None = None

    @property
    def place(self) -> tuple[float, float] | None:
        """Latitude and longitude of the work, None: not known, or in a facility."""
        return None if self.latitude is None or self.longitude is None else (self.latitude, self.longitude)

    def written(self) -> dict[str, Any]:
        """Return it in JSON's types; `wanted` reads it."""
        parts = [{name: plain(getattr(part, name)) for name in WantedPart.__slots__} for part in self.parts]
        skills = {str(skill_id): level for skill_id, level in self.skills.items()}
        others = {name: plain(getattr(self, name)) for name in Wanted.__slots__ if name not in {"parts", "skills"}}
        day = None if self.preferred_date is None else self.preferred_date.isoformat()
        return {**others, "parts": parts, "skills": skills, "preferred_date": day}


def wanted(kept: Mapping[str, Any]) -> Wanted:
    """Return what `Wanted.written` has written.

    Raises:
        KeyError, TypeError, ValueError: it was something else.
    """
    day = kept["preferred_date"]
    return Wanted(
        appointment_type=AppointmentType(kept["appointment_type"]),
        duration_minutes=int(kept["duration_minutes"]),
        urgency=Urgency(kept["urgency"]),
        customer_tier=CustomerTier(kept["customer_tier"]),
        location_mode=LocationMode(kept["location_mode"]),
        latitude=kept["latitude"],
        longitude=kept["longitude"],
        territory_id=_key(kept["territory_id"]),
        facility_id=_key(kept["facility_id"]),
        tier_level=int(kept["tier_level"]),
        exact_tier=bool(kept["exact_tier"]),
        skills={UUID(skill_id): int(level) for skill_id, level in kept["skills"].items()},
        parts=tuple(
            WantedPart(
                part_id=UUID(part["part_id"]),
                part_number=part["part_number"],
                quantity=int(part["quantity"]),
                critical=bool(part["critical"]),
            )
            for part in kept["parts"]
        ),
        windows=tuple((datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in kept["windows"]),
        time_zone=kept["time_zone"],
        preferred_date=None if day is None else date.fromisoformat(day),
        preferred_technician_id=_key(kept["preferred_technician_id"]),
        ticket_id=_key(kept["ticket_id"]),
        asset_id=_key(kept["asset_id"]),
        customer_id=_key(kept["customer_id"]),
    )


def _key(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)
