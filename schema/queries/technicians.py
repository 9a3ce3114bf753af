"""Technicians and their queues."""

from typing import Annotated, Any

import strawberry

from app.reads import entities
from app.reads.pages import placed, window
from app.reads.questions import ByKey, JobQueue
from app.reads.queues import QUEUE_ORDER
from resolvers import technicians
from schema.fields import After, First, asked
from schema.ids import key_of, optional_key
from schema.inputs.filters import TechnicianFilter
from schema.types.technicians import QueueDay, Technician, TechnicianConnection, TechnicianQueue


@strawberry.type
class TechnicianQueries:
    """Technicians and their queues."""

    @asked("One technician; null: there is none.")
    def technician(
        self,
        id: Annotated[strawberry.ID, strawberry.argument(description="The technician's id.")],  # noqa: A002  # the argument's name in the schema
    ) -> Technician | None:
        """Ask for the technician. Raises Invalid."""
        question: Any = ByKey(entities.TECHNICIAN, key_of("Technician", id, "id"))
        return question

    @asked("Technicians, longest known first.")
    def technicians(
        self,
        filter: Annotated[TechnicianFilter | None, strawberry.argument(description="Which.")] = None,  # noqa: A002  # the argument's name in the schema
        first: First = 20,
        after: After = None,
    ) -> TechnicianConnection:
        """Ask for a page of technicians. Raises Invalid."""
        question: Any = technicians.listed(None if filter is None else filter.wanted(), window(first, after))
        return question

    @asked("A technician's active jobs in the order in which they are to be done; staff only.")
    def technician_queue(
        self,
        technician_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Whose; without it, the viewer's own.")
        ] = None,
        date: QueueDay = None,
        first: First = 50,
        after: After = None,
    ) -> TechnicianQueue:
        """Ask for a part of the queue. Raises Invalid."""
        key = optional_key("Technician", technician_id, "technicianId")
        question: Any = JobQueue(key, placed(QUEUE_ORDER, window(first, after, default=50)), date)
        return question
