"""The next occurrence of a series gets its appointment, or becomes an exception."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from app.db import records
from app.db.tables.appointments import appointment_series
from app.domain.appointments import AppointmentSeries
from app.domain.people import Actor
from app.domain.refusals import Invalid, NotEligible, NotFound, SlotTaken
from app.domain.series import PLANNED_AHEAD, copy_at, next_occurrence, series_event
from app.services.appointments.booking import Terms, book, ids_of, ticket_for
from app.services.appointments.offered import rules_of
from app.services.change import Change
from app.services.perform import Writer, perform


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendSeries:
    """Which series."""

    series_id: UUID
    idempotency_key: str | None = None


class _NothingToDo(Exception):
    def __init__(self, next_at: datetime | None) -> None:
        super().__init__("nothing to plan")
        self.next_at = next_at


async def extend_series(writer: Writer, actor: Actor, command: ExtendSeries) -> datetime | None:
    """Make the appointment of the next occurrence within eight weeks, with a ticket of its own.

    One that cannot be booked, as its technician or bay has no time, becomes an exception: somebody looks for
    another. Returns when to come again, None: the series is over.

    Guard: the series' row lock, then those that booking takes; an occurrence has one appointment in SQL.
    """
    again: list[datetime | None] = []

    async def work(change: Change) -> dict[str, UUID]:
        series = await locked_series(change, command.series_id)
        occurrence = None if series is None else next_occurrence(series)
        if series is None or occurrence is None:
            raise _NothingToDo(None)
        if occurrence >= change.now + PLANNED_AHEAD:
            raise _NothingToDo(occurrence - PLANNED_AHEAD)
        ids: dict[str, UUID] = {}
        exceptions = series.exceptions
        try:
            async with change.attempt():
                ids = await _booked(writer, change, series, occurrence)
        except (SlotTaken, NotEligible, Invalid, NotFound):
            day = occurrence.astimezone(ZoneInfo(series.time_zone)).date()
            exceptions = (*exceptions, day)
        planned = replace(series, exceptions=exceptions, planned_until=occurrence + timedelta(minutes=1))
        saved = await records.update(change.connection, appointment_series, series, planned, now=change.now)
        customer_id = copy_at(series, occurrence).wanted.customer_id
        change.tell(series_event(series, saved, customer_id=customer_id, occurred_at=change.now))
        following = next_occurrence(saved)
        again.append(None if following is None else max(change.now, following - PLANNED_AHEAD))
        return {"series": series.id, **ids}

    try:
        await perform(writer, actor, "extendSeries", command, work)
    except _NothingToDo as nothing:
        return nothing.next_at
    return again[-1]


async def locked_series(change: Change, series_id: UUID) -> AppointmentSeries | None:
    """Lock a series; taken before all other locks. None: there is none."""
    return await records.fetch_one(
        change.connection, appointment_series, AppointmentSeries, change.actor.organization_id, series_id, lock=True
    )


async def _booked(writer: Writer, change: Change, series: AppointmentSeries, occurrence: datetime) -> dict[str, UUID]:
    wish = copy_at(series, occurrence)
    rules, settings = await rules_of(writer, change)
    situation = await ticket_for(change, wish.wanted, requester_id=UUID(series.template["requester_id"]))
    terms = Terms(
        rules=rules,
        settings=settings,
        notes=series.template["notes"],
        notify=series.template["notify"],
        series_id=series.id,
        occurrence_at=occurrence,
        field="rrule",
    )
    return ids_of(await book(change, wish, situation, terms))
