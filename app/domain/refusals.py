"""Why a request is refused: one class per reason, with what the client needs to go on as fields.

A refusal is raised before anything is written; the edge turns it into a member of the payload's
error union. `field` is the path into the input, such as `("partsUsed", "0", "quantity")`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from app.domain.obstacles import Obstacle
from app.domain.wanted import Wanted


class ErrorCode(StrEnum):
    """The machine-readable name of a refusal."""

    NOT_FOUND = "NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    VALIDATION_FAILED = "VALIDATION_FAILED"
    STALE_VERSION = "STALE_VERSION"
    INVALID_TRANSITION = "INVALID_TRANSITION"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"
    ALREADY_ASSIGNED = "ALREADY_ASSIGNED"
    NO_ACTIVE_ASSIGNMENT = "NO_ACTIVE_ASSIGNMENT"
    NO_CANDIDATE = "NO_CANDIDATE"
    TOP_TIER_REACHED = "TOP_TIER_REACHED"
    REOPEN_WINDOW_CLOSED = "REOPEN_WINDOW_CLOSED"
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"
    IDEMPOTENCY_IN_PROGRESS = "IDEMPOTENCY_IN_PROGRESS"
    CLOCK_SKEW = "CLOCK_SKEW"
    FILE_REJECTED = "FILE_REJECTED"
    SLOT_TAKEN = "SLOT_TAKEN"
    HOLD_EXPIRED = "HOLD_EXPIRED"
    CANCELLATION_FEE_REQUIRED = "CANCELLATION_FEE_REQUIRED"
    DEPENDENCY_UNAVAILABLE = "DEPENDENCY_UNAVAILABLE"
    STILL_RUNNING = "STILL_RUNNING"
    IN_USE = "IN_USE"


class ConstraintKind(StrEnum):
    """What stands against a technician for a ticket."""

    INACTIVE = "INACTIVE"
    TIER = "TIER"
    SKILL = "SKILL"
    CERTIFICATE_EXPIRED = "CERTIFICATE_EXPIRED"
    TERRITORY = "TERRITORY"
    SHIFT = "SHIFT"
    TIME_OFF = "TIME_OFF"
    MAX_PER_DAY = "MAX_PER_DAY"
    PREVIOUSLY_REJECTED = "PREVIOUSLY_REJECTED"
    PARTS = "PARTS"
    CUSTOMER_WINDOW = "CUSTOMER_WINDOW"
    OVERLAP = "OVERLAP"
    BUFFER = "BUFFER"
    TRAVEL = "TRAVEL"
    BAY = "BAY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """One constraint that candidates failed, how many did, and which (at most a few)."""

    constraint: ConstraintKind
    count: int
    message: str
    technician_ids: tuple[UUID, ...] = ()


@dataclass(kw_only=True, eq=False)
class Refusal(Exception):
    """An expected failure; nothing has been written."""

    code: ClassVar[ErrorCode]
    field: tuple[str, ...] | None = None

    @property
    def message(self) -> str:
        """Say to a person what is wrong and what would be right."""
        raise TypeError(f"{type(self).__name__} has no message")


class Refusals(Exception):
    """A request is refused for several reasons at once, each with its own path into the input."""

    def __init__(self, each: tuple[Refusal, ...]) -> None:
        super().__init__(" ".join(refusal.message for refusal in each))
        self.each = each


@dataclass(kw_only=True, eq=False)
class Invalid(Refusal):
    """A value of the input is wrong; `problem` names what would be right."""

    code: ClassVar[ErrorCode] = ErrorCode.VALIDATION_FAILED
    problem: str

    @property
    def message(self) -> str:
        """Repeat the problem."""
        return self.problem


@dataclass(kw_only=True, eq=False)
class NotFound(Refusal):
    """There is no such thing, or the actor may not know of it."""

    code: ClassVar[ErrorCode] = ErrorCode.NOT_FOUND
    kind: str

    @property
    def message(self) -> str:
        """Name the kind of thing that was looked for."""
        return f"There is no such {self.kind}."


@dataclass(kw_only=True, eq=False)
class Forbidden(Refusal):
    """The actor may see the thing but not do this to it."""

    code: ClassVar[ErrorCode] = ErrorCode.FORBIDDEN
    action: str

    @property
    def message(self) -> str:
        """Name what may not be done."""
        return f"You may not {self.action}."


@dataclass(kw_only=True, eq=False)
class StaleVersion(Refusal):
    """The row has changed since the client read it."""

    code: ClassVar[ErrorCode] = ErrorCode.STALE_VERSION
    kind: str
    id: UUID
    expected: int
    current: int

    @property
    def message(self) -> str:
        """Name both versions."""
        return f"The {self.kind.lower()} is at version {self.current}, you expected {self.expected}."


@dataclass(kw_only=True, eq=False)
class InvalidTransition(Refusal):
    """The life cycle has no such step; `allowed` are the ones it has."""

    code: ClassVar[ErrorCode] = ErrorCode.INVALID_TRANSITION
    subject: str
    current: str
    to: str
    allowed: Sequence[str]
    current_assignment_id: UUID | None = None
    why: str | None = None

    @property
    def message(self) -> str:
        """Name the step and what is allowed instead, or what stands in the way."""
        if self.why is not None:
            return self.why
        allowed = ", ".join(self.allowed) or "nothing"
        return f"A {self.subject} that is {self.current} cannot become {self.to}; allowed: {allowed}."


@dataclass(kw_only=True, eq=False)
class AlreadyAssigned(Refusal):
    """The ticket has an active assignment."""

    code: ClassVar[ErrorCode] = ErrorCode.ALREADY_ASSIGNED
    current_assignment_id: UUID

    @property
    def message(self) -> str:
        """Point to the other way."""
        return "The ticket is already assigned; reassign it instead."


@dataclass(kw_only=True, eq=False)
class NoActiveAssignment(Refusal):
    """The ticket has no active assignment to act on."""

    code: ClassVar[ErrorCode] = ErrorCode.NO_ACTIVE_ASSIGNMENT

    @property
    def message(self) -> str:
        """Say so."""
        return "The ticket has no active assignment."


@dataclass(kw_only=True, eq=False)
class ReopenWindowClosed(Refusal):
    """The ticket was closed too long ago to be brought back."""

    code: ClassVar[ErrorCode] = ErrorCode.REOPEN_WINDOW_CLOSED
    closed_at: datetime
    days: int

    @property
    def message(self) -> str:
        """Say how long it could have been, and what to do instead."""
        return f"A closed ticket can be reopened for {self.days} days; create a new one that refers to it."


@dataclass(kw_only=True, eq=False)
class TopTierReached(Refusal):
    """There is no tier above the present one."""

    code: ClassVar[ErrorCode] = ErrorCode.TOP_TIER_REACHED
    level: int

    @property
    def message(self) -> str:
        """Name the tier."""
        return f"Tier {self.level} is the highest; there is none to escalate to."


@dataclass(kw_only=True, eq=False)
class NotEligible(Refusal):
    """The technician may not get this ticket."""

    code: ClassVar[ErrorCode] = ErrorCode.NOT_ELIGIBLE
    reasons: tuple[Rejection, ...]
    overridable: bool

    @property
    def message(self) -> str:
        """Give every reason."""
        return " ".join(reason.message for reason in self.reasons)


@dataclass(kw_only=True, eq=False)
class NoCandidate(Refusal):
    """Nobody is eligible for the ticket; `reasons` count what stood against everybody."""

    code: ClassVar[ErrorCode] = ErrorCode.NO_CANDIDATE
    reasons: tuple[Rejection, ...]

    @property
    def message(self) -> str:
        """Say so, with every reason."""
        return " ".join(("Nobody is eligible for the ticket.", *(reason.message for reason in self.reasons)))


@dataclass(kw_only=True, eq=False)
class ClockSkew(Refusal):
    """What the client's clock says cannot be right."""

    code: ClassVar[ErrorCode] = ErrorCode.CLOCK_SKEW
    problem: str
    server_time: datetime

    @property
    def message(self) -> str:
        """Repeat the problem."""
        return self.problem


