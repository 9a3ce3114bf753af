"""Assignments, and a technician's own."""

from typing import Annotated, Any

import strawberry

from app.reads import entities
from app.reads.pages import window
from resolvers import assignments
from schema.enums import AssignmentStatus
from schema.fields import After, Before, First, Info, Last
from schema.ids import key_of
from schema.inputs.filters import AssignmentFilter, AssignmentOrder, assignment_order
from schema.types.assignments import Assignment, AssignmentConnection


@strawberry.type
class AssignmentQueries:
    """Assignments."""

    @strawberry.field(description="One assignment; null: there is none that the viewer may see.")
    async def assignment(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The assignment's id.")],  # noqa: A002  # the argument's name in the schema
    ) -> Assignment | None:
        """Return the assignment."""
        found: Any = await info.context.loaders.row(entities.ASSIGNMENT, key_of("Assignment", id, "id"))
        return found

    @strawberry.field(description="Assignments, newest first unless ordered otherwise.")
    async def assignments(
        self,
        info: Info,
        filter: Annotated[AssignmentFilter | None, strawberry.argument(description="Which.")] = None,  # noqa: A002  # the argument's name in the schema
        order_by: Annotated[
            list[AssignmentOrder] | None, strawberry.argument(description="In which order; the id decides ties.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> AssignmentConnection:
        """Return a page of assignments."""
        page: Any = await assignments.listed(
            info.context,
            None if filter is None else filter.wanted(),
            assignment_order(order_by),
            window(first, after, last, before),
        )
        return page

    @strawberry.field(description="The viewer's own jobs, newest first; for technicians.")
    async def my_jobs(
        self,
        info: Info,
        status: Annotated[
            list[AssignmentStatus] | None, strawberry.argument(description="Only at one of these.")
        ] = None,
        first: First = 20,
        after: After = None,
    ) -> AssignmentConnection:
        """Return a page of the viewer's jobs."""
        page: Any = await assignments.own(
            info.context, None if status is None else tuple(status), assignment_order(None), window(first, after)
        )
        return page
