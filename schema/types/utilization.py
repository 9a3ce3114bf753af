"""How much of the time there is has been booked."""

import strawberry

from app.domain.utilization import Utilization as DomainUtilization


@strawberry.type(description="How much of the time there is has been booked, in whole minutes.")
class Utilization:
    """How much of the time there is has been booked."""

    available_minutes: int = strawberry.field(
        description="Of a technician: shifts without breaks, time off and local holidays. Of a bay: while it is open."
    )
    booked_minutes: int = strawberry.field(description="Appointments but for those that were called off.")
    travel_minutes: int = strawberry.field(
        description="The ways to those that begin within the time, as known when their jobs were offered."
    )
    ratio: float = strawberry.field(description="bookedMinutes of availableMinutes; 0 where nothing is available.")
    bookings: int = strawberry.field(description="How many appointments there are.")


def used(found: DomainUtilization | None) -> Utilization | None:
    """Return how much is used as clients see it."""
    if found is None:
        return None
    return Utilization(
        available_minutes=found.available_minutes,
        booked_minutes=found.booked_minutes,
        travel_minutes=found.travel_minutes,
        ratio=found.ratio,
        bookings=found.bookings,
    )
