"""Inputs of mutations on queues."""

import strawberry

from app.services.assignments.pin_assignment import PinAssignment
from app.services.assignments.reorder_queue import ReorderQueue
from schema.ids import key_of
from schema.inputs.tickets import KEY

_EXPECTED = "The queue's version that the client has read; another one is refused as stale."


@strawberry.input(description="A technician's queue in the order wanted.")
class ReorderQueueInput:
    """A technician's queue in the order wanted."""

    technician_id: strawberry.ID = strawberry.field(description="Whose queue.")
    ordered_assignment_ids: list[strawberry.ID] = strawberry.field(
        description="Jobs to be pinned in this order, at most 100; those not named go where the rules put them."
    )
    expected_version: int = strawberry.field(description=_EXPECTED)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> ReorderQueue:
        """Return the command. Raises Invalid for ids of another type."""
        return ReorderQueue(
            technician_id=key_of("Technician", self.technician_id, "technicianId"),
            assignment_ids=tuple(
                key_of("Assignment", each, "orderedAssignmentIds", str(at))
                for at, each in enumerate(self.ordered_assignment_ids)
            ),
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="A job to be put in its place in its queue.")
class PinInput:
    """A job to be put in its place in its queue."""

    assignment_id: strawberry.ID = strawberry.field(description="Which job.")
    position: int | None = strawberry.field(
        default=None, description="Its place among the pinned, from 1; null: where the rules put it."
    )
    expected_version: int = strawberry.field(description=_EXPECTED)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> PinAssignment:
        """Return the command. Raises Invalid for an id of another type."""
        return PinAssignment(
            assignment_id=key_of("Assignment", self.assignment_id, "assignmentId"),
            position=self.position,
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )
