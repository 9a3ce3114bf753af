"""Events as clients see them, and what else a stream says."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from app.domain.events import APPOINTMENT, CLOCK, QUEUE, Event
from app.reads import entities
from resolvers import events
from schema.changes import said
from schema.enums import EventSource, EventType, ResetReason, SlaMetric
from schema.fields import FEW_ROWS, Info
from schema.ids import global_id
from schema.scalars import EventCursor, JSONValue
from schema.types.appointments import Appointment
from schema.types.assignments import Assignment
from schema.types.attachments import Attachment
from schema.types.comments import Comment
from schema.types.node import Node
from schema.types.sla import SlaClock
from schema.types.technicians import Technician
from schema.types.tickets import Ticket
from schema.types.users import User

_OF_OTHERS = frozenset({"Ticket", "Comment", "Attachment", "Assignment", APPOINTMENT, QUEUE, CLOCK})


@strawberry.type(description="One field's value before and after.")
class FieldChange:
    """One field's value before and after."""

    field: str = strawberry.field(description="The field's name.")
    old: JSONValue | None = strawberry.field(description="Before; null: nothing.")
    new: JSONValue | None = strawberry.field(description="After; null: nothing.")


@strawberry.interface(description="Something that happened: one row of the log.")
class DomainEvent:
    """One row of the log."""

    type: EventType = strawberry.field(description="What happened.")
    occurred_at: datetime = strawberry.field(description="When it happened, by the device's clock.")
    recorded_at: datetime = strawberry.field(description="When the server heard of it; never goes back.")
    source: EventSource = strawberry.field(description="Where it came from.")

    @strawberry.field(description="The event's own id, the same for every reader.")
    def id(self, root: strawberry.Parent[Event]) -> strawberry.ID:
        """Return the event's id."""
        return global_id("Event", root.id)

    @strawberry.field(description="The change it belongs to; a client drops events of its own changes.")
    def change_id(self, root: strawberry.Parent[Event]) -> strawberry.ID:
        """Return the id of the change."""
        return global_id("Change", root.change_id)

    @strawberry.field(description="Its place in the log; subscribe after it to go on from here.")
    def cursor(self, root: strawberry.Parent[Event], info: Info) -> EventCursor:
        """Return the event's cursor."""
        return EventCursor(info.context.cursor(root.position))

    @strawberry.field(description="Who did it; null: the server.")
    async def actor(self, root: strawberry.Parent[Event], info: Info) -> User | None:
        """Return who did it."""
        user: Any = await events.row(info.context, entities.USER, root.actor_id)
        return user

    @strawberry.field(description="Every changed field that the viewer may see; of a creation, all.", metadata=FEW_ROWS)
    async def changes(self, root: strawberry.Parent[Event], info: Info) -> list[FieldChange]:
        """Return the changes."""
        told = [said(*change) for change in await events.changes(info.context, root)]
        return [FieldChange(field=name, old=JSONValue(old), new=JSONValue(new)) for name, old, new in told]


def _told_of(*kinds: str) -> Any:
    def is_type_of(_cls: type, value: object, _info: object) -> bool:
        return isinstance(value, Event) and value.kind in kinds

    return classmethod(is_type_of)


@strawberry.type(description="Something happened to a ticket, or was said on it.")
class TicketEvent(DomainEvent):
    """Something happened to a ticket."""

    is_type_of = _told_of("Ticket", "Comment", "Attachment")

    @strawberry.field(description="Which ticket.")
    def ticket_id(self, root: strawberry.Parent[Event]) -> strawberry.ID:
        """Return the ticket's id."""
        return global_id("Ticket", events.ticket_of(root))

    @strawberry.field(description="The ticket's version after the change; null: only something on it changed.")
    def ticket_version(self, root: strawberry.Parent[Event]) -> int | None:
        """Return the ticket's version."""
        return root.version if root.kind == "Ticket" else None

    @strawberry.field(description="The ticket as it is now; null: out of the viewer's sight.")
    async def ticket(self, root: strawberry.Parent[Event], info: Info) -> Ticket | None:
        """Return the ticket."""
        ticket: Any = await events.row(info.context, entities.TICKET, root.ticket_id)
        return ticket

    @strawberry.field(description="The comment it is about, as it is now; null: none, or out of sight.")
    async def comment(self, root: strawberry.Parent[Event], info: Info) -> Comment | None:
        """Return the comment."""
        key = root.subject_id if root.kind == "Comment" else None
        comment: Any = await events.row(info.context, entities.COMMENT, key)
        return comment

    @strawberry.field(description="The file it is about, as it is now; null: none, or out of sight.")
    async def attachment(self, root: strawberry.Parent[Event], info: Info) -> Attachment | None:
        """Return the attachment."""
        key = root.subject_id if root.kind == "Attachment" else None
        attachment: Any = await events.row(info.context, entities.ATTACHMENT, key)
        return attachment


