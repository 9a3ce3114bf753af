"""What a slot is asked for: the work, where, when it would suit, and who may not do it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, tzinfo
from uuid import UUID

from app.domain.appointments import SERVICES, AppointmentType, LocationMode, Urgency
from app.domain.distances import Distance
from app.domain.places import CustomerTier
from app.planning.slots.problem import Place, Span

_LONGEST_MINUTES = 24 * 60
_MOST_OFFERS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PartNeed:
    """So many of a part are built in. Without a `critical` one the work cannot begin."""

    part_number: str
    quantity: int
    critical: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRequest:
    """One piece of work to be offered slots for.

    `skills` maps each required skill to its level; a bay must be equipped for them all. Without
    `windows` any time will do, with them the whole work must lie in one. `zone` is the customer's,
    by which `preferred_date` and the day on which parts come are meant. `known_ways` are roads to the
    work's place that somebody has looked up, by where they begin; the others are estimated.

    Raises:
        ValueError: a field that cannot be meant, named in the message.
    """

    appointment_type: AppointmentType = AppointmentType.ROUTINE_MAINTENANCE
    duration_minutes: int
    urgency: Urgency | None = None
    customer_tier: CustomerTier = CustomerTier.STANDARD
    location_mode: LocationMode = LocationMode.ON_SITE
    place: Place | None = None
    facility_id: UUID | None = None
    territory_id: UUID | None = None
    tier_level: int = 1
    exact_tier: bool = False
    skills: Mapping[UUID, int] = field(default_factory=dict)
    parts: tuple[PartNeed, ...] = ()
    windows: tuple[Span, ...] = ()
    zone: tzinfo = UTC
    preferred_date: date | None = None
    preferred_technician_id: UUID | None = None
    refused_by: frozenset[UUID] = frozenset()
    known_ways: Mapping[Place, Distance] = field(default_factory=dict)
    limit: int = 3

    def __post_init__(self) -> None:
        if not 1 <= self.duration_minutes <= _LONGEST_MINUTES:
            raise ValueError(f"duration_minutes must be from 1 to {_LONGEST_MINUTES}")
        if not 1 <= self.limit <= _MOST_OFFERS:
            raise ValueError(f"limit must be from 1 to {_MOST_OFFERS}")
        for need in self.parts:
            if need.quantity < 1:
                raise ValueError(f"parts: the quantity of {need.part_number} must be at least 1")

    @property
    def settled_urgency(self) -> Urgency:
        """The urgency that was asked for, or the one that is usual for the kind of service."""
        return self.urgency or SERVICES[self.appointment_type].urgency

    @property
    def soonest_first(self) -> bool:
        """Whether the next slot there is comes first, whatever speaks for another."""
        return SERVICES[self.appointment_type].next_slot
