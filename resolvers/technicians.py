"""Which technicians are asked for."""

from app.reads import entities
from app.reads.bounds import bounded
from app.reads.filters import TechnicianFilter
from app.reads.orders import Kind, Order, Term
from app.reads.pages import Window, placed
from app.reads.questions import Listing

_ORDER = Order((Term("id", Kind.ID),))


def listed(wanted: TechnicianFilter | None, asked: Window) -> Listing:
    """Ask for a page of technicians. Raises Invalid for filters and cursors that make no sense."""
    return Listing(entities.TECHNICIAN, _ORDER, placed(_ORDER, asked), bounded(wanted))
