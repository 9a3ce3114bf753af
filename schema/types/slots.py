"""Slots: what a search proposes, why it proposes nothing else, and what is held."""

from datetime import date, datetime
from typing import Any

import strawberry

from app.domain.slot_offers import SlotOffer
from app.planning.slots.answer import Relaxation as DomainRelaxation
from app.reads import agreements, entities
from resolvers import events, slots
from schema.enums import ConstraintKind, DistanceSource, SolverStatus
from schema.fields import Info, record_type, to_one
from schema.scalars import EventCursor
from schema.types.node import Node, TimeWindow
from schema.types.rejections import Rejection, rejection_of
from schema.types.supply import ServiceBay
from schema.types.technicians import Technician
from schema.types.users import User

_THOUSAND = 1000


@strawberry.type(description="What speaks for a slot, in points; penalties are negative.")
class ScoreBreakdown:
    """What speaks for a slot."""

    urgency: float = strawberry.field(description="How much it matters; the same for all slots of a search.")
    customer_preference: float = strawberry.field(description="The day and the technician that the customer prefers.")
    waiting_penalty: float = strawberry.field(description="For each minute until then.")
    workload_balance: float = strawberry.field(description="For technicians whose day is empty.")
    travel_penalty: float = strawberry.field(description="For what the day's way becomes longer.")
    total: float = strawberry.field(description="The sum.")


@strawberry.type(description="A time that can be booked: who, when, and at a facility in which bay.")
class Slot:
    """A time that can be booked."""

    offer: strawberry.Private[SlotOffer]
    window: TimeWindow = strawberry.field(description="When the work is done.")
    arrival_window: TimeWindow = strawberry.field(description="When the technician may come.")
    parts_available: bool = strawberry.field(description="Whether all parts are expected to be there by then.")
    parts_ready_on: date | None = strawberry.field(
        description="When the last part that is short is due; null: none is short, or nobody knows."
    )
    estimated_completion: datetime = strawberry.field(
        description="When all is done: the end of the work, or when the last part has come."
    )
    travel_minutes: int | None = strawberry.field(description="How long the way takes; null: not known, or none.")
    distance_km: float | None = strawberry.field(description="How long it is; null: not known, or none.")
    distance_source: DistanceSource | None = strawberry.field(description="Where that is known from.")
    confidence: float = strawberry.field(
        description="How likely the work begins by the end of the arrival window, 0 to 1."
    )
    score: ScoreBreakdown = strawberry.field(description="What speaks for it.")

    @strawberry.field(description="Opaque; what holdSlot and bookAppointment take, within an hour.")
    def token(self, info: Info) -> str:
        """Return the token."""
        return slots.token(info.context, self.offer)

    @strawberry.field(description="Who comes; null: not there any more.")
    async def technician(self, info: Info) -> Technician | None:
        """Return the technician."""
        technician: Any = await events.row(info.context, entities.TECHNICIAN, self.offer.technician_id)
        return technician

    @strawberry.field(description="In which bay; null: at the customer's.")
    async def bay(self, info: Info) -> ServiceBay | None:
        """Return the bay."""
        bay: Any = await events.row(info.context, entities.SERVICE_BAY, self.offer.bay_id)
        return bay


@strawberry.type(description="How an answer was come by.")
class SolverReport:
    """How an answer was come by."""

    status: SolverStatus = strawberry.field(description="Whether it is the best there is.")
    wall_ms: int = strawberry.field(description="How long the search took, in milliseconds.")
    candidates: int = strawberry.field(description="How many possible starts of technicians were compared.")
    degraded: bool = strawberry.field(description="Whether the answer is less than it could have been.")
    degraded_reason: str | None = strawberry.field(description="Why; null: it is not.")


