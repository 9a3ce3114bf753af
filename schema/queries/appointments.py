"""Appointments, and who waits for one."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from app.reads import entities
from app.reads.pages import window
from app.reads.questions import ByKey
from resolvers import appointments
from schema.enums import AppointmentStatus, WaitlistStatus
from schema.fields import After, First, asked
from schema.ids import key_of, optional_key
from schema.types.appointments import Appointment, AppointmentConnection
from schema.types.waiting import WaitlistConnection


@strawberry.type
class AppointmentQueries:
    """Appointments, and who waits for one."""

    @asked("One appointment; null: there is none that the viewer may see.")
    def appointment(
        self,
        id: Annotated[strawberry.ID, strawberry.argument(description="The appointment's id.")],  # noqa: A002  # the argument's name in the schema
    ) -> Appointment | None:
        """Ask for the appointment. Raises Invalid."""
        question: Any = ByKey(entities.APPOINTMENT, key_of("Appointment", id, "id"))
        return question

    @asked("Appointments that have some of their time within from and to, first to last, of every status.")
    def appointments(
        self,
        from_: Annotated[datetime, strawberry.argument(name="from", description="Where the time begins.")],
        to: Annotated[datetime, strawberry.argument(description="Where it ends; at most 366 days later.")],
        technician_id: Annotated[strawberry.ID | None, strawberry.argument(description="Only this one's.")] = None,
        asset_id: Annotated[strawberry.ID | None, strawberry.argument(description="Only on this.")] = None,
        customer_id: Annotated[strawberry.ID | None, strawberry.argument(description="Only for them.")] = None,
        status: Annotated[
            list[AppointmentStatus] | None, strawberry.argument(description="Only at one of these.")
        ] = None,
        first: First = 50,
        after: After = None,
    ) -> AppointmentConnection:
        """Ask for a page of appointments. Raises Invalid."""
        question: Any = appointments.listed(
            from_,
            to,
            window(first, after, default=50),
            technician_id=optional_key("Technician", technician_id, "technicianId"),
            asset_id=optional_key("Asset", asset_id, "assetId"),
            customer_id=optional_key("Customer", customer_id, "customerId"),
            status=None if status is None else tuple(status),
        )
        return question

    @asked(
        "Who waits for a time, in the order in which they are asked: fleet customers before premium ones before all"
        " others, then who came first."
    )
    def waitlist(
        self,
        status: Annotated[
            list[WaitlistStatus] | None,
            strawberry.argument(
                description="Only at one of these; without it, whoever waits or has been offered a slot."
            ),
        ] = None,
        first: First = 20,
        after: After = None,
    ) -> WaitlistConnection:
        """Ask for a page of the waitlist. Raises Invalid."""
        question: Any = appointments.waiting(None if status is None else tuple(status), window(first, after))
        return question
