"""Service levels: what is promised, and the clocks that measure it."""

from datetime import date, datetime
from typing import Any

import strawberry

from app.reads import entities, questions, relations
from app.reads.clocks import ever_breached
from resolvers import clocks
from schema.enums import SlaMetric, SlaState, TicketPriority, TicketStatus
from schema.fields import Info, record_type, to_all, to_one
from schema.scalars import JSONValue, TimeZone
from schema.types.node import Connection, Edge, Node

_COUNTED = {"ordinary": "what has run so far is counted by the rules of the domain"}
_KEPT = {"ordinary": "it is kept as a document, which the domain reads"}


@record_type(entities.BUSINESS_CALENDAR, "Which hours count; a version that never changes.")
class BusinessCalendar(Node):
    """Which hours count."""

    name: str = strawberry.field(description="What the calendar is called.")
    time_zone: TimeZone = strawberry.field(description="The zone of its hours.")
    weekly: JSONValue = strawberry.field(
        description='Opening hours by weekday, such as {"MON": [["09:00", "12:00"], ["13:00", "17:00"]]}.'
    )
    holidays: list[date] = strawberry.field(description="Days on which nothing is open.")


@strawberry.type(description="A business calendar in a list.")
class BusinessCalendarEdge(Edge):
    """A business calendar in a list."""

    node: BusinessCalendar = strawberry.field(description="The calendar.")


@strawberry.type(description="A part of a list of business calendars.")
class BusinessCalendarConnection(Connection):
    """A part of a list of business calendars."""

    edges: list[BusinessCalendarEdge] = strawberry.field(description="The calendars with their places.")
    nodes: list[BusinessCalendar] = strawberry.field(description="The calendars alone.")


@strawberry.type(description="What is promised at a priority.")
class SlaTarget:
    """What is promised at a priority."""

    priority: TicketPriority = strawberry.field(description="Which priority.")
    response_minutes: int = strawberry.field(description="Working minutes until it is to be answered.")
    resolution_minutes: int = strawberry.field(description="Working minutes until it is to be resolved.")


@record_type(entities.SLA_POLICY, "What an organisation promises; a version that never changes.")
class SlaPolicy(Node):
    """What an organisation promises."""

    name: str = strawberry.field(description="What the policy is called.")
    revision: int = strawberry.field(description="Counts the versions; the highest is in force.")
    pause_on: list[TicketStatus] = strawberry.field(description="At which statuses the resolution's clock stands.")
    warn_at_percent: list[int] = strawberry.field(description="At which shares of its time a clock warns, rising.")
    auto_escalate_on_breach: bool = strawberry.field(
        description="Whether a breach escalates a ticket that somebody has."
    )
    calendar: BusinessCalendar | None = to_one(
        relations.POLICY_CALENDAR, "Which hours count; null: every hour of every day."
    )

    @strawberry.field(description="What is promised, by priority.", metadata={**_KEPT, "rows": len(TicketPriority)})
    def targets(self, root: strawberry.Parent[Any]) -> list[SlaTarget]:
        """Return the targets."""
        return [SlaTarget(**target) for target in clocks.targets(root)]


@strawberry.type(description="A stretch in which a clock ran or stood.")
class SlaSegment:
    """A stretch in which a clock ran or stood."""

    running: bool = strawberry.field(description="Whether it ran.")
    start: datetime = strawberry.field(description="From when on.")
    end: datetime | None = strawberry.field(description="Until when; null: still.")
    cause: str = strawberry.field(description="Why it began: CREATED, PRIORITY_CHANGED, REOPENED, or a status.")


@record_type(entities.SLA_CLOCK, "One clock of a ticket.")
class SlaClock:
    """One clock of a ticket."""

    metric: SlaMetric = strawberry.field(description="What it measures.")
    state: SlaState = strawberry.field(description="How it stands with it.")
    generation: int = strawberry.field(
        description="Counts from 1; another priority and a reopening start the next one."
    )
    target_minutes: int = strawberry.field(description="Working minutes that were promised.")
    started_at: datetime = strawberry.field(description="From when on it counts.")
    due_at: datetime | None = strawberry.field(description="When its time is over; null: it stands.")
    breached_at: datetime | None = strawberry.field(description="When its time was over; null: it never was.")
    met_at: datetime | None = strawberry.field(description="When it was done; null: it is not.")
    policy: SlaPolicy = to_one(relations.CLOCK_POLICY, "By which policy it counts.")

    @strawberry.field(description="Working minutes that have run.", metadata=_COUNTED)
    async def elapsed_minutes(self, root: strawberry.Parent[Any], info: Info) -> int:
        """Return what has run."""
        return (await clocks.reading(info.context, root)).elapsed_minutes

    @strawberry.field(description="Working minutes that are left; less than 0: over it.", metadata=_COUNTED)
    async def remaining_minutes(self, root: strawberry.Parent[Any], info: Info) -> int:
        """Return what is left."""
        return (await clocks.reading(info.context, root)).remaining_minutes

    @strawberry.field(description="Working minutes in which it stood.", metadata=_COUNTED)
    async def paused_minutes(self, root: strawberry.Parent[Any], info: Info) -> int:
        """Return for how long it stood."""
        return (await clocks.reading(info.context, root)).paused_minutes

    @strawberry.field(description="The share of its time that has run, in percent.", metadata=_COUNTED)
    async def percent_used(self, root: strawberry.Parent[Any], info: Info) -> float:
        """Return how much has run."""
        return (await clocks.reading(info.context, root)).percent_used

    @strawberry.field(
        description="Every stretch in which it ran or stood, so that a breach can be explained.",
        metadata={**_KEPT, "rows": 10},
    )
    def segments(self, root: strawberry.Parent[Any]) -> list[SlaSegment]:
        """Return the segments."""
        return [
            SlaSegment(running=each.running, start=each.start, end=each.end, cause=each.cause)
            for each in clocks.segments(root)
        ]


@record_type(entities.TICKET_SLA, "What was promised for a ticket, and how that stands.")
class TicketSla:
    """What was promised for a ticket."""

    sla_state: SlaState | None = strawberry.field(
        name="state",
        description="The worst of its open clocks; of a ticket that is done, how they ended. Null: it has none.",
    )
    sla_due_at: datetime | None = strawberry.field(
        name="nextDueAt", description="When the first of its open clocks is due; null: none runs."
    )
    policy: SlaPolicy | None = to_one(relations.SLA_POLICY, "The version that it was promised; null: it has no clocks.")
    clocks: list[SlaClock] = to_all(relations.SLA_CLOCKS, "Its present clocks: the first response's, the resolution's.")

    @strawberry.field(
        description="Whether one of the present clocks was breached, whatever became of it.",
        metadata={"question": questions.Computed(ever_breached)},
    )
    async def breached(self, root: strawberry.Parent[Any], info: Info) -> bool:
        """Tell whether a clock was breached."""
        clocks = (await info.context.loaders.many(relations.SLA_CLOCKS, root)).nodes
        return any(clock.breached_at is not None for clock in clocks)
