"""Facilities and their service bays."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from app.reads import agreements, entities
from resolvers import schedules
from schema.fields import Info, composed, record_type, to_all, to_one
from schema.types.node import Connection, Edge, GeoPoint, Node, Versioned
from schema.types.organizations import Skill, Territory
from schema.types.sla import BusinessCalendar
from schema.types.utilization import Utilization, used


@record_type(entities.SERVICE_BAY, "Where one piece of work at a time is done in a facility.")
class ServiceBay(Node, Versioned):
    """Where one piece of work at a time is done in a facility."""

    name: str = strawberry.field(description="Unique within the facility.")
    facility: "Facility" = to_one(agreements.BAY_FACILITY, "Where it is.")
    equipped_for: list[Skill] = to_all(agreements.BAY_SKILLS, "What can be done in it, by code.")
    active: bool = strawberry.field(description="Whether it can be booked.")

    @strawberry.field(
        description="How much of the time in which its facility is open is booked in it, within from and to; null: not"
        " the viewer's to see, being no staff.",
        metadata={"ordinary": "hours are reckoned by the rules of the domain"},
    )
    async def utilization(
        self,
        root: strawberry.Parent[Any],
        info: Info,
        from_: Annotated[datetime, strawberry.argument(name="from", description="Where the time begins.")],
        to: Annotated[datetime, strawberry.argument(description="Where it ends; at most 92 days later.")],
    ) -> Utilization | None:
        """Return how much is booked. Raises Invalid."""
        return used(await schedules.utilization_of_bay(info.context, root, from_, to))


@record_type(entities.FACILITY, "A building with service bays.")
class Facility(Node, Versioned):
    """A building with service bays."""

    name: str = strawberry.field(description="What the facility is called.")
    active: bool = strawberry.field(description="Whether what is new can name it.")
    location: GeoPoint | None = composed(GeoPoint, "Where it is; null: not known.", lat="latitude", lon="longitude")
    territory: Territory | None = to_one(agreements.FACILITY_TERRITORY, "In which territory; null: none.")
    calendar: BusinessCalendar | None = to_one(agreements.FACILITY_CALENDAR, "When it is open; null: always.")
    bays: list[ServiceBay] = to_all(agreements.FACILITY_BAYS, "Its service bays by name, inactive ones too.")


@strawberry.type(description="A facility in a list.")
class FacilityEdge(Edge):
    """A facility in a list."""

    node: Facility = strawberry.field(description="The facility.")


@strawberry.type(description="A part of a list of facilities.")
class FacilityConnection(Connection):
    """A part of a list of facilities."""

    edges: list[FacilityEdge] = strawberry.field(description="The facilities with their places.")
    nodes: list[Facility] = strawberry.field(description="The facilities alone.")
