"""Inputs of mutations on assignments."""

from datetime import datetime
from decimal import Decimal

import strawberry

from app.services.assignments.assign_ticket import AssignTicket
from app.services.assignments.cancel_assignment import CancelAssignment
from app.services.assignments.complete_assignment import CompleteAssignment, PartUsed
from app.services.assignments.job_step import StepCommand
from app.services.assignments.rate_assignment import RateAssignment
from app.services.assignments.reassign_ticket import ReassignTicket
from app.services.assignments.reject_assignment import RejectAssignment
from app.services.tickets.escalate_ticket import EscalateTicket
from schema.enums import AssignmentOutcome, AssignmentReason
from schema.ids import key_of, optional_key
from schema.inputs.tickets import KEY, GeoPointInput

_EXPECTED = "The version the client has read; another one is refused as stale."
_OVERRIDE = "Go on in spite of what may be overridden; DISPATCHER and up."
_DRY_RUN = "Write nothing; only tell in impact what it would bring about."
_NOTE = "Said on the ticket besides, internally; at most 20,000 characters."
_LOCATION = "Where it happens; the technician's location from then on."
_OCCURRED = "When it happened, by the device's clock; without it, now. At most 5 minutes ahead."


@strawberry.input(description="A ticket for a technician.")
class AssignTicketInput:
    """A ticket for a technician."""

    ticket_id: strawberry.ID = strawberry.field(description="Which ticket.")
    technician_id: strawberry.ID = strawberry.field(description="To whom.")
    reason: AssignmentReason | None = strawberry.field(
        default=None, description="Why; without it, inferred from the turns before."
    )
    reason_note: str | None = strawberry.field(default=None, description="Why, in words; at most 2,000.")
    tier_level: int | None = strawberry.field(
        default=None, description="At which tier; without it, the ticket's, or the lowest."
    )
    override_warnings: bool = strawberry.field(default=False, description=_OVERRIDE)
    dry_run: bool = strawberry.field(default=False, description=_DRY_RUN)
    expected_version: int | None = strawberry.field(default=None, description=_EXPECTED + " The ticket's.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> AssignTicket:
        """Return the command. Raises Invalid for ids of another type."""
        return AssignTicket(
            ticket_id=key_of("Ticket", self.ticket_id, "ticketId"),
            technician_id=key_of("Technician", self.technician_id, "technicianId"),
            reason=self.reason,
            reason_note=self.reason_note,
            tier_level=self.tier_level,
            override_warnings=self.override_warnings,
            dry_run=self.dry_run,
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="A ticket for the next tier.")
class EscalateTicketInput:
    """A ticket for the next tier."""

    ticket_id: strawberry.ID = strawberry.field(description="Which ticket.")
    reason: str = strawberry.field(description="Why; 1 to 2,000 characters.")
    next_technician_id: strawberry.ID | None = strawberry.field(
        default=None, description="To whom; without it, the best candidate, else the tier's queue."
    )
    next_tier_level: int | None = strawberry.field(
        default=None, description="To which tier; without it, the next one up."
    )
    override_warnings: bool = strawberry.field(default=False, description=_OVERRIDE)
    dry_run: bool = strawberry.field(default=False, description=_DRY_RUN)
    expected_version: int | None = strawberry.field(default=None, description=_EXPECTED + " The ticket's.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> EscalateTicket:
        """Return the command. Raises Invalid for ids of another type."""
        return EscalateTicket(
            ticket_id=key_of("Ticket", self.ticket_id, "ticketId"),
            reason=self.reason,
            next_technician_id=optional_key("Technician", self.next_technician_id, "nextTechnicianId"),
            next_tier_level=self.next_tier_level,
            override_warnings=self.override_warnings,
            dry_run=self.dry_run,
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="A step of a job.")
class AssignmentActionInput:
    """A step of a job."""

    assignment_id: strawberry.ID = strawberry.field(description="Which job.")
    expected_version: int | None = strawberry.field(default=None, description=_EXPECTED + " The job's.")
    occurred_at: datetime | None = strawberry.field(default=None, description=_OCCURRED)
    location: GeoPointInput | None = strawberry.field(default=None, description=_LOCATION)
    note: str | None = strawberry.field(default=None, description=_NOTE)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> StepCommand:
        """Return the command. Raises Invalid for an id of another type."""
        return StepCommand(
            assignment_id=key_of("Assignment", self.assignment_id, "assignmentId"),
            expected_version=self.expected_version,
            occurred_at=self.occurred_at,
            place=_place(self.location),
            note=self.note,
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="A job to hand back.")
class RejectAssignmentInput:
    """A job to hand back."""

    assignment_id: strawberry.ID = strawberry.field(description="Which job.")
    rejection_reason: str = strawberry.field(description="Why; 1 to 2,000 characters.")
    expected_version: int | None = strawberry.field(default=None, description=_EXPECTED + " The job's.")
    occurred_at: datetime | None = strawberry.field(default=None, description=_OCCURRED)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> RejectAssignment:
        """Return the command. Raises Invalid for an id of another type."""
        return RejectAssignment(
            assignment_id=key_of("Assignment", self.assignment_id, "assignmentId"),
            rejection_reason=self.rejection_reason,
            expected_version=self.expected_version,
            occurred_at=self.occurred_at,
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="Parts that were built in; known part numbers leave the stock.")
class PartUsageInput:
    """Parts that were built in."""

    part_number: str = strawberry.field(description="1 to 200 characters.")
    part_name: str = strawberry.field(description="1 to 200 characters.")
    quantity: int = strawberry.field(description="How many, 1 to 100,000.")
    cost: Decimal | None = strawberry.field(
        default=None, description="What they cost together; without it, the part's price times the quantity."
    )


@strawberry.input(description="The end of a job.")
class CompleteAssignmentInput:
    """The end of a job."""

    assignment_id: strawberry.ID = strawberry.field(description="Which job.")
    outcome: AssignmentOutcome = strawberry.field(description="What came of it; not ESCALATED.")
    time_spent_hours: Decimal = strawberry.field(description="Hours, 0 to 999.99.")
    diagnosis: str | None = strawberry.field(default=None, description="What was found.")
    actions_taken: str | None = strawberry.field(default=None, description="What was done.")
    notes: str | None = strawberry.field(default=None, description="What else there is to say.")
    parts_used: list[PartUsageInput] | None = strawberry.field(
        default=None, description="What was built in; at most 100 lines."
    )
    attachment_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Files of the ticket that belong to this report; at most 100."
    )
    expected_version: int | None = strawberry.field(default=None, description=_EXPECTED + " The job's.")
    occurred_at: datetime | None = strawberry.field(default=None, description=_OCCURRED)
    location: GeoPointInput | None = strawberry.field(default=None, description=_LOCATION)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> CompleteAssignment:
        """Return the command. Raises Invalid for an id of another type."""
        return CompleteAssignment(
            assignment_id=key_of("Assignment", self.assignment_id, "assignmentId"),
            outcome=self.outcome,
            time_spent_hours=self.time_spent_hours,
            diagnosis=self.diagnosis,
            actions_taken=self.actions_taken,
            notes=self.notes,
            parts_used=tuple(
                PartUsed(
                    part_number=each.part_number,
                    part_name=each.part_name,
                    quantity=each.quantity,
                    cost=each.cost,
                )
                for each in self.parts_used or ()
            ),
            attachment_ids=tuple(
                key_of("Attachment", each, "attachmentIds", str(at))
                for at, each in enumerate(self.attachment_ids or ())
            ),
            expected_version=self.expected_version,
            occurred_at=self.occurred_at,
            place=_place(self.location),
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="A job for another technician.")
class ReassignTicketInput:
    """A job for another technician."""

    assignment_id: strawberry.ID = strawberry.field(description="Which job.")
    technician_id: strawberry.ID = strawberry.field(description="To whom.")
    reason_note: str = strawberry.field(description="Why; 1 to 2,000 characters.")
    override_warnings: bool = strawberry.field(default=False, description=_OVERRIDE)
    dry_run: bool = strawberry.field(default=False, description=_DRY_RUN)
    expected_version: int | None = strawberry.field(default=None, description=_EXPECTED + " The job's.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> ReassignTicket:
        """Return the command. Raises Invalid for ids of another type."""
        return ReassignTicket(
            assignment_id=key_of("Assignment", self.assignment_id, "assignmentId"),
            technician_id=key_of("Technician", self.technician_id, "technicianId"),
            reason_note=self.reason_note,
            override_warnings=self.override_warnings,
            dry_run=self.dry_run,
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="A job to call off.")
class CancelAssignmentInput:
    """A job to call off."""

    assignment_id: strawberry.ID = strawberry.field(description="Which job.")
    reason: str = strawberry.field(description="Why; 1 to 2,000 characters.")
    expected_version: int | None = strawberry.field(default=None, description=_EXPECTED + " The job's.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> CancelAssignment:
        """Return the command. Raises Invalid for an id of another type."""
        return CancelAssignment(
            assignment_id=key_of("Assignment", self.assignment_id, "assignmentId"),
            reason=self.reason,
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="What the requester thinks of a job.")
class RateAssignmentInput:
    """What the requester thinks of a job."""

    assignment_id: strawberry.ID = strawberry.field(description="Which job; it must be COMPLETED.")
    rating: int = strawberry.field(description="1 (bad) to 5 (good).")
    feedback: str | None = strawberry.field(default=None, description="Why; at most 2,000 characters.")
    expected_version: int | None = strawberry.field(default=None, description=_EXPECTED + " The job's.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> RateAssignment:
        """Return the command. Raises Invalid for an id of another type."""
        return RateAssignment(
            assignment_id=key_of("Assignment", self.assignment_id, "assignmentId"),
            rating=self.rating,
            feedback=self.feedback,
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )


def _place(location: GeoPointInput | None) -> tuple[float, float] | None:
    return None if location is None else (location.lat, location.lon)
