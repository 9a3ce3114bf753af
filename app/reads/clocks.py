"""What can be said of a ticket's clocks and needs more than a column."""

from typing import Any

import sqlalchemy as sa

from app.domain.policy import Visibility
from app.reads.entities import SLA_CLOCK


def ever_breached(ticket: sa.FromClause, visibility: Visibility) -> "sa.ColumnElement[Any]":
    """Tell whether one of a ticket's present clocks was breached."""
    clock = SLA_CLOCK.table.alias()
    return (
        sa.exists()
        .where(
            *SLA_CLOCK.seen(clock, visibility, ticket_seen=True),
            clock.c.ticket_id == ticket.c.id,
            clock.c.current,
            clock.c.breached_at.is_not(None),
        )
        .correlate_except(clock)
    )
