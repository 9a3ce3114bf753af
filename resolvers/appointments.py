"""Which appointments are asked for, and who waits for one."""

from datetime import datetime, timedelta
from uuid import UUID

from app.domain.appointments import AppointmentStatus
from app.domain.refusals import Invalid
from app.domain.waitlist import WaitlistStatus
from app.reads import entities
from app.reads.filters import AppointmentFilter, WaitlistFilter
from app.reads.orders import Kind, Term, ending_in_id
from app.reads.pages import Window, placed
from app.reads.questions import Listing
from app.reads.relations import BY_START

LONGEST = timedelta(days=366)
_IN_LINE = (WaitlistStatus.WAITING, WaitlistStatus.OFFERED)
_LINE = ending_in_id([Term("tier_rank", Kind.NUMBER), Term("created_at", Kind.MOMENT)])


def within(start: datetime, end: datetime, longest: timedelta) -> None:
    """Check that a time [start, end) can be looked at. Raises Invalid."""
    if not start < end or end - start > longest:
        raise Invalid(field=("to",), problem=f"to must come after from, at most {longest.days} days.")


def listed(
    start: datetime,
    end: datetime,
    asked: Window,
    *,
    technician_id: UUID | None = None,
    asset_id: UUID | None = None,
    customer_id: UUID | None = None,
    status: tuple[AppointmentStatus, ...] | None = None,
) -> Listing:
    """Ask for a page of the appointments that have some of their time within [start, end).

    Raises:
        Invalid: it ends before it begins or is longer than 366 days, or the cursor is of another list.
    """
    within(start, end, LONGEST)
    wanted = AppointmentFilter(
        start=start,
        end=end,
        technician_id=technician_id,
        asset_id=asset_id,
        customer_id=customer_id,
        status=status,
    )
    return Listing(entities.APPOINTMENT, BY_START, placed(BY_START, asked), wanted)


def waiting(status: tuple[WaitlistStatus, ...] | None, asked: Window) -> Listing:
    """Ask for a page of those who wait, in their order; without a status of those still in line. Raises Invalid."""
    wanted = WaitlistFilter(status=_IN_LINE if status is None else status)
    return Listing(entities.WAITLIST_ENTRY, _LINE, placed(_LINE, asked), wanted)
