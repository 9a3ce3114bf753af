"""Technicians, one or many."""

from uuid import UUID

from app.domain.refusals import Forbidden, NotFound
from app.reads import entities, filters
from app.reads.bounds import bounded
from app.reads.filters import TechnicianFilter
from app.reads.lists import load_list
from app.reads.orders import Kind, Order, Term
from app.reads.pages import Page, Window
from app.reads.record import Record
from resolvers.context import Operation

_ORDER = Order((Term("id", Kind.ID),))


async def listed(operation: Operation, wanted: TechnicianFilter | None, asked: Window) -> Page:
    """Return a page of technicians. Raises Invalid for filters and cursors that make no sense."""
    conditions = () if wanted is None else tuple(filters.of_technicians(bounded(wanted)))
    return await load_list(operation.reader, entities.TECHNICIAN, _ORDER, asked, *conditions)


async def named_or_own(operation: Operation, key: UUID | None) -> Record:
    """Return the technician with this key, or the viewer as one.

    Raises:
        Forbidden: no key was given and the viewer is no technician.
        NotFound: there is no such technician.
    """
    wanted = key or operation.actor.technician_id
    if wanted is None:
        raise Forbidden(field=("technicianId",), action="have a queue, being no technician")
    found = await operation.loaders.row(entities.TECHNICIAN, wanted)
    if found is None:
        raise NotFound(field=("technicianId",), kind="technician")
    return found
