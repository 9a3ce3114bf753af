"""Assignments, all or the viewer's own."""

from app.domain.assignments import AssignmentStatus
from app.domain.refusals import Forbidden
from app.reads import entities, filters
from app.reads.bounds import bounded
from app.reads.filters import AssignmentFilter, IdFilter
from app.reads.lists import load_list
from app.reads.orders import Order
from app.reads.pages import Page, Window
from resolvers.context import Operation


async def listed(operation: Operation, wanted: AssignmentFilter | None, order: Order, asked: Window) -> Page:
    """Return a page of assignments. Raises Invalid for filters and cursors that make no sense."""
    conditions = () if wanted is None else tuple(filters.of_assignments(bounded(wanted)))
    return await load_list(operation.reader, entities.ASSIGNMENT, order, asked, *conditions)


async def own(operation: Operation, status: tuple[AssignmentStatus, ...] | None, order: Order, asked: Window) -> Page:
    """Return a page of the viewer's own jobs. Raises Forbidden for whoever is no technician."""
    if operation.actor.technician_id is None:
        raise Forbidden(action="have jobs, being no technician")
    mine = AssignmentFilter(technician=IdFilter(eq=operation.actor.technician_id), status=status)
    return await listed(operation, mine, order, asked)
