"""Tickets: what customers need done."""

from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any

import strawberry

from app.domain.tickets import PRIORITY_LABELS, allowed_after
from app.reads import agreements, entities, questions, relations
from app.reads.appointments import scheduled_date
from app.reads.history import HistoryFilter
from app.reads.pages import window
from app.reads.parts import enough_on_the_shelf
from app.reads.permissions import on_ticket
from resolvers import permissions
from resolvers.history import history_of
from resolvers.tickets import snippet_of
from schema.enums import Environment, EventType, TicketCategory, TicketPriority, TicketStatus
from schema.fields import (
    After,
    First,
    Info,
    asked,
    asks,
    children,
    composed,
    lookup,
    record_type,
    through,
    to_all,
    to_one,
    to_page,
)
from schema.inputs.history import AuditFilter, of_types
from schema.scalars import EventCursor, JSONValue
from schema.types.appointments import Appointment, AppointmentConnection
from schema.types.assignments import Assignment, AssignmentConnection
from schema.types.attachments import AttachmentConnection
from schema.types.comments import CommentConnection
from schema.types.customers import Asset, Customer, Part
from schema.types.history import AuditEntryConnection
from schema.types.node import Connection, Edge, GeoPoint, Node, Versioned
from schema.types.organizations import EscalationTier, Skill, Territory
from schema.types.sla import TicketSla
from schema.types.users import User


@record_type(entities.SKILL_REQUIREMENT, "A skill that a ticket asks of its technician.")
class SkillRequirement:
    """A skill that a ticket asks for."""

    skill: Skill = to_one(relations.REQUIRED_SKILL, "Which skill.")
    level: int = strawberry.field(description="The least level of it, 1 to 5.")


@record_type(entities.PART_REQUIREMENT, "A part that a ticket will need.")
class PartRequirement:
    """A part that a ticket will need."""

    part: Part = to_one(relations.REQUIRED_PART, "Which part.")
    quantity: int = strawberry.field(description="How many.")
    critical: bool = strawberry.field(description="No visit makes sense without it.")
    lead_time_days: int | None = through(
        relations.REQUIRED_PART, "lead_time_days", "In how many days more can be had; null: nobody knows."
    )

    @strawberry.field(
        description="Whether enough are on the shelf.", metadata={"question": questions.Computed(enough_on_the_shelf)}
    )
    async def available(self, root: strawberry.Parent[Any], info: Info) -> bool:
        """Tell whether enough are on the shelf."""
        part = await info.context.loaders.one(relations.REQUIRED_PART, root)
        return part is not None and part.stock >= root.quantity


@strawberry.type(description="What the viewer may do with a ticket as it stands.")
class TicketPermissions:
    """What the viewer may do with a ticket as it stands."""

    update: bool = strawberry.field(description="Change its fields.")
    assign: bool = strawberry.field(description="Assign it to somebody.")
    assign_self: bool = strawberry.field(description="Take it.")
    escalate: bool = strawberry.field(description="Pass it to the next tier.")
    resolve: bool = strawberry.field(description="Say that the work is done.")
    close: bool = strawberry.field(description="Close it after it was resolved.")
    reopen: bool = strawberry.field(description="Bring it back.")
    delete: bool = strawberry.field(description="Delete it.")
    comment_internally: bool = strawberry.field(description="Say something that customers do not see.")


