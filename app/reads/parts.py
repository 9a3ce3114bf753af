"""What can be said of parts and needs more than a column."""

from typing import Any

import sqlalchemy as sa

from app.db.tables.appointments import appointments, part_reservations
from app.domain.appointment_life import OPEN
from app.domain.policy import Visibility
from app.reads.entities import PART


def enough_on_the_shelf(requirement: sa.FromClause, visibility: Visibility) -> "sa.ColumnElement[Any]":
    """Tell whether as many of a required part are in stock as are required."""
    part = PART.table.alias()
    enough = (
        sa.select(part.c.stock >= requirement.c.quantity)
        .where(*PART.seen(part, visibility), part.c.id == requirement.c.part_id)
        .correlate_except(part)
    )
    return sa.func.coalesce(enough.scalar_subquery(), sa.false())


def left_over(part: sa.FromClause, _visibility: Visibility) -> "sa.ColumnElement[Any]":
    """Return how many of a part are in stock and not reserved by an open appointment; negative when too few are."""
    reserved, appointment = part_reservations.alias(), appointments.alias()
    same = sa.and_(
        appointment.c.organization_id == reserved.c.organization_id, appointment.c.id == reserved.c.appointment_id
    )
    taken = (
        sa.select(sa.func.sum(reserved.c.quantity))
        .select_from(reserved.join(appointment, same))
        .where(
            reserved.c.organization_id == part.c.organization_id,
            reserved.c.part_id == part.c.id,
            appointment.c.status.in_(OPEN),
        )
        .correlate_except(reserved, appointment)
        .scalar_subquery()
    )
    return part.c.stock - sa.func.coalesce(taken, sa.literal_column("0"))
