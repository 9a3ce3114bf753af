"""The assignment (a technician calls it a job): its words, its life cycle, and each step of it.

Every function is pure: it takes the job as it stands and the time, and returns the job as it will
stand, or raises the reason why not. `TRANSITIONS` is the only place that knows the life cycle.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from app.domain.refusals import Invalid, InvalidTransition
from app.domain.tickets import TicketStatus


class AssignmentStatus(StrEnum):
    """Where a job stands, in life-cycle order; the first five are the active ones."""

    ASSIGNED = "ASSIGNED"
    ACCEPTED = "ACCEPTED"
    EN_ROUTE = "EN_ROUTE"
    IN_PROGRESS = "IN_PROGRESS"
    PAUSED = "PAUSED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    REJECTED = "REJECTED"
    ESCALATED = "ESCALATED"
    REASSIGNED = "REASSIGNED"
    CANCELLED = "CANCELLED"

    @property
    def is_active(self) -> bool:
        """Tell whether a job in this status occupies its ticket."""
        return self in ACTIVE


ACTIVE: tuple[AssignmentStatus, ...] = tuple(AssignmentStatus)[:5]


class AssignmentOutcome(StrEnum):
    """What came of a job that was worked on."""

    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    ESCALATED = "ESCALATED"
    PARTS_REQUIRED = "PARTS_REQUIRED"
    CUSTOMER_UNAVAILABLE = "CUSTOMER_UNAVAILABLE"


class AssignmentType(StrEnum):
    """Who chose the technician."""

    MANUAL = "MANUAL"
    AUTO = "AUTO"
    SELF = "SELF"


class DistanceSource(StrEnum):
    """Where the distance to a job comes from."""

    ROAD = "ROAD"
    GREAT_CIRCLE = "GREAT_CIRCLE"
    CACHED_ROAD = "CACHED_ROAD"


class AssignmentReason(StrEnum):
    """Why the job came to be."""

    INITIAL = "INITIAL"
    ESCALATION = "ESCALATION"
    REASSIGNMENT = "REASSIGNMENT"
    REJECTION_FOLLOW_UP = "REJECTION_FOLLOW_UP"
    REOPEN = "REOPEN"
    AUTO_DISPATCH = "AUTO_DISPATCH"
    ALERT = "ALERT"


_S = AssignmentStatus
# What fits into its column: 68 years.
_LONGEST_SECONDS = 2**31 - 1
_ENDED_BY_OTHERS = (_S.ESCALATED, _S.REASSIGNED, _S.CANCELLED)

TRANSITIONS: Mapping[AssignmentStatus, tuple[AssignmentStatus, ...]] = MappingProxyType(
    {
        _S.ASSIGNED: (_S.ACCEPTED, _S.REJECTED, *_ENDED_BY_OTHERS),
        _S.ACCEPTED: (_S.EN_ROUTE, _S.IN_PROGRESS, _S.REJECTED, *_ENDED_BY_OTHERS),
        _S.EN_ROUTE: (_S.IN_PROGRESS, _S.FAILED, *_ENDED_BY_OTHERS),
        _S.IN_PROGRESS: (_S.PAUSED, _S.COMPLETED, _S.FAILED, *_ENDED_BY_OTHERS),
        _S.PAUSED: (_S.IN_PROGRESS, _S.COMPLETED, _S.FAILED, *_ENDED_BY_OTHERS),
        _S.COMPLETED: (),
        _S.FAILED: (),
        _S.REJECTED: (),
        _S.ESCALATED: (),
        _S.REASSIGNED: (),
        _S.CANCELLED: (),
    }
)

STATUS_OF_OUTCOME: Mapping[AssignmentOutcome, AssignmentStatus] = MappingProxyType(
    {
        AssignmentOutcome.SUCCESS: _S.COMPLETED,
        AssignmentOutcome.FAILED: _S.FAILED,
        AssignmentOutcome.PARTS_REQUIRED: _S.FAILED,
        AssignmentOutcome.CUSTOMER_UNAVAILABLE: _S.FAILED,
        AssignmentOutcome.ESCALATED: _S.ESCALATED,
    }
)

TICKET_STATUS_AFTER: Mapping[AssignmentOutcome, TicketStatus] = MappingProxyType(
    {
        AssignmentOutcome.SUCCESS: TicketStatus.RESOLVED,
        AssignmentOutcome.FAILED: TicketStatus.OPEN,
        AssignmentOutcome.PARTS_REQUIRED: TicketStatus.PENDING_PARTS,
        AssignmentOutcome.CUSTOMER_UNAVAILABLE: TicketStatus.PENDING_INFO,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One technician's turn at a ticket; every field is a column of the same name."""

    id: UUID
    organization_id: UUID
    ticket_id: UUID
    technician_id: UUID
    sequence: int
    tier_level: int
    reason: AssignmentReason
    type: AssignmentType
    status: AssignmentStatus
    assigned_at: datetime
    created_at: datetime
    updated_at: datetime
    version: int = 1
    previous_id: UUID | None = None
    reason_note: str | None = None
    assigned_by: UUID | None = None
    accept_by: datetime | None = None
    accepted_at: datetime | None = None
    rejected_at: datetime | None = None
    rejection_reason: str | None = None
    en_route_at: datetime | None = None
    arrived_at: datetime | None = None
    started_at: datetime | None = None
    paused_at: datetime | None = None
    resumed_at: datetime | None = None
    completed_at: datetime | None = None
    cancelled_at: datetime | None = None
    ended_at: datetime | None = None
    paused_seconds: int = 0
    worked_seconds: int | None = None
    offer_expired_at: datetime | None = None
    cancellation_reason: str | None = None
    outcome: AssignmentOutcome | None = None
    escalation_reason: str | None = None
    time_spent_hours: Decimal | None = None
    diagnosis: str | None = None
    actions_taken: str | None = None
    notes: str | None = None
    customer_rating: int | None = None
    customer_feedback: str | None = None
    rated_at: datetime | None = None
    distance_km: float | None = None
    travel_minutes: int | None = None
    distance_source: DistanceSource | None = None
    pin: int | None = None

    @property
    def is_active(self) -> bool:
        """Tell whether the job still occupies its ticket."""
        return self.status.is_active


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a technician hands in at the end: hours 0 to 999.99, the rest free text. None: nobody said."""

    outcome: AssignmentOutcome
    time_spent_hours: Decimal | None = None
    diagnosis: str | None = None
    actions_taken: str | None = None
    notes: str | None = None


def allowed_after(status: AssignmentStatus) -> tuple[AssignmentStatus, ...]:
    """Return the statuses that may follow `status`, in life-cycle order."""
    return tuple(after for after in AssignmentStatus if after in TRANSITIONS[status])


def accept(job: Assignment, *, at: datetime) -> Assignment:
    """Take the job on. Raises InvalidTransition unless it is ASSIGNED."""
    return replace(_moved(job, _S.ACCEPTED), accepted_at=at)


def reject(job: Assignment, *, reason: str, at: datetime) -> Assignment:
    """Hand the job back before travelling. Raises InvalidTransition once under way."""
    return replace(_ended(job, _S.REJECTED, at=at), rejected_at=at, rejection_reason=reason)


def travel(job: Assignment, *, at: datetime) -> Assignment:
    """Set out for it. Raises InvalidTransition unless it is ACCEPTED."""
    return replace(_moved(job, _S.EN_ROUTE), en_route_at=at)


def arrive(job: Assignment, *, at: datetime) -> Assignment:
    """Reach the place; the job stays EN_ROUTE. Raises InvalidTransition when not on the way, or there already."""
    if job.status is not _S.EN_ROUTE or job.arrived_at is not None:
        current = "there already" if job.status is _S.EN_ROUTE else job.status
        raise InvalidTransition(subject="job", current=current, to="arrived", allowed=allowed_after(job.status))
    return replace(job, arrived_at=at)


def start(job: Assignment, *, at: datetime) -> Assignment:
    """Begin, or go on after a pause; the first start keeps its stamp. Raises InvalidTransition."""
    moved = replace(_awake(_moved(job, _S.IN_PROGRESS), at=at), started_at=job.started_at or at)
    return replace(moved, resumed_at=at) if job.status is _S.PAUSED else moved


def pause(job: Assignment, *, at: datetime) -> Assignment:
    """Let the work rest. Raises InvalidTransition unless it is IN_PROGRESS."""
    return replace(_moved(job, _S.PAUSED), paused_at=at)


def resume(job: Assignment, *, at: datetime) -> Assignment:
    """Go on after a pause. Raises InvalidTransition unless it is PAUSED."""
    if job.status is not _S.PAUSED:
        raise InvalidTransition(subject="job", current=job.status, to="resumed", allowed=allowed_after(job.status))
    return start(job, at=at)


def complete(job: Assignment, report: Report, *, at: datetime) -> Assignment:
    """End the job with an outcome; the status follows from it.

    Raises:
        Invalid: ESCALATED is no outcome to report, escalating is an action of its own; before
            work began only CUSTOMER_UNAVAILABLE can be reported, and only on the way.
        InvalidTransition: the job is not under way.
    """
    if report.outcome is AssignmentOutcome.ESCALATED:
        raise Invalid(field=("outcome",), problem="ESCALATED is reached by escalateTicket, not by completing.")
    ended = _ended(job, STATUS_OF_OUTCOME[report.outcome], at=at)
    if job.status is _S.EN_ROUTE and report.outcome is not AssignmentOutcome.CUSTOMER_UNAVAILABLE:
        raise Invalid(field=("outcome",), problem="On the way only CUSTOMER_UNAVAILABLE can be reported.")
    return replace(
        ended,
        completed_at=at,
        outcome=report.outcome,
        time_spent_hours=report.time_spent_hours,
        diagnosis=report.diagnosis,
        actions_taken=report.actions_taken,
        notes=report.notes,
    )


def escalate(job: Assignment, *, reason: str, at: datetime) -> Assignment:
    """End the job because the next tier takes over. Raises InvalidTransition on an ended job."""
    return replace(
        _ended(job, _S.ESCALATED, at=at),
        completed_at=at,
        outcome=AssignmentOutcome.ESCALATED,
        escalation_reason=reason,
    )


def hand_over(job: Assignment, *, at: datetime) -> Assignment:
    """End the job because somebody else gets it. Raises InvalidTransition on an ended job."""
    return _ended(job, _S.REASSIGNED, at=at)


def cancel(job: Assignment, *, reason: str | None, at: datetime) -> Assignment:
    """Call the job off. Raises InvalidTransition on an ended job."""
    return replace(_ended(job, _S.CANCELLED, at=at), cancelled_at=at, cancellation_reason=reason)


def rate(job: Assignment, *, rating: int, feedback: str | None, at: datetime) -> Assignment:
    """Say how well the job was done, 1 to 5, once. Raises InvalidTransition unless it is COMPLETED and not rated."""
    if job.status is not _S.COMPLETED or job.rated_at is not None:
        current = "rated already" if job.rated_at is not None else job.status
        raise InvalidTransition(subject="job", current=current, to="rated", allowed=allowed_after(job.status))
    return replace(job, customer_rating=rating, customer_feedback=feedback, rated_at=at)


def latest_stamp(job: Assignment) -> datetime:
    """Return the last moment anything is known to have happened to the job."""
    stamps = (job.accepted_at, job.en_route_at, job.arrived_at, job.started_at, job.paused_at, job.resumed_at)
    return max((job.assigned_at, *(stamp for stamp in stamps if stamp is not None)))


def _ended(job: Assignment, to: AssignmentStatus, *, at: datetime) -> Assignment:
    ended = replace(_awake(_moved(job, to), at=at), ended_at=at, pin=None)
    if ended.started_at is None:
        return ended
    worked = _seconds(ended.started_at, at) - ended.paused_seconds
    return replace(ended, worked_seconds=max(0, worked))


def _awake(job: Assignment, *, at: datetime) -> Assignment:
    """Return the job with its pause, if it was in one, over and counted."""
    if job.paused_at is None:
        return job
    paused = min(_LONGEST_SECONDS, job.paused_seconds + _seconds(job.paused_at, at))
    return replace(job, paused_at=None, paused_seconds=paused)


def _seconds(since: datetime, until: datetime) -> int:
    return min(_LONGEST_SECONDS, max(0, int((until - since).total_seconds())))


def _moved(job: Assignment, to: AssignmentStatus) -> Assignment:
    if to not in TRANSITIONS[job.status]:
        raise InvalidTransition(subject="job", current=job.status, to=to, allowed=allowed_after(job.status))
    return replace(job, status=to)
