"""Appointments: what kinds of service there are, how urgent, where, and how long."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What is usual for a kind of service: its length in minutes, from and to, and its urgency.

    `next_slot`: the soonest slot comes first, whatever else speaks for another.
    """

    shortest_minutes: int
    longest_minutes: int
    urgency: Urgency
    next_slot: bool = False


SERVICES: Mapping[AppointmentType, Service] = MappingProxyType(
    {
        AppointmentType.ROUTINE_MAINTENANCE: Service(shortest_minutes=60, longest_minutes=120, urgency=Urgency.LOW),
        AppointmentType.DIAGNOSTIC: Service(shortest_minutes=120, longest_minutes=180, urgency=Urgency.MEDIUM),
        AppointmentType.COMPONENT_REPAIR: Service(shortest_minutes=180, longest_minutes=300, urgency=Urgency.HIGH),
        AppointmentType.EMERGENCY: Service(
            shortest_minutes=60, longest_minutes=120, urgency=Urgency.CRITICAL, next_slot=True
        ),
    }
)
