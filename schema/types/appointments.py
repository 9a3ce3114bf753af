"""Appointments and their series."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from app.reads import agreements, entities, questions
from app.reads.statement.calendars import entry_address
from resolvers import calendars
from schema.enums import AppointmentStatus, AppointmentType, LocationMode, ScheduleLock, Urgency
from schema.fields import Info, composed, record_type, to_one, to_page
from schema.scalars import TimeZone, WebAddress
from schema.types.node import Connection, Edge, Money, Node, TimeWindow, Versioned
from schema.types.supply import Facility, ServiceBay
from schema.types.users import User

if TYPE_CHECKING:
    from schema.types.assignments import Assignment
    from schema.types.customers import Asset, Customer
    from schema.types.technicians import Technician
    from schema.types.tickets import Ticket


@record_type(
    entities.APPOINTMENT,
    "An agreed time, with a technician and, at a facility, a service bay. Whoever sees its ticket sees it.",
)
class Appointment(Node, Versioned):
    """An agreed time."""

    ticket: Annotated["Ticket", strawberry.lazy("schema.types.tickets")] = to_one(
        agreements.APPOINTMENT_TICKET, "What is to be done."
    )
    asset: Annotated["Asset", strawberry.lazy("schema.types.customers")] | None = to_one(
        agreements.APPOINTMENT_ASSET, "On what; null: nothing in particular, or not the viewer's to see."
    )
    customer: Annotated["Customer", strawberry.lazy("schema.types.customers")] | None = to_one(
        agreements.APPOINTMENT_CUSTOMER, "For whom; null: nobody in particular, or not the viewer's to see."
    )
    type: AppointmentType = strawberry.field(description="What sort of service it is.")
    urgency: Urgency = strawberry.field(description="How soon it matters.")
    status: AppointmentStatus = strawberry.field(description="Where it stands.")
    location_mode: LocationMode = strawberry.field(description="Where the work is done.")
    facility: Facility | None = to_one(agreements.APPOINTMENT_FACILITY, "In which facility; null: at the customer's.")
    bay: ServiceBay | None = to_one(agreements.APPOINTMENT_BAY, "In which bay; null: at the customer's.")
    technician: Annotated["Technician", strawberry.lazy("schema.types.technicians")] = to_one(
        agreements.APPOINTMENT_TECHNICIAN, "Who comes."
    )
    assignment: Annotated["Assignment", strawberry.lazy("schema.types.assignments")] | None = to_one(
        agreements.APPOINTMENT_ASSIGNMENT, "The job it is for; null: nobody has the ticket yet."
    )
    window: TimeWindow = composed(TimeWindow, "When the work is done.", start="starts_at", end="ends_at")
    arrival_window: TimeWindow = composed(
        TimeWindow, "When the technician may come.", start="starts_at", end="arrival_until"
    )
    time_zone: TimeZone = strawberry.field(description="The zone in which it was agreed.")
    lock: ScheduleLock = strawberry.field(description="What of it may not be changed.")
    series: "AppointmentSeries | None" = to_one(
        agreements.APPOINTMENT_SERIES, "What it is one of; null: it stands alone."
    )
    occurrence_at: datetime | None = strawberry.field(
        description="When its series has it, wherever it was moved to; null: it stands alone."
    )
    notes: str | None = strawberry.field(description="What whoever booked said; null: nothing.")
    booked_by: User | None = to_one(
        agreements.APPOINTMENT_BOOKER, "Who booked it; null: the server, or not the viewer's to see."
    )
    notify: bool = strawberry.field(description="Whether the customer is told of it.")
    remind_at: datetime | None = strawberry.field(description="When to remind of it; null: never.")
    reminded_at: datetime | None = strawberry.field(description="When it was reminded of; null: not yet.")
    confirmed_at: datetime | None = strawberry.field(description="When it was confirmed; null: it was not.")
    cancelled_at: datetime | None = strawberry.field(description="When it was called off; null: it was not.")
    cancellation_reason: str | None = strawberry.field(description="Why it was called off; null: it was not.")
    cancellation_fee: Money | None = composed(
        Money, "What calling it off cost; null: nothing.", amount="cancellation_fee", currency="currency"
    )

    @strawberry.field(
        description="Where it can be had as iCalendar without a token, for 24 to 25 hours; null: it was called off.",
        metadata={"question": questions.Computed(entry_address, nullable=True)},
    )
    async def ics_url(self, root: strawberry.Parent[Any], info: Info) -> WebAddress | None:
        """Return where it can be had from."""
        address = calendars.entry(info.context, root)
        return None if address is None else WebAddress(address)

    used_recommended_slot: bool = strawberry.field(description="Whether the slot was one that the server proposed.")


@strawberry.type(description="An appointment in a list.")
class AppointmentEdge(Edge):
    """An appointment in a list."""

    node: Appointment = strawberry.field(description="The appointment.")


@strawberry.type(description="A part of a list of appointments.")
class AppointmentConnection(Connection):
    """A part of a list of appointments."""

    edges: list[AppointmentEdge] = strawberry.field(description="The appointments with their places.")
    nodes: list[Appointment] = strawberry.field(description="The appointments alone.")


@record_type(
    entities.APPOINTMENT_SERIES,
    "Appointments that come again by a rule. Whoever sees one of them sees it.",
)
class AppointmentSeries(Node):
    """Appointments that come again by a rule."""

    rrule: str = strawberry.field(description="The rule (RFC 5545), such as FREQ=MONTHLY;BYDAY=1MO.")
    time_zone: TimeZone = strawberry.field(description="The zone of its local days and times.")
    exceptions: list[date] = strawberry.field(description="Local days of the rule that have no appointment.")
    starts_at: datetime = strawberry.field(description="The first time of the rule.")
    planned_until: datetime = strawberry.field(description="What the rule has before this has been booked.")
    ended: bool = strawberry.field(description="Whether nothing more will be booked.")
    occurrences: AppointmentConnection = to_page(
        agreements.SERIES_OCCURRENCES, "Those that have been booked, first to last.", default=12
    )
