"""Refusals as data: the members of the payloads' error unions, and the way from one to the other."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any

import strawberry

from app.domain import refusals
from app.domain.wanted import Wanted
from resolvers import refused, slots
from resolvers.context import Operation
from schema.enums import ErrorCode
from schema.erasures import ObstacleKind
from schema.types.assignments import Assignment
from schema.types.events import DomainEvent
from schema.types.node import Money, Node
from schema.types.rejections import Rejection, rejection_of
from schema.types.slots import Slot
from schema.types.slots import told as slot_told


@strawberry.interface(
    description=(
        "An expected, recoverable failure; nothing was written. Bugs, missing tokens and throttling stay in"
        " the response's top-level errors."
    )
)
class UserError:
    """An expected failure."""

    code: ErrorCode = strawberry.field(description="What went wrong, for programs.")
    message: str = strawberry.field(description="What went wrong and what would be right, for people.")
    field: list[str] | None = strawberry.field(description="The path into the input; null: no field in particular.")


@strawberry.type(description="A value of the input is wrong.")
class ValidationError(UserError):
    """A value of the input is wrong."""


@strawberry.type(description="There is no such thing, or the viewer may not know of it.")
class NotFoundError(UserError):
    """There is no such thing."""


@strawberry.type(description="The viewer may see the thing but not do this to it.")
class ForbiddenError(UserError):
    """The viewer may not do this."""


@strawberry.type(description="The idempotency key cannot be used so.")
class IdempotencyError(UserError):
    """The idempotency key cannot be used so."""


@strawberry.type(description="What the client's clock says, such as occurredAt, cannot be right.")
class ClockSkewError(UserError):
    """The client's clock cannot be right."""

    server_time: datetime = strawberry.field(description="The server's clock, to set one's own by.")


@strawberry.type(description="The ticket has no active assignment to act on.")
class NoActiveAssignmentError(UserError):
    """The ticket has no active assignment."""


@strawberry.type(description="The ticket was closed too long ago to be brought back.")
class ReopenWindowClosedError(UserError):
    """The ticket was closed too long ago."""

    closed_at: datetime = strawberry.field(description="When it was closed.")
    window_days: int = strawberry.field(description="For how many days it could have been reopened.")


@strawberry.type(description="One of many was left as it was; the code tells why.")
class BulkItemError(UserError):
    """One of many was left as it was."""


@strawberry.type(description="There is no tier above the ticket's.")
class TopTierReachedError(UserError):
    """There is no tier above."""


@strawberry.type(description="The row has changed since the client read it.")
class StaleVersionError(UserError):
    """The row has changed."""

    current_version: int = strawberry.field(description="The row's version now.")
    current: Node | None = strawberry.field(description="The row as it is now; null: out of the viewer's sight.")
    changed_since: list[DomainEvent] = strawberry.field(
        description="What happened to it since the expected version, at most 50 events."
    )


@strawberry.type(description="The life cycle has no such step.")
class InvalidTransitionError(UserError):
    """The life cycle has no such step."""

    from_: str = strawberry.field(name="from", description="The status it has.")
    to: str = strawberry.field(description="The status it was to get.")
    allowed: list[str] = strawberry.field(description="The statuses it can get.")
    current_assignment: Assignment | None = strawberry.field(
        description="The ticket's active job, where it is another than the one acted on."
    )


@strawberry.type(description="The ticket has an active assignment.")
class AlreadyAssignedError(UserError):
    """The ticket has an active assignment."""

    current: Assignment | None = strawberry.field(
        description="The active assignment as it is now; null: it ended meanwhile."
    )


@strawberry.type(description="Nobody is eligible for the ticket.")
class NoCandidateError(UserError):
    """Nobody is eligible for the ticket."""

    rejections: list[Rejection] = strawberry.field(description="What stood against how many.")


@strawberry.type(description="The technician may not get this ticket.")
class NotEligibleError(UserError):
    """The technician may not get this ticket."""

    reasons: list[Rejection] = strawberry.field(description="Every reason.")
    overridable: bool = strawberry.field(description="Whether a dispatcher may override them all.")


@strawberry.type(description="The file is not taken.")
class FileRejectedError(UserError):
    """The file is not taken."""

    max_bytes: int = strawberry.field(description="How long a file may be.")
    allowed_extensions: list[str] = strawberry.field(description="How its name may end.")


@strawberry.type(description="Something that is needed for this does not work now.")
class DependencyUnavailableError(UserError):
    """Something that is needed does not work now."""

    retry_after_seconds: int | None = strawberry.field(description="When to try again; null: nobody knows.")


@strawberry.type(description="Somebody else has got the slot.")
class SlotTakenError(UserError):
    """Somebody else has got the slot."""

    alternatives: list[Slot] = strawberry.field(
        description="The best slots there are instead, looked for just now.", metadata={"rows": 3}
    )


