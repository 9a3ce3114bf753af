"""Where technicians are."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from app.domain.locations import is_stale
from app.reads import entities, locations, questions, relations
from schema.fields import Info, composed, record_type, to_one
from schema.types.node import GeoPoint

if TYPE_CHECKING:
    from schema.types.technicians import Technician


@record_type(entities.TECHNICIAN_LOCATION, "Where a technician is, as their phone last reported it.")
class TechnicianLocation:
    """Where a technician is."""

    technician: Annotated["Technician", strawberry.lazy("schema.types.technicians")] = to_one(
        relations.LOCATION_TECHNICIAN, "Who is there."
    )
    point: GeoPoint = composed(GeoPoint, "Where.", lat="latitude", lon="longitude")
    accuracy_meters: float | None = strawberry.field(description="How far off that may be; null: unknown.")
    heading_degrees: float | None = strawberry.field(
        description="Which way they went, from north by east, 0 to less than 360; null: unknown."
    )
    recorded_at: datetime = strawberry.field(description="When they were there, by the phone's clock.")

    @strawberry.field(
        description="Nothing newer has come for five minutes: they may be elsewhere by now.",
        metadata={"question": questions.Computed(locations.stale)},
    )
    def stale(self, root: strawberry.Parent[Any], info: Info) -> bool:
        """Tell whether they may be elsewhere by now."""
        return is_stale(root.recorded_at, now=info.context.process.clock())
