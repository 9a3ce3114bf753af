"""What mutations on slots, appointments and waits answer."""

from operator import attrgetter
from typing import Any

import strawberry

from app.reads import entities
from app.services.appointments.book_appointments import MOST_AT_ONCE
from app.services.perform import Written
from resolvers.context import Operation
from schema.errors import AppointmentError, BookAppointmentsError, BulkItemError, SlotHoldError, WaitlistError
from schema.fields import ONE_ROW
from schema.payloads import MutationPayload, item_error, named
from schema.types.appointments import Appointment, AppointmentSeries
from schema.types.assignments import Assignment
from schema.types.slots import SlotHold
from schema.types.tickets import Ticket
from schema.types.waiting import WaitlistEntry


@strawberry.type(description="What holding a slot answers.")
class SlotHoldPayload(MutationPayload):
    """What holding a slot answers."""

    hold: SlotHold | None = strawberry.field(default=None, description="The hold; null: nothing was written.")
    errors: list[SlotHoldError] = strawberry.field(
        default_factory=list, description="Why nothing was written; empty: it was.", metadata=ONE_ROW
    )


@strawberry.type(description="What mutations on appointments answer.")
class AppointmentPayload(MutationPayload):
    """What mutations on appointments answer."""

    appointment: Appointment | None = strawberry.field(
        default=None, description="The appointment; null: nothing was written, or, of an alert, nothing was booked."
    )
    series: AppointmentSeries | None = strawberry.field(
        default=None, description="What comes again; null: it stands alone, or nothing was written."
    )
    assignment: Assignment | None = strawberry.field(default=None, description="Its job; null: there is none.")
    ticket: Ticket | None = strawberry.field(default=None, description="Its ticket; null: nothing was written.")
    errors: list[AppointmentError] = strawberry.field(
        default_factory=list, description="Why nothing was written; empty: it was.", metadata=ONE_ROW
    )


@strawberry.type(description="What became of one of many requests for a time.")
class BookingResult:
    """What became of one of many requests for a time."""

    place: int = strawberry.field(description="Its place among the requests, from 0.")
    ok: bool = strawberry.field(description="It was booked.")
    appointment: Appointment | None = strawberry.field(description="The appointment; null: it was not booked.")
    errors: list[BulkItemError] = strawberry.field(
        description="Why it was not booked; empty: it was.", metadata=ONE_ROW
    )


@strawberry.type(description="What booking many at once answers.")
class BookAppointmentsPayload(MutationPayload):
    """What booking many at once answers."""

    results: list[BookingResult] = strawberry.field(
        default_factory=list,
        description="What became of each, in the order of the requests; empty: nothing was done.",
        metadata={"rows": MOST_AT_ONCE},
    )
    errors: list[BookAppointmentsError] = strawberry.field(
        default_factory=list, description="Why nothing at all was done; empty: see results.", metadata=ONE_ROW
    )


@strawberry.type(description="What mutations on the waitlist answer.")
class WaitlistPayload(MutationPayload):
    """What mutations on the waitlist answer."""

    entry: WaitlistEntry | None = strawberry.field(default=None, description="Who waits; null: nothing was written.")
    appointment: Appointment | None = strawberry.field(
        default=None, description="What an offer that was taken came to; null: none was."
    )
    ticket: Ticket | None = strawberry.field(default=None, description="The appointment's ticket; null as that is.")
    assignment: Assignment | None = strawberry.field(
        default=None, description="The appointment's job; null as that is."
    )
    errors: list[WaitlistError] = strawberry.field(
        default_factory=list, description="Why nothing was written; empty: it was.", metadata=ONE_ROW
    )


async def bookings_of(operation: Operation, written: Written) -> dict[str, Any]:
    """Return a payload's fields for many requests of which each was booked, or not."""
    results = [
        BookingResult(place=item.place, ok=False, appointment=None, errors=[item_error(item)])
        for item in written.refused.values()
    ]
    for name, key in written.ids.items():
        role, _, place = name.partition(".")
        if role == "appointment":
            row: Any = await operation.loaders.row(entities.APPOINTMENT, key)
            results.append(BookingResult(place=int(place), ok=True, appointment=row, errors=[]))
    return {**named(operation, written), "results": sorted(results, key=attrgetter("place"))}
