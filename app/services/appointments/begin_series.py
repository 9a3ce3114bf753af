"""An appointment that comes again: the first is made at once, the others by the worker."""

from datetime import timedelta
from uuid import UUID

from app.db import records
from app.db.tables.appointments import appointment_series
from app.db.timers.setting import set_timer
from app.domain.appointments import AppointmentSeries
from app.domain.recurrence import expect_begins, parsed
from app.domain.series import series_event, template_of
from app.domain.slot_offers import SlotOffer
from app.domain.timers import Timer, TimerKind
from app.services.change import Change


async def begin_series(
    change: Change, wish: SlotOffer, rrule: str, *, requester_id: UUID, notes: str | None, notify: bool
) -> AppointmentSeries:
    """Insert the series of an appointment that is about to be made; the worker makes the others once it is committed.

    Raises:
        Invalid: the rule is none, or does not fall on the appointment's day.
    """
    rule, zone = parsed(rrule), wish.wanted.time_zone
    expect_begins(rule, start=wish.starts_at, zone=zone)
    series = AppointmentSeries(
        id=change.new_id(),
        organization_id=change.actor.organization_id,
        rrule=rule.text,
        time_zone=zone,
        starts_at=wish.starts_at,
        exceptions=(),
        planned_until=wish.starts_at + timedelta(minutes=1),
        template=template_of(wish, requester_id=requester_id, notes=notes, notify=notify),
        created_at=change.now,
        updated_at=change.now,
    )
    await records.insert(change.connection, appointment_series, series)
    change.tell(series_event(None, series, customer_id=wish.wanted.customer_id, occurred_at=change.now))
    await extend_later(change, series.id, after=timedelta())
    return series


async def extend_later(change: Change, series_id: UUID, *, after: timedelta) -> None:
    """Let the worker make the series' next appointment in so long."""
    timer = Timer(TimerKind.SERIES_EXTENDS, change.actor.organization_id, series_id)
    await set_timer(change.connection, timer, after=after)
