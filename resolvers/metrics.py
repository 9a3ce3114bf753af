"""How well the work goes, for those who answer for it."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

from app.domain.policy import Action, Standing, may
from app.domain.refusals import Forbidden, Invalid
from app.reads.metrics import Figures, Period, TimeOfTechnician, load_figures, load_technicians, load_times
from resolvers import schedules
from resolvers.context import Operation

LONGEST = timedelta(days=366)


def period(operation: Operation, start: datetime, end: datetime, territory_ids: tuple[UUID, ...] | None) -> Period:
    """Return a time that the viewer may look at.

    Raises:
        Forbidden: the viewer is no dispatcher.
        Invalid: it ends before it begins, or is longer than a year.
    """
    if not may(operation.actor, Action.SEE_METRICS, Standing()):
        raise Forbidden(action="see how well the work goes")
    if not start < end <= start + LONGEST:
        raise Invalid(field=("to",), problem="to must come after from, at most 366 days.")
    return Period(start=start, end=end, territory_ids=territory_ids)


async def figures(operation: Operation, of: Period) -> Figures:
    """Return the figures of a time."""
    return await load_figures(operation.reader, of)


async def times(operation: Operation, of: Period) -> list[TimeOfTechnician]:
    """Return what technicians did in a time."""
    return await load_times(operation.reader, of)


async def technician_utilization(operation: Operation, of: Period) -> float | None:
    """Return how much of all technicians' working time is booked; None for more than 92 days, or without hours."""
    if of.end - of.start > schedules.LONGEST:
        return None
    technician_ids = await load_technicians(operation.reader, of)
    available = booked = 0
    for found in await asyncio.gather(
        *(schedules.utilization(operation, each, of.start, of.end) for each in technician_ids)
    ):
        if found is not None:
            available, booked = available + found.available_minutes, booked + found.booked_minutes
    return round(booked / available, 4) if available else None
