"""Technicians: what they can do, where, and what they have to do."""

from datetime import date, datetime
from datetime import date as local_date
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from app.reads import entities, questions, relations
from app.reads.availability import present_availability
from app.reads.pages import placed, window
from app.reads.questions import Computed, QueueOfRow
from app.reads.queues import QUEUE_ORDER
from app.reads.ratings import mean_rating
from app.reads.statement.calendars import feed_address
from resolvers import calendars, schedules
from schema.enums import Availability
from schema.fields import After, First, Info, asked, asks, composed, record_type, through, to_all, to_one
from schema.scalars import EventCursor, WebAddress
from schema.types.locations import TechnicianLocation
from schema.types.node import Connection, Edge, GeoPoint, Node, PageInfo, Versioned
from schema.types.organizations import EscalationTier, Skill, Team, Territory
from schema.types.schedules import (
    JUDGED,
    USUAL_ENTRIES,
    ScheduleEntry,
    ScheduleFrom,
    ScheduleTo,
)
from schema.types.users import User
from schema.types.utilization import Utilization, used

if TYPE_CHECKING:
    from schema.types.assignments import Assignment


QueueDay = Annotated[
    date | None,
    strawberry.argument(
        description="Only jobs whose appointment begins on this date, where it was agreed; of the present date, where"
        " the organisation is, those without an appointment too."
    ),
]


@record_type(entities.TECHNICIAN_SKILL, "How good a technician is at something.")
class TechnicianSkill:
    """How good a technician is at something."""

    skill: Skill = to_one(relations.TECHNICIAN_SKILL_SKILL, "At what.")
    level: int = strawberry.field(description="1 (knows it) to 5 (teaches it).")
    expires_on: date | None = strawberry.field(description="When the certificate ends; null: it does not.")


@record_type(entities.TECHNICIAN, "Somebody who works on jobs.")
class Technician(Node, Versioned):
    """Somebody who works on jobs."""

    external_id: str | None = strawberry.field(description="Their id elsewhere; null if there is none.")
    user: User = to_one(relations.TECHNICIAN_USER, "The user they come in as.")
    name: str = through(relations.TECHNICIAN_USER, "name", "The user's name.")
    specialization: str | None = through(
        relations.TECHNICIAN_MAIN_SKILL, "name", "Their main skill's name; null if none is marked."
    )
    years_experience: int | None = strawberry.field(description="In the trade; null if unknown.")
    rating: float | None = asks(
        Computed(mean_rating, nullable=True),
        "The mean of what requesters said of their jobs, 1 to 5; null: nothing.",
    )
    tier: EscalationTier | None = to_one(relations.TECHNICIAN_TIER, "The tier they work at.")
    team: Team | None = to_one(relations.TECHNICIAN_TEAM, "The team they belong to; null: none.")
    skills: list[TechnicianSkill] = to_all(relations.TECHNICIAN_SKILLS, "What they can do.")
    territories: list[Territory] = to_all(relations.TECHNICIAN_TERRITORIES, "Where they work.")
    active: bool = strawberry.field(description="Whether they can be given jobs.")
    home: GeoPoint | None = composed(
        GeoPoint,
        "Where they set out from: for themselves, and for DISPATCHER and up; null: unknown, or not the viewer's.",
        lat="home_latitude",
        lon="home_longitude",
    )

    @strawberry.field(
        description="What they are at the moment: away as they or a dispatcher say, in time off, at work on a job, in"
        " their shift or not; who has no shift at all counts as in one. Null: not the viewer's to see, being no staff.",
        metadata={"question": questions.Computed(present_availability, nullable=True)},
    )
    async def availability(self, root: strawberry.Parent[Any], info: Info) -> Availability | None:
        """Return what they are at the moment."""
        return await schedules.availability(info.context, root.id)

    last_location: TechnicianLocation | None = to_one(
        relations.TECHNICIAN_LAST_LOCATION,
        "Where they are: for DISPATCHER and up, and for the requester of a ticket from when they set out for it until"
        " the job ends; null: never reported, or not the viewer's to see.",
    )
    current_job: Annotated["Assignment", strawberry.lazy("schema.types.assignments")] | None = to_one(
        relations.TECHNICIAN_CURRENT_JOB, "The job they are at work on; null: none that the viewer may see."
    )

    @strawberry.field(
        description="Where their appointments can be subscribed to without a token, as iCalendar, until the address is"
        " revoked: for themselves, and for DISPATCHER and up; null otherwise.",
        metadata={"question": questions.Computed(feed_address, nullable=True)},
    )
    async def calendar_feed_url(self, root: strawberry.Parent[Any], info: Info) -> WebAddress | None:
        """Return where their feed can be had from."""
        address = await calendars.feed(info.context, root)
        return None if address is None else WebAddress(address)

    @asked("Their active jobs in the order in which they are to be done; null: not the viewer's to see.")
    def queue(self, date: QueueDay = None, first: First = 50, after: After = None) -> "TechnicianQueue | None":
        """Ask for a part of the queue. Raises Invalid."""
        question: Any = QueueOfRow(placed(QUEUE_ORDER, window(first, after, default=50)), date)
        return question

    @strawberry.field(
        description="Their shifts, time off and appointments that have some of their time within from and to, by where"
        " they begin; without those that were called off. Null: not the viewer's to see, being no staff.",
        metadata={"ordinary": "it is of several kinds", "rows": USUAL_ENTRIES},
    )
    async def schedule(
        self, root: strawberry.Parent[Any], info: Info, from_: ScheduleFrom, to: ScheduleTo
    ) -> list[ScheduleEntry] | None:
        """Return the schedule. Raises Invalid."""
        found: Any = await schedules.schedule(info.context, root.id, from_, to)
        return found

    @strawberry.field(
        description="How much of their working time within from and to is booked; null: not the viewer's to see, being"
        " no staff.",
        metadata={"ordinary": JUDGED},
    )
    async def utilization(
        self, root: strawberry.Parent[Any], info: Info, from_: ScheduleFrom, to: ScheduleTo
    ) -> Utilization | None:
        """Return how much is booked. Raises Invalid."""
        return used(await schedules.utilization(info.context, root.id, from_, to))


