"""The search for slots, asked in the words of the rest of the server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.organizations import HORIZON_DAYS, BookingRules
from app.domain.refusals import Rejection
from app.domain.slot_offers import SlotOffer, SlotScore
from app.domain.wanted import Wanted
from app.planning.slots.agenda import Agenda
from app.planning.slots.answer import Relaxation, Slot, SolverReport
from app.planning.slots.problem import PartStock, SlotRules, Span
from app.planning.slots.request import PartNeed, SlotRequest
from app.planning.slots.search import find
from app.services.appointments.thinking import thought

MOST_SLOTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found: offers, best first, why technicians fell out, what is to be ordered."""

    offers: Sequence[SlotOffer]
    rejections: Sequence[Rejection]
    relaxations: Sequence[Relaxation] | None
    report: SolverReport
    parts_to_order: Sequence[str]


def slot_rules(rules: BookingRules, *, horizon_days: int = HORIZON_DAYS, grid_minutes: int = 15) -> SlotRules:
    """Return how an organisation books, as the search knows it."""
    return SlotRules(
        buffer_minutes=rules.buffer_minutes,
        max_bookings_per_day=rules.max_bookings_per_technician_per_day,
        horizon_days=horizon_days,
        grid_minutes=grid_minutes,
    )


def request_of(wanted: Wanted, *, refused_by: frozenset[UUID], limit: int = 1) -> SlotRequest:
    """Return what is wanted as the search takes it."""
    return SlotRequest(
        appointment_type=wanted.appointment_type,
        duration_minutes=wanted.duration_minutes,
        urgency=wanted.urgency,
        customer_tier=wanted.customer_tier,
        location_mode=wanted.location_mode,
        place=wanted.place,
        facility_id=wanted.facility_id,
        territory_id=wanted.territory_id,
        tier_level=wanted.tier_level,
        exact_tier=wanted.exact_tier,
        skills=wanted.skills,
        parts=tuple(
            PartNeed(part_number=part.part_number, quantity=part.quantity, critical=part.critical)
            for part in wanted.parts
        ),
        windows=tuple(Span(start=start, end=end) for start, end in wanted.windows),
        zone=ZoneInfo(wanted.time_zone),
        preferred_date=wanted.preferred_date,
        preferred_technician_id=wanted.preferred_technician_id,
        refused_by=refused_by,
        limit=limit,
    )


async def search(
    agenda: Agenda,
    wanted: Wanted,
    *,
    parts: Mapping[str, PartStock],
    refused_by: frozenset[UUID],
    now: datetime,
    limit: int,
    relaxed: bool = False,
) -> Found:
    """Return the best slots for what is wanted; beside the event loop, as it takes some milliseconds."""
    request = request_of(wanted, refused_by=refused_by, limit=limit)
    stocked = replace(agenda, problem=replace(agenda.problem, parts=parts))
    answer = await thought(find, stocked, request, now=now, relaxed=relaxed)
    return Found(
        offers=[offer_of(slot, wanted, now=now) for slot in answer.slots],
        rejections=answer.rejections,
        relaxations=answer.relaxations,
        report=answer.report,
        parts_to_order=answer.parts_to_order,
    )


def offer_of(slot: Slot, wanted: Wanted, *, now: datetime) -> SlotOffer:
    """Return a slot that was found as it is offered."""
    score = slot.score
    return SlotOffer(
        technician_id=slot.technician_id,
        facility_id=slot.facility_id,
        bay_id=slot.bay_id,
        starts_at=slot.window.start,
        ends_at=slot.window.end,
        arrival_until=slot.arrival_window.end,
        parts_available=slot.parts_available,
        parts_ready_on=slot.parts_ready_on,
        estimated_completion=slot.estimated_completion,
        travel_minutes=slot.travel_minutes,
        distance_km=slot.distance_km,
        distance_source=slot.distance_source,
        confidence=slot.confidence,
        score=SlotScore(
            urgency=score.urgency,
            customer_preference=score.customer_preference,
            waiting_penalty=score.waiting_penalty,
            workload_balance=score.workload_balance,
            travel_penalty=score.travel_penalty,
        ),
        recommended=True,
        made_at=now,
        wanted=wanted,
    )