@record_type(entities.TICKET, "What a customer needs done.")
class Ticket(Node, Versioned):
    """What a customer needs done."""

    ticket_number: str = strawberry.field(description="TKT-YYYY-NNNNNN, unique within the organisation.")
    title: str = strawberry.field(description="What needs doing, in one line.")
    description: str = strawberry.field(description="What needs doing.")
    status: TicketStatus = strawberry.field(description="Where the ticket stands.")
    priority: TicketPriority = strawberry.field(description="How urgent it is.")
    category: TicketCategory = strawberry.field(description="What kind of work it asks for.")
    environment: Environment | None = strawberry.field(description="Which environment; null: not said.")
    affected_service: str | None = strawberry.field(description="Which service; null: not said.")
    tags: list[str] = strawberry.field(description="Free words to find it by.")
    custom_fields: JSONValue | None = strawberry.field(description="The organisation's own fields; null: none.")
    customer: Customer | None = to_one(relations.TICKET_CUSTOMER, "For whom; null: nobody in particular.")
    asset: Asset | None = to_one(relations.TICKET_ASSET, "On what; null: nothing in particular.")
    requester: User = to_one(relations.TICKET_REQUESTER, "Who asked for it.")
    address: str | None = strawberry.field(description="Null if unknown, or not the viewer's to see.")
    territory: Territory | None = to_one(relations.TICKET_TERRITORY, "In which territory; null: none.")
    required_skills: list[SkillRequirement] = to_all(relations.TICKET_SKILLS, "What its technician must be able to do.")
    required_parts: list[PartRequirement] = to_all(relations.TICKET_PARTS, "What will be needed.")
    current_assignment: Assignment | None = to_one(
        relations.TICKET_CURRENT_ASSIGNMENT, "The active job; null: nobody has it."
    )
    assignment_history: AssignmentConnection = to_page(relations.TICKET_ASSIGNMENTS, "Every turn at it, first to last.")
    attachments: AttachmentConnection = to_page(
        relations.TICKET_ATTACHMENTS, "Its files, those of its comments and jobs too, oldest first."
    )
    appointments: AppointmentConnection = to_page(
        agreements.TICKET_APPOINTMENTS, "What was agreed for it, first to last, of every status.", default=10
    )
    next_appointment: Appointment | None = to_one(
        agreements.TICKET_NEXT_APPOINTMENT, "The one that is open; null: none is. There is never more than one."
    )
    scheduled_date: date | None = asks(
        questions.Computed(scheduled_date, nullable=True),
        "The local date of the open appointment, in its time zone; null: none is open.",
    )
    escalation_count: int = strawberry.field(description="How often it was escalated.")
    escalation_tier: EscalationTier | None = to_one(
        relations.TICKET_TIER, "The tier it has climbed to; null: it never was escalated."
    )
    resolution_notes: str | None = strawberry.field(description="What was done; null: nothing said.")
    resolved_at: datetime | None = strawberry.field(description="When the work was done; null: it is not.")
    closed_at: datetime | None = strawberry.field(description="When it was closed; null: it is not.")
    sla: TicketSla = to_one(relations.TICKET_SLA, "What was promised for it, and how that stands.")
    priority_label: str = lookup("priority", PRIORITY_LABELS, "The priority in words: Critical, High, Medium or Low.")
    location: GeoPoint | None = composed(GeoPoint, "Where; null as address is.", lat="latitude", lon="longitude")
    available_transitions: list[TicketStatus] = lookup(
        "status",
        {each: allowed_after(each) for each in TicketStatus},
        "The statuses that the life cycle lets follow, whoever asks.",
    )

    @asked("What was said, oldest first.")
    def comments(
        self,
        first: First = 20,
        after: After = None,
        include_internal: Annotated[
            bool, strawberry.argument(description="Internal ones too, where the viewer may see them.")
        ] = True,
    ) -> CommentConnection:
        """Ask for a page of the comments. Raises Invalid."""
        relation = relations.TICKET_COMMENTS if include_internal else relations.TICKET_PUBLIC_COMMENTS
        question: Any = children(relation, first, after)
        return question

    @strawberry.field(
        description="What happened to it, its jobs, comments and files, one entry per changed field, as it happened.",
        metadata={"ordinary": "what of the log a viewer sees is decided event by event"},
    )
    async def history(
        self,
        root: strawberry.Parent[Any],
        info: Info,
        first: First = 20,
        after: After = None,
        types: Annotated[
            list[EventType] | None, strawberry.argument(description="Only of these events, at most 100.")
        ] = None,
        filter: Annotated[AuditFilter | None, strawberry.argument(description="Which.")] = None,  # noqa: A002  # the argument's name in the schema
    ) -> AuditEntryConnection:
        """Return a page of the history. Raises Invalid."""
        wanted = replace(HistoryFilter() if filter is None else filter.wanted(), types=of_types(types))
        page: Any = await history_of(info.context, root.id, wanted, window(first, after))
        return page

    @strawberry.field(
        description="What the viewer may do with it as it stands.", metadata={"question": questions.Verdicts(on_ticket)}
    )
    async def viewer_can(self, root: strawberry.Parent[Any], info: Info) -> TicketPermissions:
        """Return what the viewer may do."""
        return TicketPermissions(**await permissions.of_ticket(info.context, root))


@strawberry.type(description="A ticket in a list.")
class TicketEdge(Edge):
    """A ticket in a list."""

    node: Ticket = strawberry.field(description="The ticket.")

    @strawberry.field(
        description="The part of the ticket that fits the search best, as HTML: escaped, its hits in <mark>. Null:"
        " nothing was searched for, or no part has such a word.",
        metadata={"question": questions.Attribute("snippet")},
    )
    async def snippet(self, root: strawberry.Parent[Any], info: Info) -> str | None:
        """Return what to show of the ticket."""
        if root.search is None:
            return None
        return await snippet_of(info.context, root.search, root.node.id)


@strawberry.type(description="A part of a list of tickets.")
class TicketConnection(Connection):
    """A part of a list of tickets."""

    edges: list[TicketEdge] = strawberry.field(description="The tickets with their places.")
    nodes: list[Ticket] = strawberry.field(description="The tickets alone.")
    event_cursor: EventCursor = asks(questions.Head(), "Where the event log stood; subscribe after it to miss nothing.")
