"""What slots are looked for in: technicians, bays and parts as they stand at one moment, frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from uuid import UUID

# Latitude and longitude in degrees.
Place = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time, half-open `[start, end)`, of aware instants.

    Raises:
        ValueError: an instant without a time zone, or an end that is not after the start.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("start and end need a time zone")
        if self.end <= self.start:
            raise ValueError("end must be after start")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift(Span):
    """When a technician works, without its breaks. `on_call`: for critical work only."""

    breaks: tuple[Span, ...] = ()
    on_call: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking(Span):
    """An appointment, or a hold that lasts until `expires_at`, of a technician or of a bay.

    `place` is where the technician is then, None: not known, so that no way is counted.
    """

    id: UUID
    place: Place | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Technician:
    """Somebody who may be offered.

    `skills` maps a skill to its level, `certified_until` one that ends to its last day, in `zone`,
    where the technician's days are counted. Without `territories` they work everywhere. `bookings`
    should begin half a day before now, so that the way from the last one counts.
    """

    id: UUID
    zone: tzinfo = UTC
    active: bool = True
    tier_level: int = 1
    skills: Mapping[UUID, int] = field(default_factory=dict)
    certified_until: Mapping[UUID, date] = field(default_factory=dict)
    territories: frozenset[UUID] = frozenset()
    home: Place | None = None
    rating: float | None = None
    shifts: tuple[Shift, ...] = ()
    time_off: tuple[Span, ...] = ()
    bookings: tuple[Booking, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bay:
    """A service bay of a facility: what it is equipped for, and when it is taken."""

    id: UUID
    facility_id: UUID
    name: str
    active: bool = True
    equipped_for: frozenset[UUID] = frozenset()
    bookings: tuple[Booking, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facility:
    """A building with bays. `opening` are the hours it is open, None: always."""

    id: UUID
    place: Place | None = None
    territory_id: UUID | None = None
    opening: tuple[Span, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartStock:
    """How many of a part are free, and in how many days more can be had; None: nobody knows."""

    stock: int
    lead_time_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRules:
    """What an organisation has settled: minutes between appointments, bookings a day, and how far is looked.

    Starts lie on a grid of `grid_minutes`, a divisor of an hour; `arrival_minutes` is how long after
    the start the technician may still arrive.
    """

    buffer_minutes: int = 30
    max_bookings_per_day: int = 6
    horizon_days: int = 14
    grid_minutes: int = 15
    arrival_minutes: int = 30

    def __post_init__(self) -> None:
        if self.grid_minutes < 1 or 60 % self.grid_minutes:
            raise ValueError("grid_minutes must divide 60")
        if not 1 <= self.horizon_days <= 60:
            raise ValueError("horizon_days must be from 1 to 60")
        if self.buffer_minutes < 0 or self.max_bookings_per_day < 0 or self.arrival_minutes < 0:
            raise ValueError("buffer_minutes, max_bookings_per_day and arrival_minutes must not be negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """All that slots are looked for in, as it stood at `now`."""

    now: datetime
    technicians: tuple[Technician, ...]
    bays: tuple[Bay, ...] = ()
    facilities: tuple[Facility, ...] = ()
    parts: Mapping[str, PartStock] = field(default_factory=dict)
    rules: SlotRules = field(default_factory=SlotRules)

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("now needs a time zone")
        known = {each.id for each in self.facilities}
        for bay in self.bays:
            if bay.facility_id not in known:
                raise ValueError(f"bay {bay.id} is in no facility of the problem")
