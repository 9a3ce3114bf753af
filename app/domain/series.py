"""Series of appointments: what each occurrence is a copy of, when it is, and how far ahead it is made."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.appointments import AppointmentSeries
from app.domain.events import SERIES, Concerned, EventType, NewEvent, changed_fields
from app.domain.recurrence import occurrences, parsed
from app.domain.slot_offers import SlotOffer, slot_offer

# Shifts are seldom known for longer.
PLANNED_AHEAD = timedelta(days=56)
_SOON = timedelta(days=400 * 5)


def template_of(offer: SlotOffer, *, requester_id: UUID, notes: str | None, notify: bool) -> dict[str, Any]:
    """Return what every occurrence of a series is a copy of; its tickets are the requester's."""
    plain = replace(offer.wanted, windows=(), preferred_date=None, preferred_technician_id=None, ticket_id=None)
    told = {"requester_id": str(requester_id), "notes": notes, "notify": notify}
    return {**replace(offer, wanted=plain).written(), **told}


def copy_at(series: AppointmentSeries, occurrence: datetime) -> SlotOffer:
    """Return the slot of an occurrence: the template at its time."""
    offer = slot_offer(series.template)
    start = shifted(occurrence, minutes=series.shift_minutes, zone=series.time_zone)
    return replace(
        offer,
        starts_at=start,
        ends_at=start + (offer.ends_at - offer.starts_at),
        arrival_until=start + (offer.arrival_until - offer.starts_at),
        estimated_completion=start + (offer.ends_at - offer.starts_at),
        parts_ready_on=None,
    )


def shifted(moment: datetime, *, minutes: int, zone: str) -> datetime:
    """Return the moment so many minutes later by the local clock."""
    place = ZoneInfo(zone)
    local = moment.astimezone(place).replace(tzinfo=None) + timedelta(minutes=minutes)
    return local.replace(tzinfo=place).astimezone(UTC)


def local_minutes(earlier: datetime, later: datetime, zone: str) -> int:
    """Return how many minutes lie between two moments by the local clock; negative where the second is earlier."""
    place = ZoneInfo(zone)
    first, second = (each.astimezone(place).replace(tzinfo=None) for each in (earlier, later))
    return round((second - first) / timedelta(minutes=1))


def next_occurrence(series: AppointmentSeries) -> datetime | None:
    """Return the first occurrence that has no appointment yet, None: there are no others."""
    if series.ended:
        return None
    falls = occurrences(
        parsed(series.rrule),
        start=series.starts_at,
        zone=series.time_zone,
        after=series.planned_until,
        until=series.planned_until + _SOON,
    )
    return next(falls, None)


def series_event(
    before: AppointmentSeries | None, after: AppointmentSeries, *, customer_id: UUID | None, occurred_at: datetime
) -> NewEvent:
    """Tell that a series began, was planned further, or changed."""
    concerned = Concerned(customer_id=customer_id)
    return NewEvent(
        type=EventType.RECORD_CHANGED,
        kind=SERIES,
        id=after.id,
        version=after.version,
        occurred_at=occurred_at,
        before=None if before is None else concerned,
        after=concerned,
        changes=changed_fields(before, after),
    )
