"""Customers who would like a time, or an earlier one."""

from datetime import datetime
from typing import Any

import strawberry

from app.reads import agreements, entities
from app.reads.appointments import place_in_line
from app.reads.questions import Computed
from resolvers.waiting import windows_of
from schema.enums import AppointmentType, WaitlistStatus
from schema.fields import asks, record_type, to_one
from schema.types.appointments import Appointment
from schema.types.customers import Customer
from schema.types.node import Connection, Edge, Node, TimeWindow
from schema.types.slots import SlotHold
from schema.types.users import User


@record_type(
    entities.WAITLIST_ENTRY,
    "Somebody who would like a time, or an earlier one. Customers see their own and those that they joined.",
)
class WaitlistEntry(Node):
    """Somebody who would like a time."""

    customer: Customer | None = to_one(agreements.WAITING_CUSTOMER, "Who waits; null: nobody in particular.")
    appointment: Appointment | None = to_one(
        agreements.WAITING_APPOINTMENT,
        "The one that is to become earlier; null: there is none yet, or it is not the viewer's to see.",
    )
    joined_by: User | None = to_one(
        agreements.WAITING_USER, "Who asked for it; null: the server, or not the viewer's to see."
    )
    appointment_type: AppointmentType = strawberry.field(description="What sort of service is wanted.")
    status: WaitlistStatus = strawberry.field(description="How it stands.")
    position: int | None = asks(
        Computed(place_in_line, nullable=True),
        "Their place in the line, from 1: fleet customers before premium ones before all others, then who came first."
        " Null: they wait no longer, or are paused.",
    )
    offer: SlotHold | None = to_one(
        agreements.WAITING_OFFER,
        "The slot that is held for them until they answer, or its time is over; null: none is.",
    )
    paused_at: datetime | None = strawberry.field(
        description="Since when they are not asked, as the customer is active no longer; null: they are not paused."
    )
    expires_at: datetime = strawberry.field(description="Until when they wait.")
    created_at: datetime = strawberry.field(description="Since when they wait.")

    @strawberry.field(
        description="Times that would suit, at most 20; none: any would.",
        metadata={"ordinary": "it is kept as a document, which the domain reads", "rows": 20},
    )
    def windows(self, root: strawberry.Parent[Any]) -> list[TimeWindow]:
        """Return the windows."""
        return [TimeWindow(start=start, end=end) for start, end in windows_of(root)]


@strawberry.type(description="Somebody who waits, in a list.")
class WaitlistEdge(Edge):
    """Somebody who waits, in a list."""

    node: WaitlistEntry = strawberry.field(description="Who waits.")


@strawberry.type(description="A part of a list of those who wait.")
class WaitlistConnection(Connection):
    """A part of a list of those who wait."""

    edges: list[WaitlistEdge] = strawberry.field(description="Those who wait, with their places in the list.")
    nodes: list[WaitlistEntry] = strawberry.field(description="Those who wait alone.")
