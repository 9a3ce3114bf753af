"""What is offered, and what is said of what is not."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from app.domain.assignments import DistanceSource
from app.domain.refusals import ConstraintKind, Rejection
from app.planning.slots.problem import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreBreakdown:
    """Points of a slot, in thousandths, so that sums are exact. Penalties are negative or zero.

    `urgency` is the same for all slots of a request; it counts where requests compete.
    """

    urgency: int
    customer_preference: int
    waiting_penalty: int
    workload_balance: int
    travel_penalty: int

    @property
    def total(self) -> int:
        """The sum, in thousandths of a point."""
        return (
            self.urgency + self.customer_preference + self.waiting_penalty + self.workload_balance + self.travel_penalty
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A bookable proposal.

    `arrival_window` is when the technician may come. `parts_ready_on` is the day, in the request's
    zone, when the last missing part is due; None where none is missing or nobody knows. The way is
    the one to the work, None where a place is not known. `confidence`, 0 to 1: how likely the
    work begins as promised.
    """

    technician_id: UUID
    facility_id: UUID | None
    bay_id: UUID | None
    window: Span
    arrival_window: Span
    parts_available: bool
    parts_ready_on: date | None
    estimated_completion: datetime
    travel_minutes: int | None
    distance_km: float | None
    distance_source: DistanceSource | None
    confidence: float
    score: ScoreBreakdown


class SolverStatus(StrEnum):
    """What can be said of an answer: the best there is, one that is good, or that there is none."""

    OPTIMAL = "OPTIMAL"
    FEASIBLE = "FEASIBLE"
    INFEASIBLE = "INFEASIBLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class SolverReport:
    """How an answer was come by. `candidates` are the technicians' possible starts that were compared."""

    status: SolverStatus
    candidates: int
    degraded_reason: str | None = None

    @property
    def degraded(self) -> bool:
        """Whether the answer is less than it could have been."""
        return self.degraded_reason is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """What would be possible without one constraint: the soonest start, and whose. None: nothing still."""

    constraint: ConstraintKind
    earliest: datetime | None
    technician_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotAnswer:
    """The slots offered, best first, why technicians fell out, and how that was found.

    `parts_to_order` are the part numbers that are short, `relaxations` None where nobody asked.
    """

    slots: tuple[Slot, ...]
    rejections: tuple[Rejection, ...]
    report: SolverReport
    parts_to_order: tuple[str, ...] = ()
    relaxations: tuple[Relaxation, ...] | None = None
