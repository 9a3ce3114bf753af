"""Appointments: what kinds of service there are, how urgent, where, how long, and the agreed times themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID


class AppointmentType(StrEnum):
    """What sort of service is to be done."""

    ROUTINE_MAINTENANCE = "ROUTINE_MAINTENANCE"
    DIAGNOSTIC = "DIAGNOSTIC"
    COMPONENT_REPAIR = "COMPONENT_REPAIR"
    EMERGENCY = "EMERGENCY"


class Urgency(StrEnum):
    """How soon it matters, the least first."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


class LocationMode(StrEnum):
    """Where the work is done: at the customer's, or in a facility's service bay."""

    ON_SITE = "ON_SITE"
    AT_FACILITY = "AT_FACILITY"


class AppointmentStatus(StrEnum):
    """Where an appointment stands."""

    SCHEDULED = "SCHEDULED"
    CONFIRMED = "CONFIRMED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    NO_SHOW = "NO_SHOW"
    CANCELLED = "CANCELLED"


class ScheduleLock(StrEnum):
    """What of an appointment may not be changed: its time, who and where, or both."""

    NONE = "NONE"
    TIME = "TIME"
    RESOURCE = "RESOURCE"
    RESOURCE_AND_TIME = "RESOURCE_AND_TIME"


class AutoBooking(StrEnum):
    """From which severity on an alert is booked without anybody being asked."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"
    NEVER = "NEVER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What is usual for a kind of service: its length in minutes, from and to, and its urgency.

    `next_slot`: the soonest slot comes first, whatever else speaks for another.
    """

    shortest_minutes: int
    longest_minutes: int
    urgency: Urgency
    next_slot: bool = False
    auto_booking: AutoBooking = AutoBooking.NEVER


SERVICES: Mapping[AppointmentType, Service] = MappingProxyType(
    {
        AppointmentType.ROUTINE_MAINTENANCE: Service(shortest_minutes=60, longest_minutes=120, urgency=Urgency.LOW),
        AppointmentType.DIAGNOSTIC: Service(shortest_minutes=120, longest_minutes=180, urgency=Urgency.MEDIUM),
        AppointmentType.COMPONENT_REPAIR: Service(
            shortest_minutes=180, longest_minutes=300, urgency=Urgency.HIGH, auto_booking=AutoBooking.CRITICAL
        ),
        AppointmentType.EMERGENCY: Service(
            shortest_minutes=60,
            longest_minutes=120,
            urgency=Urgency.CRITICAL,
            next_slot=True,
            auto_booking=AutoBooking.LOW,
        ),
    }
)

# No appointment is longer than the longest service.
LONGEST = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """An agreed time; every field is a column of the same name.

    It always has a ticket, and while it is ahead its job is the ticket's. The technician may come until
    `arrival_until`. `request` is what was asked for (`Wanted`), so that another time can be looked for.
    """

    id: UUID
    organization_id: UUID
    ticket_id: UUID
    assignment_id: UUID | None
    asset_id: UUID | None
    customer_id: UUID | None
    type: AppointmentType
    urgency: Urgency
    status: AppointmentStatus
    location_mode: LocationMode
    facility_id: UUID | None
    bay_id: UUID | None
    technician_id: UUID
    starts_at: datetime
    ends_at: datetime
    arrival_until: datetime
    time_zone: str
    lock: ScheduleLock = ScheduleLock.NONE
    series_id: UUID | None = None
    occurrence_at: datetime | None = None
    request: Mapping[str, Any]
    notes: str | None
    notify: bool
    used_recommended_slot: bool
    invite_sequence: int = 0
    remind_at: datetime | None
    reminded_at: datetime | None = None
    confirmed_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancellation_reason: str | None = None
    cancellation_fee: Decimal | None = None
    currency: str | None = None
    booked_by: UUID | None
    created_at: datetime
    updated_at: datetime
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentSeries:
    """Appointments that come again; every field is a column of the same name.

    `rrule` is a rule of RFC 5545 by the clock of `time_zone`, from `starts_at` on, but for the local days in
    `exceptions`. Occurrences before `planned_until` have their appointments; with `ended` there will be no others.
    Each is a copy of `template` (`SlotOffer`, with `notes` and `notify`) at its own time, moved by `shift_minutes`
    on the local clock.
    """

    id: UUID
    organization_id: UUID
    rrule: str
    time_zone: str
    starts_at: datetime
    exceptions: tuple[date, ...]
    planned_until: datetime
    template: Mapping[str, Any]
    shift_minutes: int = 0
    ended: bool = False
    created_at: datetime
    updated_at: datetime
    version: int = 1


def books_itself(severity: Urgency, settled: AutoBooking) -> bool:
    """Tell whether an alert of this severity is booked without anybody being asked."""
    order = list(Urgency)
    return settled is not AutoBooking.NEVER and order.index(severity) >= order.index(Urgency(settled.value))