@strawberry.type(description="Something happened to a job.")
class JobEvent(DomainEvent):
    """Something happened to a job."""

    is_type_of = _told_of("Assignment")

    @strawberry.field(description="Which job.")
    def assignment_id(self, root: strawberry.Parent[Event]) -> strawberry.ID:
        """Return the job's id."""
        return global_id("Assignment", root.subject_id)

    @strawberry.field(description="The job's ticket.")
    def ticket_id(self, root: strawberry.Parent[Event]) -> strawberry.ID:
        """Return the ticket's id."""
        return global_id("Ticket", events.ticket_of(root))

    @strawberry.field(description="The job's technician.")
    def technician_id(self, root: strawberry.Parent[Event]) -> strawberry.ID:
        """Return the technician's id."""
        return global_id("Technician", events.technician_of(root))

    @strawberry.field(description="The job's version after the change.")
    def assignment_version(self, root: strawberry.Parent[Event]) -> int:
        """Return the job's version."""
        return root.version

    @strawberry.field(description="The job as it is now; null: out of the viewer's sight.")
    async def assignment(self, root: strawberry.Parent[Event], info: Info) -> Assignment | None:
        """Return the job."""
        job: Any = await events.row(info.context, entities.ASSIGNMENT, root.assignment_id)
        return job


@strawberry.type(description="Something happened to a clock of a ticket.")
class SlaEvent(DomainEvent):
    """Something happened to a clock of a ticket."""

    is_type_of = _told_of(CLOCK)

    @strawberry.field(description="Whose clock.")
    def ticket_id(self, root: strawberry.Parent[Event]) -> strawberry.ID:
        """Return the ticket's id."""
        return global_id("Ticket", events.ticket_of(root))

    @strawberry.field(description="What the clock measures.")
    def metric(self, root: strawberry.Parent[Event]) -> SlaMetric:
        """Return what the clock measures."""
        return SlaMetric(events.told(root, "metric"))

    @strawberry.field(description="The ticket as it is now; null: out of the viewer's sight.")
    async def ticket(self, root: strawberry.Parent[Event], info: Info) -> Ticket | None:
        """Return the ticket."""
        ticket: Any = await events.row(info.context, entities.TICKET, root.ticket_id)
        return ticket

    @strawberry.field(description="The clock as it is now; null: out of the viewer's sight.")
    async def clock(self, root: strawberry.Parent[Event], info: Info) -> SlaClock | None:
        """Return the clock."""
        clock: Any = await events.row(info.context, entities.SLA_CLOCK, root.subject_id)
        return clock


@strawberry.type(description="Something happened to an appointment.")
class AppointmentEvent(DomainEvent):
    """Something happened to an appointment."""

    is_type_of = _told_of(APPOINTMENT)

    @strawberry.field(description="Which appointment.")
    def appointment_id(self, root: strawberry.Parent[Event]) -> strawberry.ID:
        """Return the appointment's id."""
        return global_id("Appointment", root.subject_id)

    @strawberry.field(description="The appointment's ticket.")
    def ticket_id(self, root: strawberry.Parent[Event]) -> strawberry.ID:
        """Return the ticket's id."""
        return global_id("Ticket", events.ticket_of(root))

    @strawberry.field(description="The appointment's version after the change.")
    def appointment_version(self, root: strawberry.Parent[Event]) -> int:
        """Return the appointment's version."""
        return root.version

    @strawberry.field(description="The appointment as it is now; null: out of the viewer's sight.")
    async def appointment(self, root: strawberry.Parent[Event], info: Info) -> Appointment | None:
        """Return the appointment."""
        appointment: Any = await events.row(info.context, entities.APPOINTMENT, root.subject_id)
        return appointment