@strawberry.type(description="The slot is not held any more.")
class HoldExpiredError(UserError):
    """The slot is not held any more."""

    alternatives: list[Slot] = strawberry.field(
        description="The best slots there are instead, looked for just now.", metadata={"rows": 3}
    )


@strawberry.type(description="Something that still runs, and how often.")
class Obstacle:
    """Something that still runs."""

    kind: ObstacleKind = strawberry.field(description="What runs.")
    count: int = strawberry.field(description="How many there are.")


@strawberry.type(description="Somebody's data cannot be erased while something of theirs still runs.")
class StillRunningError(UserError):
    """Something of theirs still runs."""

    obstacles: list[Obstacle] = strawberry.field(description="All that runs, by kind.", metadata={"rows": 6})


@strawberry.type(description="It is too late to cancel free of charge, and nobody has accepted the fee.")
class CancellationFeeError(UserError):
    """It is too late to cancel free of charge."""

    fee: Money = strawberry.field(description="What cancelling costs by now.")
    free_until: datetime = strawberry.field(description="Until when it was free of charge.")


@strawberry.type(description="Rows of one kind that use what was to be deleted.")
class RecordUse:
    """Rows of one kind that use something."""

    kind: str = strawberry.field(description="Their type, such as Technician.")
    words: str = strawberry.field(description="What they are called, for people.")
    count: int = strawberry.field(description="How many they are; more than 1,000 are not counted.")
    more: bool = strawberry.field(description="Whether there are more than were counted.")


@strawberry.type(description="Something else uses what was to be deleted: make it inactive, or change those first.")
class InUseError(UserError):
    """Something else uses what was to be deleted."""

    uses: list[RecordUse] = strawberry.field(description="What uses it, by kind.")


TicketError = Annotated[
    ValidationError
    | NotFoundError
    | ForbiddenError
    | IdempotencyError
    | StaleVersionError
    | InvalidTransitionError
    | ReopenWindowClosedError,
    strawberry.union("TicketError", description="Why a ticket was not written."),
]
CommentError = Annotated[
    ValidationError | NotFoundError | ForbiddenError | IdempotencyError | StaleVersionError,
    strawberry.union("CommentError", description="Why a comment was not written."),
]
AttachmentError = Annotated[
    ValidationError | NotFoundError | ForbiddenError | IdempotencyError | FileRejectedError,
    strawberry.union("AttachmentError", description="Why a file was not attached."),
]
AssignmentError = Annotated[
    ValidationError
    | NotFoundError
    | ForbiddenError
    | IdempotencyError
    | StaleVersionError
    | InvalidTransitionError
    | ClockSkewError
    | NotEligibleError
    | AlreadyAssignedError
    | NoActiveAssignmentError
    | TopTierReachedError,
    strawberry.union("AssignmentError", description="Why an assignment was not written."),
]
BookAppointmentsError = Annotated[
    ValidationError | ForbiddenError | IdempotencyError | DependencyUnavailableError,
    strawberry.union("BookAppointmentsError", description="Why nothing at all was booked."),
]
BulkError = Annotated[
    ValidationError | ForbiddenError | IdempotencyError,
    strawberry.union("BulkError", description="Why nothing at all was done."),
]
QueueError = Annotated[
    ValidationError | NotFoundError | ForbiddenError | IdempotencyError | StaleVersionError | InvalidTransitionError,
    strawberry.union("QueueError", description="Why a queue was not put in order."),
]
SavedViewError = Annotated[
    ValidationError | NotFoundError | ForbiddenError | IdempotencyError | StaleVersionError,
    strawberry.union("SavedViewError", description="Why a view was not saved."),
]
ApiKeyError = Annotated[
    ValidationError | NotFoundError | ForbiddenError | IdempotencyError,
    strawberry.union("ApiKeyError", description="Why an API key was not written."),
]
RecordError = Annotated[
    ValidationError | NotFoundError | ForbiddenError | IdempotencyError | StaleVersionError,
    strawberry.union("RecordError", description="Why a row of administration was not written."),
]
SettlingError = Annotated[
    ValidationError | NotFoundError | ForbiddenError | IdempotencyError | StaleVersionError | InUseError,
    strawberry.union("SettlingError", description="Why nothing was settled about the organisation."),
]
PromiseError = Annotated[
    ValidationError | NotFoundError | ForbiddenError | IdempotencyError,
    strawberry.union("PromiseError", description="Why nothing was settled of what is promised."),
]
DeletionError = Annotated[
    ValidationError | NotFoundError | ForbiddenError | IdempotencyError | StaleVersionError | InUseError,
    strawberry.union("DeletionError", description="Why a row of administration was not deleted."),
]
SlotHoldError = Annotated[
    ValidationError | NotFoundError | ForbiddenError | IdempotencyError | SlotTakenError | NotEligibleError,
    strawberry.union("SlotHoldError", description="Why a slot was not held."),
]
AppointmentError = Annotated[
    ValidationError
    | NotFoundError
    | ForbiddenError
    | IdempotencyError
    | StaleVersionError
    | InvalidTransitionError
    | SlotTakenError
    | HoldExpiredError
    | CancellationFeeError
    | NotEligibleError,
    strawberry.union("AppointmentError", description="Why an appointment was not written."),
]
WaitlistError = Annotated[
    ValidationError
    | NotFoundError
    | ForbiddenError
    | IdempotencyError
    | InvalidTransitionError
    | SlotTakenError
    | HoldExpiredError
    | NotEligibleError,
    strawberry.union("WaitlistError", description="Why nothing was written of a wait."),
]
ErasureError = Annotated[
    ValidationError | NotFoundError | ForbiddenError | IdempotencyError | StaleVersionError | StillRunningError,
    strawberry.union("ErasureError", description="Why nothing was erased."),
]
OkError = Annotated[
    ValidationError
    | NotFoundError
    | ForbiddenError
    | IdempotencyError
    | StaleVersionError
    | InvalidTransitionError
    | ClockSkewError,
    strawberry.union("OkError", description="Why nothing was done."),
]


