"""Technicians and their queues."""

from typing import Annotated, Any

import strawberry

from app.reads import entities
from app.reads.pages import window
from resolvers import technicians
from schema.fields import After, First, Info
from schema.ids import key_of, optional_key
from schema.inputs.filters import TechnicianFilter
from schema.types.technicians import Technician, TechnicianConnection, TechnicianQueue, technician_queue


@strawberry.type
class TechnicianQueries:
    """Technicians and their queues."""

    @strawberry.field(description="One technician; null: there is none.")
    async def technician(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The technician's id.")],  # noqa: A002  # the argument's name in the schema
    ) -> Technician | None:
        """Return the technician."""
        found: Any = await info.context.loaders.row(entities.TECHNICIAN, key_of("Technician", id, "id"))
        return found

    @strawberry.field(description="Technicians, longest known first.")
    async def technicians(
        self,
        info: Info,
        filter: Annotated[TechnicianFilter | None, strawberry.argument(description="Which.")] = None,  # noqa: A002  # the argument's name in the schema
        first: First = 20,
        after: After = None,
    ) -> TechnicianConnection:
        """Return a page of technicians."""
        wanted = None if filter is None else filter.wanted()
        page: Any = await technicians.listed(info.context, wanted, window(first, after))
        return page

    @strawberry.field(description="A technician's active jobs in the order in which they are to be done; staff only.")
    async def technician_queue(
        self,
        info: Info,
        technician_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Whose; without it, the viewer's own.")
        ] = None,
        first: First = 50,
        after: After = None,
    ) -> TechnicianQueue:
        """Return a part of the queue."""
        key = optional_key("Technician", technician_id, "technicianId")
        technician = await technicians.named_or_own(info.context, key)
        return await technician_queue(info, technician, first, after)
