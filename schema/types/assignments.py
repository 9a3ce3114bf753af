"""Assignments, which technicians call jobs."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry

from app.domain.assignments import allowed_after
from app.reads import agreements, entities, questions, relations
from schema.enums import AssignmentOutcome, AssignmentReason, AssignmentStatus, AssignmentType, DistanceSource
from schema.fields import asks, composed, lookup, record_type, to_all, to_one, to_page
from schema.scalars import EventCursor
from schema.types.attachments import AttachmentConnection
from schema.types.node import Connection, Edge, Money, Node, Versioned
from schema.types.organizations import EscalationTier
from schema.types.technicians import Technician
from schema.types.users import User

if TYPE_CHECKING:
    from schema.types.appointments import Appointment
    from schema.types.tickets import Ticket


@record_type(entities.PART_USAGE, "Parts that were built in.")
class PartUsage:
    """Parts that were built in."""

    part_number: str = strawberry.field(description="As the technician reported it.")
    part_name: str = strawberry.field(description="As the technician reported it.")
    quantity: int = strawberry.field(description="How many.")

    cost: Money | None = composed(
        Money,
        "What they cost together; null if unknown, or not the viewer's to see.",
        amount="cost",
        currency="currency",
    )


@record_type(entities.ASSIGNMENT, "One technician's turn at a ticket; a technician calls it a job.")
class Assignment(Node, Versioned):
    """One technician's turn at a ticket."""

    ticket: Annotated["Ticket", strawberry.lazy("schema.types.tickets")] = to_one(
        relations.ASSIGNMENT_TICKET, "What is to be done."
    )
    technician: Technician = to_one(relations.ASSIGNMENT_TECHNICIAN, "Whose turn it is.")
    appointment: Annotated["Appointment", strawberry.lazy("schema.types.appointments")] | None = to_one(
        agreements.ASSIGNMENT_APPOINTMENT, "When it is to be done; null: no time was agreed, or it was called off."
    )
    sequence: int = strawberry.field(description="Which turn at the ticket, from 1 without gaps.")
    tier: EscalationTier | None = to_one(relations.ASSIGNMENT_TIER, "The tier of this turn.")
    reason: AssignmentReason = strawberry.field(description="Why the turn came to be.")
    reason_note: str | None = strawberry.field(description="The same in words; null: nothing was said.")
    type: AssignmentType = strawberry.field(description="Who chose the technician.")
    status: AssignmentStatus = strawberry.field(description="Where the job stands.")
    assigned_by: User | None = to_one(relations.ASSIGNMENT_ASSIGNER, "Who assigned it; null: the server.")
    assigned_at: datetime = strawberry.field(description="When it was offered.")
    accept_by: datetime | None = strawberry.field(description="Until when the offer stands; null: it does not end.")
    accepted_at: datetime | None = strawberry.field(description="When it was taken on; null: it was not.")
    rejected_at: datetime | None = strawberry.field(description="When it was handed back; null: it was not.")
    rejection_reason: str | None = strawberry.field(description="Why it was handed back.")
    en_route_at: datetime | None = strawberry.field(description="When the technician set out; null: not yet.")
    arrived_at: datetime | None = strawberry.field(description="When the technician arrived; null: not yet.")
    started_at: datetime | None = strawberry.field(description="When work first began; null: not yet.")
    paused_at: datetime | None = strawberry.field(description="Since when work rests; null: it does not.")
    resumed_at: datetime | None = strawberry.field(description="When work last went on after a pause; null: never.")
    completed_at: datetime | None = strawberry.field(description="When it ended with an outcome; null: it did not.")
    cancelled_at: datetime | None = strawberry.field(description="When it was called off; null: it was not.")
    cancellation_reason: str | None = strawberry.field(description="Why it was called off.")
    offer_expired_at: datetime | None = strawberry.field(
        description="When the offer ended without an answer; null: it did not."
    )
    ended_at: datetime | None = strawberry.field(description="When the turn ended, in whatever way; null: it has not.")
    worked_seconds: int | None = strawberry.field(
        description="From the first start to the end, without the pauses; null: not ended, or never started."
    )
    paused_seconds: int = strawberry.field(description="How long work has rested, in pauses that are over.")
    outcome: AssignmentOutcome | None = strawberry.field(description="What came of it; null: nothing yet.")
    escalation_reason: str | None = strawberry.field(description="Why it was escalated; null: it was not.")
    time_spent_hours: Decimal | None = strawberry.field(
        description="Hours as the technician reported them; null: none reported."
    )
    diagnosis: str | None = strawberry.field(description="What the technician found; null: nothing reported.")
    actions_taken: str | None = strawberry.field(description="What the technician did; null: nothing reported.")
    notes: str | None = strawberry.field(description="What else the technician said; null: nothing.")
    customer_rating: int | None = strawberry.field(description="What the requester thinks, 1 to 5; null: not said.")
    customer_feedback: str | None = strawberry.field(description="The same in words; null: nothing was said.")
    rated_at: datetime | None = strawberry.field(description="When it was rated; null: it was not.")
    distance_km: float | None = strawberry.field(
        description="How far it is from the technician's home, as known when it was offered; null: not known."
    )
    travel_minutes: int | None = strawberry.field(description="How long that takes; null: not known.")
    distance_source: DistanceSource | None = strawberry.field(description="Where the distance is known from.")
    previous: "Assignment | None" = to_one(relations.ASSIGNMENT_PREVIOUS, "The turn before; null: this is the first.")
    next: "Assignment | None" = to_one(relations.ASSIGNMENT_NEXT, "The turn after; null: this is the last.")
    parts_used: list[PartUsage] = to_all(relations.ASSIGNMENT_PARTS, "What was built in.")
    attachments: AttachmentConnection = to_page(
        relations.ASSIGNMENT_ATTACHMENTS, "The files of the report that ended it, oldest first."
    )
    is_current: bool = lookup(
        "status", {each: each.is_active for each in AssignmentStatus}, "Whether this is the ticket's active job."
    )
    available_transitions: list[AssignmentStatus] = lookup(
        "status",
        {each: allowed_after(each) for each in AssignmentStatus},
        "The statuses that the life cycle lets follow, whoever asks.",
    )


@strawberry.type(description="An assignment in a list.")
class AssignmentEdge(Edge):
    """An assignment in a list."""

    node: Assignment = strawberry.field(description="The assignment.")


@strawberry.type(description="A part of a list of assignments.")
class AssignmentConnection(Connection):
    """A part of a list of assignments."""

    edges: list[AssignmentEdge] = strawberry.field(description="The assignments with their places.")
    nodes: list[Assignment] = strawberry.field(description="The assignments alone.")
    event_cursor: EventCursor = asks(questions.Head(), "Where the event log stood; subscribe after it to miss nothing.")
