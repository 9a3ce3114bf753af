"""Of a series: one appointment, it and those that follow, or all that are ahead."""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from app.db import records
from app.db.locks import lock_technicians
from app.db.tables.appointments import appointment_series, appointments
from app.db.tables.base import Uuid
from app.domain.appointment_life import AHEAD
from app.domain.appointments import Appointment, AppointmentSeries
from app.domain.recurrence import ended_before, parsed
from app.domain.refusals import Invalid
from app.domain.series import series_event
from app.services.appointments.agreed import Agreed, lock_agreed
from app.services.appointments.extend_series import locked_series
from app.services.change import Change

_SERIES_OF = sa.text(
    "SELECT series_id FROM appointments WHERE organization_id = :organization_id AND id = :id"
).bindparams(sa.bindparam("organization_id", type_=Uuid), sa.bindparam("id", type_=Uuid))
_LOCK_TICKETS = sa.text(
    """
    SELECT 1 FROM tickets WHERE organization_id = :organization_id AND id IN (
        SELECT ticket_id FROM appointments WHERE organization_id = :organization_id AND series_id = :series_id
            AND status IN ('SCHEDULED', 'CONFIRMED'))
    ORDER BY id FOR UPDATE
    """
).bindparams(sa.bindparam("organization_id", type_=Uuid), sa.bindparam("series_id", type_=Uuid))


class SeriesScope(StrEnum):
    """What of a series is meant."""

    THIS = "THIS"
    THIS_AND_FOLLOWING = "THIS_AND_FOLLOWING"
    ALL = "ALL"


async def lock_series_of(change: Change, appointment_id: UUID, scope: SeriesScope) -> AppointmentSeries | None:
    """Lock the series of an appointment, and the tickets of those that are ahead, where more than this one is meant.

    Raises:
        Invalid: it is of no series.
    """
    if scope is SeriesScope.THIS:
        return None
    key = {"organization_id": change.actor.organization_id}
    series_id = await change.connection.scalar(_SERIES_OF, {**key, "id": appointment_id})
    series = None if series_id is None else await locked_series(change, series_id)
    if series is None:
        raise Invalid(field=("scope",), problem="The appointment stands alone; the scope can only be THIS.")
    await change.connection.execute(_LOCK_TICKETS, {**key, "series_id": series.id})
    return series


async def others_of(
    change: Change, series: AppointmentSeries, this: Appointment, scope: SeriesScope
) -> Sequence[Agreed]:
    """Return the other appointments of a locked series that are meant and ahead, in the order of their times.

    Guard: their tickets' locks, and those of all their technicians.
    """
    of = appointments.c
    where = [
        of.organization_id == change.actor.organization_id,
        of.series_id == series.id,
        of.id != this.id,
        of.status.in_(sorted(AHEAD)),
    ]
    if scope is SeriesScope.THIS_AND_FOLLOWING:
        where.append(of.occurrence_at >= this.occurrence_at)
    found = await records.fetch(change.connection, appointments, Appointment, *where, order=(of.occurrence_at, of.id))
    await lock_technicians(
        change.connection, change.actor.organization_id, [this.technician_id, *(each.technician_id for each in found)]
    )
    return [await lock_agreed(change, each.id) for each in found]


async def end_series(
    change: Change, series: AppointmentSeries, this: Appointment, scope: SeriesScope
) -> AppointmentSeries:
    """Let a locked series have no appointment from this one on, or none any more."""
    rule = parsed(series.rrule)
    if scope is SeriesScope.THIS_AND_FOLLOWING and this.occurrence_at is not None:
        rule = ended_before(rule, this.occurrence_at, start=series.starts_at, zone=series.time_zone)
    ended = replace(series, rrule=rule.text, ended=True)
    return await save_series(change, series, ended, this)


async def save_series(
    change: Change, before: AppointmentSeries, after: AppointmentSeries, this: Appointment
) -> AppointmentSeries:
    """Write a locked series and tell of it."""
    saved = await records.update(change.connection, appointment_series, before, after, now=change.now)
    change.tell(series_event(before, saved, customer_id=this.customer_id, occurred_at=change.now))
    return saved
