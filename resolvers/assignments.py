"""Which assignments are asked for: all, or the viewer's own."""

from app.domain.assignments import AssignmentStatus
from app.reads import entities
from app.reads.bounds import bounded
from app.reads.filters import AssignmentFilter
from app.reads.orders import Order
from app.reads.pages import Window, placed
from app.reads.questions import Listing


def listed(wanted: AssignmentFilter | None, order: Order, asked: Window) -> Listing:
    """Ask for a page of assignments. Raises Invalid for filters and cursors that make no sense."""
    return Listing(entities.ASSIGNMENT, order, placed(order, asked), bounded(wanted))


def own(status: tuple[AssignmentStatus, ...] | None, order: Order, asked: Window) -> Listing:
    """Ask for a page of the viewer's own jobs. Raises Invalid."""
    wanted = bounded(AssignmentFilter(status=status))
    return Listing(entities.ASSIGNMENT, order, placed(order, asked), wanted, own=True)
