"""Why technicians fell out."""

import strawberry

from app.domain import refusals
from resolvers import refused
from resolvers.context import Operation
from schema.enums import ConstraintKind
from schema.types.technicians import Technician


@strawberry.type(description="A constraint that technicians failed.")
class Rejection:
    """A constraint that technicians failed."""

    constraint: ConstraintKind = strawberry.field(description="Which constraint.")
    count: int = strawberry.field(description="How many failed it.")
    message: str = strawberry.field(description="What was missing, in words.")
    technicians: list[Technician] = strawberry.field(description="Some of those who failed it.")


async def rejection_of(operation: Operation, rejection: refusals.Rejection) -> Rejection:
    """Return a rejection as clients see it."""
    technicians = await refused.technicians(operation, rejection.technician_ids)
    return Rejection(
        constraint=rejection.constraint,
        count=rejection.count,
        message=rejection.message,
        technicians=technicians,
    )