@dataclass(kw_only=True, eq=False)
class IdempotencyMismatch(Refusal):
    """The key was used before with another input."""

    code: ClassVar[ErrorCode] = ErrorCode.IDEMPOTENCY_MISMATCH

    @property
    def message(self) -> str:
        """Say what to do."""
        return "This idempotency key was used with another input; use a new key for a new request."


@dataclass(kw_only=True, eq=False)
class IdempotencyInProgress(Refusal):
    """The first request with this key has not finished."""

    code: ClassVar[ErrorCode] = ErrorCode.IDEMPOTENCY_IN_PROGRESS

    @property
    def message(self) -> str:
        """Say what to do."""
        return "A request with this idempotency key is still under way; try again with the same key."


@dataclass(kw_only=True, eq=False)
class FileRejected(Refusal):
    """The file is not taken; what would be is in the limits."""

    code: ClassVar[ErrorCode] = ErrorCode.FILE_REJECTED
    problem: str
    max_bytes: int
    allowed_extensions: tuple[str, ...]

    @property
    def message(self) -> str:
        """Repeat the problem."""
        return self.problem


@dataclass(kw_only=True, eq=False)
class SlotTaken(Refusal):
    """Somebody else has got the slot; others can be looked for by what was `wanted`."""

    code: ClassVar[ErrorCode] = ErrorCode.SLOT_TAKEN
    wanted: Wanted

    @property
    def message(self) -> str:
        """Say what to do."""
        return "The slot is taken; choose one of the alternatives."


