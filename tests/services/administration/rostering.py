"""Short ways to technicians' time."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from app.domain.rosters import Weekday, WeeklyShift
from app.services.administration.rosters import CreateShifts, create_shifts
from app.services.administration.saying import Create
from app.services.administration.shifts import create_shift
from app.services.perform import Written
from tests.services.scene import Scene

EVERY_DAY = tuple(WeeklyShift(weekday=day, start=time(9), end=time(17)) for day in Weekday)


async def shift(scene: Scene, start: datetime, hours: float = 8, *, whose: str = "ann", **values: Any) -> UUID:
    """Create a shift of so many hours; return its id."""
    said = {
        "technician_id": scene.world.technicians[whose],
        "starts_at": start,
        "ends_at": start + timedelta(hours=hours),
        "on_call": False,
        "breaks": (),
        **values,
    }
    return (await create_shift(scene.writer, scene.actor("manager"), Create(values=said))).ids["shift"]


async def weeks(
    scene: Scene,
    first: date,
    last: date,
    weekly: tuple[WeeklyShift, ...] = EVERY_DAY,
    *,
    whose: str = "ann",
    by: str = "manager",
) -> Written:
    """Create shifts by the week."""
    command = CreateShifts(technician_id=scene.world.technicians[whose], first=first, last=last, weekly=weekly)
    return await create_shifts(scene.writer, scene.actor(by), command)
