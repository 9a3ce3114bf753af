"""What technicians' phones report."""

from datetime import datetime

import strawberry

from app.domain.locations import Point
from app.services.technicians.report_location import ReportLocation
from schema.inputs.tickets import GeoPointInput


@strawberry.input(description="Where a phone was at a moment.")
class LocationPointInput:
    """Where a phone was at a moment."""

    point: GeoPointInput = strawberry.field(description="Where.")
    accuracy_meters: float | None = strawberry.field(
        default=None, description="How far off that may be, 0 to 100,000; without it, unknown."
    )
    heading_degrees: float | None = strawberry.field(
        default=None, description="Which way it went, from north by east, 0 to less than 360; without it, unknown."
    )
    recorded_at: datetime = strawberry.field(description="When, by the phone's clock. At most 5 minutes ahead.")

    def taken(self) -> Point:
        """Return the point."""
        return Point(
            latitude=self.point.lat,
            longitude=self.point.lon,
            accuracy_meters=self.accuracy_meters,
            heading_degrees=self.heading_degrees,
            recorded_at=self.recorded_at,
        )


@strawberry.input(description="Where the viewer, a technician, is and was. Only the newest point is kept.")
class ReportLocationInput:
    """Where the viewer is and was."""

    points: list[LocationPointInput] = strawberry.field(
        description="1 to 500, in any order. One that is older than what is known, or than a day, changes nothing."
    )

    def command(self) -> ReportLocation:
        """Return the command."""
        return ReportLocation(points=tuple(each.taken() for each in self.points))