@strawberry.type(description="A job in its place.")
class QueueItem:
    """A job in its place."""

    position: int = strawberry.field(description="Counted from 1.")
    assignment: Annotated["Assignment", strawberry.lazy("schema.types.assignments")] = strawberry.field(
        description="The job."
    )
    pinned: bool = strawberry.field(description="Whether somebody has put it in its place by hand.")
    rank_reason: str = strawberry.field(description="Why it stands here, in words.")
    planned_start: datetime | None = strawberry.field(
        description="When its ticket's open appointment begins; null: none is."
    )
    planned_end: datetime | None = strawberry.field(description="When that ends; null: there is none.")
    sla_due_at: datetime | None = strawberry.field(
        description="When the first open clock of its ticket is due; null: none runs."
    )
    late: bool = strawberry.field(description="Whether an open clock of its ticket is breached.")


@strawberry.type(
    description="A technician's active jobs: under way first, then those pinned by hand, then by when their"
    " appointments begin, when they are due, priority, distance from the technician's home, and when they were"
    " assigned."
)
class TechnicianQueue:
    """A technician's active jobs in order."""

    technician: Technician = strawberry.field(description="Whose queue it is.")
    date: local_date | None = strawberry.field(description="The date that it was narrowed to; null: to none.")
    version: int = strawberry.field(
        description="Raised by every change of the queue's jobs or order; send it as expectedVersion."
    )
    total_count: int = strawberry.field(description="How many jobs the whole queue has.")
    items: list[QueueItem] = strawberry.field(description="The jobs of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page stands in the queue.")
    next: QueueItem | None = strawberry.field(description="The job to do now or next; null: none.")
    event_cursor: EventCursor = asks(questions.Head(), "Where the event log stood; subscribe after it to miss nothing.")


@strawberry.type(description="A technician in a list.")
class TechnicianEdge(Edge):
    """A technician in a list."""

    node: Technician = strawberry.field(description="The technician.")


@strawberry.type(description="A part of a list of technicians.")
class TechnicianConnection(Connection):
    """A part of a list of technicians."""

    edges: list[TechnicianEdge] = strawberry.field(description="The technicians with their places.")
    nodes: list[Technician] = strawberry.field(description="The technicians alone.")
