"""What fills technicians' time."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from app.reads import entities, relations
from resolvers import schedules
from schema.enums import Availability
from schema.fields import Info, record_type, renamed, to_one
from schema.types.appointments import Appointment
from schema.types.node import Node, TimeWindow, Versioned

if TYPE_CHECKING:
    from schema.types.technicians import Technician

JUDGED = "hours are reckoned by the rules of the domain"
# How many entries a schedule has as a rule: what a client may ask for is measured by it.
USUAL_ENTRIES = 20

ScheduleFrom = Annotated[datetime, strawberry.argument(name="from", description="Where the time begins.")]
ScheduleTo = Annotated[datetime, strawberry.argument(description="Where it ends; at most 92 days later.")]


@record_type(entities.SHIFT, "Time in which a technician works. Seen by staff.")
class Shift(Node, Versioned):
    """Time in which a technician works."""

    technician: Annotated["Technician", strawberry.lazy("schema.types.technicians")] = to_one(
        relations.SHIFT_TECHNICIAN, "Whose time it is."
    )
    start: datetime = renamed("starts_at", "Where it begins.")
    end: datetime = renamed("ends_at", "Where it ends.")
    on_call: bool = strawberry.field(description="Whether it is for critical work only, on holidays too.")

    @strawberry.field(description="When they rest meanwhile.", metadata={"ordinary": "times are no rows", "rows": 2})
    async def breaks(self, root: strawberry.Parent[Any], info: Info) -> list[TimeWindow]:
        """Return the breaks, first to last."""
        found = await schedules.breaks_of(info.context, root.id)
        return [TimeWindow(start=start, end=end) for start, end in found]


@record_type(entities.TIME_OFF, "Time in which a technician does not work. Seen by staff.")
class TimeOff(Node, Versioned):
    """Time in which a technician does not work."""

    technician: Annotated["Technician", strawberry.lazy("schema.types.technicians")] = to_one(
        relations.TIME_OFF_TECHNICIAN, "Whose time it is."
    )
    start: datetime = renamed("starts_at", "Where it begins.")
    end: datetime = renamed("ends_at", "Where it ends.")
    reason: str | None = strawberry.field(
        description="Why; null: nothing was said, or it is another's and the viewer below DISPATCHER."
    )
    availability: Availability = strawberry.field(
        description="What they are meanwhile: TIME_OFF where it was planned, else what setAvailability was told."
    )
    said: bool = strawberry.field(description="It came by setAvailability; false: it was planned.")


ScheduleEntry = Annotated[
    Shift | TimeOff | Appointment,
    strawberry.union("ScheduleEntry", description="What fills a technician's time."),
]