@strawberry.type(description="What would be possible if one constraint alone did not count.")
class Relaxation:
    """What would be possible without one constraint."""

    found: strawberry.Private[DomainRelaxation]
    constraint: ConstraintKind = strawberry.field(description="Which constraint.")
    earliest: datetime | None = strawberry.field(description="The soonest start then; null: still none.")

    @strawberry.field(description="Whose start that would be; null: there is none.")
    async def technician(self, info: Info) -> Technician | None:
        """Return the technician."""
        technician: Any = await events.row(info.context, entities.TECHNICIAN, self.found.technician_id)
        return technician


@strawberry.type(description="What a search for slots found.")
class SlotSearchResult:
    """What a search for slots found."""

    searched: strawberry.Private[slots.Searched]
    slots: list[Slot] = strawberry.field(description="The best slots, best first.", metadata={"rows": 3})
    solver: SolverReport = strawberry.field(description="How they were found.")
    parts_to_order: list[str] = strawberry.field(
        description="The numbers of parts that are short.", metadata={"rows": 0}
    )
    event_cursor: EventCursor = strawberry.field(
        description="Where the log stood when they were found; subscribe after it to learn what takes them."
    )

    @strawberry.field(
        description="Why technicians have no slot: each is counted once, at the first constraint that left them none.",
        metadata={"rows": 5},
    )
    async def rejections(self, info: Info) -> list[Rejection]:
        """Return what was counted."""
        return [await rejection_of(info.context, each) for each in self.searched.found.rejections]

    @strawberry.field(
        description="For each constraint what would be possible if it alone did not count; takes longer than the rest.",
        metadata={"rows": 10},
    )
    async def relaxations(self, info: Info) -> list[Relaxation]:
        """Return what each constraint costs."""
        found = await slots.relaxed(info.context, self.searched)
        return [Relaxation(found=each, constraint=each.constraint, earliest=each.earliest) for each in found]


@record_type(
    entities.SLOT_HOLD,
    "A slot that is kept for somebody who decides. Seen by staff, by whoever holds it, and by its customer's people.",
)
class SlotHold(Node):
    """A slot that is kept for somebody who decides."""

    held_by: User | None = to_one(agreements.HOLD_USER, "Who holds it; null: the server, or not the viewer's to see.")
    expires_at: datetime = strawberry.field(description="Until when.")

    @strawberry.field(
        description="The slot, as it was offered.",
        metadata={"ordinary": "it is kept as a document, which the domain reads"},
    )
    def slot(self, root: strawberry.Parent[Any]) -> Slot:
        """Return the slot."""
        return told(slots.held(root))


def told(offer: SlotOffer) -> Slot:
    """Return an offer as clients see it."""
    score = offer.score
    parts = {
        name: getattr(score, name) / _THOUSAND
        for name in ("urgency", "customer_preference", "waiting_penalty", "workload_balance", "travel_penalty")
    }
    total = sum(getattr(score, name) for name in parts) / _THOUSAND
    return Slot(
        offer=offer,
        window=TimeWindow(start=offer.starts_at, end=offer.ends_at),
        arrival_window=TimeWindow(start=offer.starts_at, end=offer.arrival_until),
        parts_available=offer.parts_available,
        parts_ready_on=offer.parts_ready_on,
        estimated_completion=offer.estimated_completion,
        travel_minutes=offer.travel_minutes,
        distance_km=offer.distance_km,
        distance_source=offer.distance_source,
        confidence=offer.confidence,
        score=ScoreBreakdown(**parts, total=total),
    )


def result(operation_cursor: str, searched: "slots.Searched") -> SlotSearchResult:
    """Return what a search found as clients see it."""
    found = searched.found
    return SlotSearchResult(
        searched=searched,
        slots=[told(offer) for offer in found.offers],
        solver=SolverReport(
            status=found.report.status,
            wall_ms=searched.wall_ms,
            candidates=found.report.candidates,
            degraded=found.report.degraded,
            degraded_reason=found.report.degraded_reason,
        ),
        parts_to_order=list(found.parts_to_order),
        event_cursor=EventCursor(operation_cursor),
    )
