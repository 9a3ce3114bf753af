"""What can be said of parts and needs more than a column."""

from typing import Any

import sqlalchemy as sa

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
