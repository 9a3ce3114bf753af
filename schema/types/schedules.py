"""What fills technicians' time."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

import strawberry

from app.domain.utilization import Shift as DomainShift
from app.reads.schedules import TimeOff as KeptTimeOff
from schema.types.appointments import Appointment
from schema.types.node import TimeWindow

JUDGED = "hours are reckoned by the rules of the domain"
# How many entries a schedule has as a rule: what a client may ask for is measured by it.
USUAL_ENTRIES = 20

ScheduleFrom = Annotated[datetime, strawberry.argument(name="from", description="Where the time begins.")]
ScheduleTo = Annotated[datetime, strawberry.argument(description="Where it ends; at most 92 days later.")]


@strawberry.type(description="Time in which a technician works.")
class Shift:
    """Time in which a technician works."""

    start: datetime = strawberry.field(description="Where it begins.")
    end: datetime = strawberry.field(description="Where it ends.")
    breaks: list[TimeWindow] = strawberry.field(description="When they rest meanwhile.")
    on_call: bool = strawberry.field(description="Whether it is for critical work only, on holidays too.")


@strawberry.type(description="Time in which a technician does not work.")
class TimeOff:
    """Time in which a technician does not work."""

    start: datetime = strawberry.field(description="Where it begins.")
    end: datetime = strawberry.field(description="Where it ends.")
    reason: str | None = strawberry.field(
        description="Why; null: nothing was said, or it is another's and the viewer below DISPATCHER."
    )


ScheduleEntry = Annotated[
    Shift | TimeOff | Appointment,
    strawberry.union("ScheduleEntry", description="What fills a technician's time."),
]


def entries(found: Iterable[Any]) -> list[Any]:
    """Return what fills somebody's time as clients see it; appointments stand for themselves."""
    return [_entry(each) for each in found]


def _entry(found: Any) -> Any:
    match found:
        case DomainShift(start=start, end=end, breaks=breaks, on_call=on_call):
            pauses = [TimeWindow(start=since, end=until) for since, until in breaks]
            return Shift(start=start, end=end, breaks=pauses, on_call=on_call)
        case KeptTimeOff(start=start, end=end, reason=reason):
            return TimeOff(start=start, end=end, reason=reason)
        case _:
            return found
