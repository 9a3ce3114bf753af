"""What can be said of appointments and of who waits for one, and needs more than a column."""

from typing import Any

import sqlalchemy as sa

from app.domain.appointment_life import OPEN
from app.domain.policy import Visibility
from app.domain.waitlist import WaitlistStatus
from app.reads.entities import APPOINTMENT, WAITLIST_ENTRY

# Who still has a place among those who wait.
_IN_LINE = (WaitlistStatus.WAITING, WaitlistStatus.OFFERED)


def scheduled_date(ticket: sa.FromClause, visibility: Visibility) -> "sa.ColumnElement[Any]":
    """Return the local date of the ticket's open appointment, in the appointment's zone; null without one."""
    appointment = APPOINTMENT.table.alias()
    local = sa.cast(sa.func.timezone(appointment.c.time_zone, appointment.c.starts_at), sa.Date)
    return (
        sa.select(local)
        .where(
            *APPOINTMENT.seen(appointment, visibility, ticket_seen=True),
            appointment.c.ticket_id == ticket.c.id,
            appointment.c.status.in_(OPEN),
        )
        .correlate_except(appointment)
        .scalar_subquery()
    )


def place_in_line(entry: sa.FromClause, _visibility: Visibility) -> "sa.ColumnElement[Any]":
    """Return at which place of the organisation's line somebody waits, counted from 1; null: no longer, or paused.

    Others whom the viewer does not see count too, but for whoever is paused.
    """
    before = WAITLIST_ENTRY.table.alias()
    rank = sa.tuple_(before.c.tier_rank, before.c.created_at, before.c.id)
    counted = (
        sa.select(sa.func.count())
        .where(
            before.c.organization_id == entry.c.organization_id,
            before.c.status.in_(_IN_LINE),
            before.c.paused_at.is_(None),
            rank <= sa.tuple_(entry.c.tier_rank, entry.c.created_at, entry.c.id),
        )
        .correlate_except(before)
        .scalar_subquery()
    )
    stands = entry.c.status.in_(_IN_LINE) & entry.c.paused_at.is_(None)
    return sa.case((stands, counted), else_=sa.null())