@strawberry.type(
    description="Something happened to a technician's queue as a whole: somebody put it into another order."
)
class TechnicianEvent(DomainEvent):
    """Something happened to a technician's queue."""

    is_type_of = _told_of(QUEUE)

    @strawberry.field(description="Whose queue.")
    def technician_id(self, root: strawberry.Parent[Event]) -> strawberry.ID:
        """Return the technician's id."""
        return global_id("Technician", events.technician_of(root))

    @strawberry.field(description="The queue's version after the change.")
    def queue_version(self, root: strawberry.Parent[Event]) -> int:
        """Return the queue's version."""
        return root.version

    @strawberry.field(description="The technician as they are now; null: out of the viewer's sight.")
    async def technician(self, root: strawberry.Parent[Event], info: Info) -> Technician | None:
        """Return the technician."""
        technician: Any = await events.row(info.context, entities.TECHNICIAN, events.technician_of(root))
        return technician


@strawberry.type(description="Something else changed: people, stock, settings, held slots, who waits, series.")
class RecordEvent(DomainEvent):
    """Whatever has no event type of its own."""

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        """Tell whether the event is about something else than tickets and jobs."""
        return isinstance(value, Event) and value.kind not in _OF_OTHERS

    @strawberry.field(description="What changed.")
    def record_id(self, root: strawberry.Parent[Event]) -> strawberry.ID:
        """Return the row's id."""
        return global_id(root.kind, root.subject_id)

    @strawberry.field(description="The row as it is now; null: out of the viewer's sight.")
    async def record(self, root: strawberry.Parent[Event], info: Info) -> Node | None:
        """Return the row."""
        entity = entities.NODES.get(root.kind)
        row: Any = None if entity is None else await events.row(info.context, entity, root.subject_id)
        return row


@strawberry.type(description="The viewer may no longer see it, or it left the filter: drop it from the cache.")
class RemovedFromView:
    """Something left the viewer's sight or the stream's filter."""

    cursor: EventCursor = strawberry.field(description="The place in the log of what took it away.")
    id: strawberry.ID = strawberry.field(description="What to drop.")
    cause: str = strawberry.field(description="Why, in words.")


@strawberry.type(description="The replay is over; live from here.")
class StreamReady:
    """The replay is over."""

    cursor: EventCursor = strawberry.field(description="Up to here everything was told.")
    replayed: int = strawberry.field(description="How many messages the replay had.")


@strawberry.type(description="Refetch; the stream goes on from the cursor.")
class StreamReset:
    """The reader must refetch."""

    cursor: EventCursor = strawberry.field(description="From here the stream goes on.")
    reason: ResetReason = strawberry.field(description="Why.")


@strawberry.type(description="The stream lives; nothing is lost up to the cursor.")
class StreamHeartbeat:
    """The stream lives."""

    cursor: EventCursor = strawberry.field(description="Up to here everything was told.")
    server_time: datetime = strawberry.field(description="The server's clock.")


BoardMessage = Annotated[
    TicketEvent
    | JobEvent
    | SlaEvent
    | AppointmentEvent
    | TechnicianEvent
    | RecordEvent
    | RemovedFromView
    | StreamReady
    | StreamReset
    | StreamHeartbeat,
    strawberry.union("BoardMessage", description="What a dispatch board is told."),
]
JobMessage = Annotated[
    JobEvent
    | SlaEvent
    | AppointmentEvent
    | TechnicianEvent
    | RecordEvent
    | RemovedFromView
    | StreamReady
    | StreamReset
    | StreamHeartbeat,
    strawberry.union("JobMessage", description="What a technician is told."),
]
TicketMessage = Annotated[
    TicketEvent
    | JobEvent
    | SlaEvent
    | AppointmentEvent
    | RemovedFromView
    | StreamReady
    | StreamReset
    | StreamHeartbeat,
    strawberry.union("TicketMessage", description="What somebody who watches a ticket is told."),
]


@strawberry.type(description="A part of the log.")
class EventPage:
    """A part of the log."""

    events: list[BoardMessage] = strawberry.field(description="What the viewer may see of it, in order.")
    end_cursor: EventCursor = strawberry.field(description="Where this part ends; go on after it.")
    has_more: bool = strawberry.field(description="There is more behind it.")
    reset: StreamReset | None = strawberry.field(
        description="Not null: the cursor is no good, refetch and go on from here."
    )
