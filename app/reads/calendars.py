"""What lists of business calendars can be narrowed by."""

from dataclasses import dataclass

import sqlalchemy as sa

from app.db.tables.sla import business_calendars
from app.reads.slots import Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarFilter(Asked):
    """Business calendars that hold: of each name the newest version."""


def newest_of_its_name() -> "sa.ColumnElement[bool]":
    """Return whether no later version of a calendar has its name."""
    of, later = business_calendars.c, business_calendars.alias("later")
    newer = sa.tuple_(later.c.created_at, later.c.id) > sa.tuple_(of.created_at, of.id)
    same = (later.c.organization_id == of.organization_id) & (later.c.name == of.name)
    return ~sa.exists().select_from(later).where(same, newer).correlate(business_calendars)