async def error_of(operation: Operation, refusal: refusals.Refusal) -> Any:  # one case for each kind
    """Return the union's member for a refusal, with what the client needs to go on."""
    said: dict[str, Any] = {
        "code": refusal.code,
        "message": refusal.message,
        "field": None if refusal.field is None else list(refusal.field),
    }
    plain = _PLAIN.get(type(refusal))
    if plain is not None:
        return plain(**said)
    match refusal:
        case refusals.ClockSkew():
            return ClockSkewError(**said, server_time=refusal.server_time)
        case refusals.StaleVersion():
            row: Any = await refused.present(operation, refusal)
            since = await refused.changed_since(operation, refusal)
            return StaleVersionError(**said, current_version=refusal.current, current=row, changed_since=since)
        case refusals.InvalidTransition():
            return InvalidTransitionError(
                **said,
                from_=refusal.current,
                to=refusal.to,
                allowed=list(refusal.allowed),
                current_assignment=await refused.job(operation, refusal.current_assignment_id),
            )
        case refusals.ReopenWindowClosed():
            return ReopenWindowClosedError(**said, closed_at=refusal.closed_at, window_days=refusal.days)
        case refusals.AlreadyAssigned():
            current = await refused.job(operation, refusal.current_assignment_id)
            return AlreadyAssignedError(**said, current=current)
        case refusals.NoCandidate():
            found = [await rejection_of(operation, each) for each in refusal.reasons]
            return NoCandidateError(**said, rejections=found)
        case refusals.FileRejected():
            return FileRejectedError(
                **said, max_bytes=refusal.max_bytes, allowed_extensions=list(refusal.allowed_extensions)
            )
        case refusals.NotEligible():
            reasons = [await rejection_of(operation, each) for each in refusal.reasons]
            return NotEligibleError(**said, reasons=reasons, overridable=refusal.overridable)
        case refusals.InUse():
            uses = [RecordUse(kind=use.kind, words=use.words, count=use.count, more=use.more) for use in refusal.uses]
            return InUseError(**said, uses=uses)
        case refusals.DependencyUnavailable():
            return DependencyUnavailableError(**said, retry_after_seconds=refusal.retry_after_seconds)
        case _:
            return await _others(operation, refusal, said)


async def _others(operation: Operation, refusal: refusals.Refusal, said: dict[str, Any]) -> Any:
    match refusal:
        case refusals.StillRunning():
            stand = [Obstacle(kind=each.kind, count=each.count) for each in refusal.obstacles]
            return StillRunningError(**said, obstacles=stand)
        case refusals.SlotTaken():
            return SlotTakenError(**said, alternatives=await _alternatives(operation, refusal.wanted))
        case refusals.HoldExpired():
            return HoldExpiredError(**said, alternatives=await _alternatives(operation, refusal.wanted))
        case refusals.CancellationFeeRequired():
            fee = Money(amount=refusal.fee, currency=refusal.currency)
            return CancellationFeeError(**said, fee=fee, free_until=refusal.free_until)
        case _:
            raise TypeError(f"{type(refusal).__name__} has no place in the schema") from refusal


async def _alternatives(operation: Operation, wanted: Wanted) -> list[Slot]:
    return [slot_told(offer) for offer in await slots.alternatives(operation, wanted)]


_PLAIN: Mapping[type[refusals.Refusal], Callable[..., UserError]] = MappingProxyType(
    {
        refusals.Invalid: ValidationError,
        refusals.NotFound: NotFoundError,
        refusals.Forbidden: ForbiddenError,
        refusals.IdempotencyMismatch: IdempotencyError,
        refusals.IdempotencyInProgress: IdempotencyError,
        refusals.NoActiveAssignment: NoActiveAssignmentError,
        refusals.TopTierReached: TopTierReachedError,
    }
)
