"""What is promised for tickets of organisations that have settled nothing themselves."""

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from app.domain.sla import DEFAULT_TARGETS, SlaTarget, Targets
from app.domain.tickets import TicketPriority
from app.settings.declaring import Group, accepts

_SHORTEST_HOURS, _LONGEST_HOURS = 0.02, 8760
_MINUTES = 60


def _hours(priority: TicketPriority, *, response: bool) -> Any:
    target = DEFAULT_TARGETS[priority]
    minutes = target.response_minutes if response else target.resolution_minutes
    done = "answered" if response else "resolved"
    return Field(
        float(minutes) / _MINUTES,
        ge=_SHORTEST_HOURS,
        le=_LONGEST_HOURS,
        description=f"Hours within which a new {priority} ticket is to be {done}, where its organisation has no policy"
        " of its own.",
        json_schema_extra=accepts(f"a number from {_SHORTEST_HOURS} to {_LONGEST_HOURS}"),
    )


class PromiseSettings(Group):
    """What is promised for tickets of organisations that have settled nothing themselves."""

    sla_p1_response_hours: float = _hours(TicketPriority.P1, response=True)
    sla_p1_resolution_hours: float = _hours(TicketPriority.P1, response=False)
    sla_p2_response_hours: float = _hours(TicketPriority.P2, response=True)
    sla_p2_resolution_hours: float = _hours(TicketPriority.P2, response=False)
    sla_p3_response_hours: float = _hours(TicketPriority.P3, response=True)
    sla_p3_resolution_hours: float = _hours(TicketPriority.P3, response=False)
    sla_p4_response_hours: float = _hours(TicketPriority.P4, response=True)
    sla_p4_resolution_hours: float = _hours(TicketPriority.P4, response=False)

    def resolved_before_answered(self) -> Iterator[str]:
        """Say what is wrong with tickets that are to be resolved before they are to be answered."""
        for priority in TicketPriority:
            response, resolution = (_hours_of(self, priority, promise) for promise in ("response", "resolution"))
            if response > resolution:
                yield (
                    f"SLA_{priority}_RESPONSE_HOURS={response:g} cannot be used: give at most"
                    f" SLA_{priority}_RESOLUTION_HOURS, which is {resolution:g}, or raise that."
                )

    @property
    def sla_targets(self) -> Targets:
        """What is promised, by priority, in whole minutes."""
        return {
            priority: SlaTarget(
                response_minutes=_minutes(_hours_of(self, priority, "response")),
                resolution_minutes=_minutes(_hours_of(self, priority, "resolution")),
            )
            for priority in TicketPriority
        }


def _hours_of(settings: PromiseSettings, priority: TicketPriority, promise: str) -> float:
    hours: float = getattr(settings, f"sla_{priority.lower()}_{promise}_hours")
    return hours


def _minutes(hours: float) -> int:
    return max(1, round(hours * _MINUTES))