@dataclass(kw_only=True, eq=False)
class HoldExpired(Refusal):
    """The slot is not held any more; others can be looked for by what was `wanted`."""

    code: ClassVar[ErrorCode] = ErrorCode.HOLD_EXPIRED
    wanted: Wanted

    @property
    def message(self) -> str:
        """Say what to do."""
        return "The slot is not held any more; choose one of the alternatives."


@dataclass(kw_only=True, eq=False)
class CancellationFeeRequired(Refusal):
    """It is too late to cancel free of charge, and nobody has accepted the fee."""

    code: ClassVar[ErrorCode] = ErrorCode.CANCELLATION_FEE_REQUIRED
    fee: Decimal
    currency: str
    free_until: datetime

    @property
    def message(self) -> str:
        """Name the fee, and how to accept it."""
        return f"Cancelling costs {self.fee} {self.currency} by now; repeat it with acceptFee: true to accept that."


@dataclass(kw_only=True, eq=False)
class DependencyUnavailable(Refusal):
    """Something that is needed for this did not work; it may when it is tried again."""

    code: ClassVar[ErrorCode] = ErrorCode.DEPENDENCY_UNAVAILABLE
    retry_after_seconds: int

    @property
    def message(self) -> str:
        """Say when to try again."""
        return f"Something that is needed for this does not work now; try again in {self.retry_after_seconds} seconds."


@dataclass(kw_only=True, eq=False)
class StillRunning(Refusal):
    """Somebody's data cannot be erased while something of theirs still runs."""

    code: ClassVar[ErrorCode] = ErrorCode.STILL_RUNNING
    kind: str
    obstacles: tuple[Obstacle, ...]

    @property
    def message(self) -> str:
        """Name all that runs, and what to do."""
        named = ", ".join(f"{each.count} {each.words}" for each in self.obstacles)
        return f"The {self.kind} still has {named}; see to them first, then erase."


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Rows of one kind that name another: in words, of many, and how many at least; `more`: there are others."""

    kind: str
    words: str
    count: int
    more: bool = False


@dataclass(kw_only=True, eq=False)
class InUse(Refusal):
    """Something else names what was to be deleted."""

    code: ClassVar[ErrorCode] = ErrorCode.IN_USE
    kind: str
    uses: tuple[Use, ...]

    @property
    def message(self) -> str:
        """Say what uses it, and what to do instead."""
        named = ", ".join(f"{each.count}{' or more' if each.more else ''} {each.words}" for each in self.uses)
        return f"The {self.kind} is in use by {named}; make it inactive, or change those first."
