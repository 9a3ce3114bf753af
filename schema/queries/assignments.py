"""Assignments, and a technician's own."""

from typing import Annotated, Any

import strawberry

from app.reads import entities
from app.reads.pages import window
from app.reads.questions import ByKey
from resolvers import assignments
from schema.enums import AssignmentStatus
from schema.fields import After, Before, First, Last, asked
from schema.ids import key_of
from schema.inputs.filters import AssignmentFilter, AssignmentOrder, assignment_order
from schema.types.assignments import Assignment, AssignmentConnection


@strawberry.type
class AssignmentQueries:
    """Assignments."""

    @asked("One assignment; null: there is none that the viewer may see.")
    def assignment(
        self,
        id: Annotated[strawberry.ID, strawberry.argument(description="The assignment's id.")],  # noqa: A002  # the argument's name in the schema
    ) -> Assignment | None:
        """Ask for the assignment. Raises Invalid."""
        question: Any = ByKey(entities.ASSIGNMENT, key_of("Assignment", id, "id"))
        return question

    @asked("Assignments, newest first unless ordered otherwise.")
    def assignments(
        self,
        filter: Annotated[AssignmentFilter | None, strawberry.argument(description="Which.")] = None,  # noqa: A002  # the argument's name in the schema
        order_by: Annotated[
            list[AssignmentOrder] | None, strawberry.argument(description="In which order; the id decides ties.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> AssignmentConnection:
        """Ask for a page of assignments. Raises Invalid."""
        question: Any = assignments.listed(
            None if filter is None else filter.wanted(),
            assignment_order(order_by),
            window(first, after, last, before),
        )
        return question

    @asked("The viewer's own jobs, newest first; for technicians.")
    def my_jobs(
        self,
        status: Annotated[
            list[AssignmentStatus] | None, strawberry.argument(description="Only at one of these.")
        ] = None,
        first: First = 20,
        after: After = None,
    ) -> AssignmentConnection:
        """Ask for a page of the viewer's jobs. Raises Invalid."""
        question: Any = assignments.own(
            None if status is None else tuple(status), assignment_order(None), window(first, after)
        )
        return question
