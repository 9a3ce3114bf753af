"""Rows of held slots, for tests that only read them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range

from app.domain.appointments import AppointmentType, LocationMode, Urgency
from app.domain.assignments import DistanceSource
from app.domain.places import CustomerTier
from app.domain.slot_offers import SlotOffer, SlotScore
from app.domain.wanted import Wanted

_HOUR = timedelta(hours=1)


def a_wish() -> Wanted:
    """Return what is wanted where nothing in particular is: an hour of anybody who can be there."""
    return Wanted(
        appointment_type=AppointmentType.DIAGNOSTIC,
        duration_minutes=60,
        urgency=Urgency.MEDIUM,
        customer_tier=CustomerTier.STANDARD,
        location_mode=LocationMode.ON_SITE,
        tier_level=1,
        skills={},
        time_zone="UTC",
    )


def a_hold(
    id_: UUID, technician_id: UUID, start: datetime, *, bay_id: UUID | None = None, **others: Any
) -> dict[str, Any]:
    """Return the row of a held hour that has not run out."""
    wanted = a_wish()
    known = bay_id is None
    offer = SlotOffer(
        technician_id=technician_id,
        facility_id=None,
        bay_id=bay_id,
        starts_at=start,
        ends_at=start + _HOUR,
        arrival_until=start + _HOUR / 2,
        parts_available=known,
        parts_ready_on=None if known else start.date(),
        estimated_completion=start + _HOUR,
        travel_minutes=12 if known else None,
        distance_km=7.5 if known else None,
        distance_source=DistanceSource.GREAT_CIRCLE if known else None,
        confidence=0.75,
        score=SlotScore(
            urgency=200_000, customer_preference=0, waiting_penalty=-1_240, workload_balance=7_500, travel_penalty=0
        ),
        recommended=True,
        made_at=start - _HOUR,
        wanted=wanted,
    )
    return {
        "id": id_,
        "kind": "HOLD",
        "active": True,
        "technician_id": technician_id,
        "bay_id": bay_id,
        "starts_at": start,
        "ends_at": start + _HOUR,
        "during": Range(start, start + _HOUR, bounds="[)"),
        "offer": offer.written(),
        "expires_at": start,
        "created_at": start - _HOUR,
        **others,
    }
