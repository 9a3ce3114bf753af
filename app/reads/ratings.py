"""How well technicians' jobs were done, as requesters say."""

from typing import Any

import sqlalchemy as sa

from app.domain.policy import Visibility


def mean_rating(technician: sa.FromClause, _visibility: Visibility) -> "sa.ColumnElement[Any]":
    """Return the mean of what was said of a technician's jobs, with two decimals; null: nothing was."""
    of = technician.c
    mean = sa.cast(of.rating_total, sa.Numeric) / sa.func.nullif(of.rating_count, 0)
    return sa.cast(sa.func.round(mean, 2), sa.Double)
