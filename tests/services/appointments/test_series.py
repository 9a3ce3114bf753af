"""Appointments that come again: made one after the other, moved and called off together."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.db.tables.appointments import appointment_series, appointments
from app.db.tables.availability import shifts
from app.db.transaction import transaction
from app.domain.refusals import Invalid, SlotTaken
from app.services.appointments.cancel_appointment import CancelAppointment, cancel_appointment
from app.services.appointments.extend_series import ExtendSeries, extend_series
from app.services.appointments.reschedule_appointment import RescheduleAppointment, reschedule_appointment
from app.services.appointments.scopes import SeriesScope
from app.services.perform import Written
from tests.services.appointments.test_booking import overlaps
from tests.services.appointments.test_changing import cancel, shifted
from tests.services.appointments.workshop import MONDAY, Workshop
from tests.world import BEFORE

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
async def shop(shop: Workshop) -> Workshop:
    """A workshop whose shifts are known for six weeks more."""
    for name in ("ann", "bob"):
        await _shifts(shop, name, weeks=8)
    return shop


async def _shifts(shop: Workshop, name: str, *, weeks: int) -> None:
    first = MONDAY.replace(hour=7)
    rows = [
        {
            "organization_id": shop.world.organization_id,
            "technician_id": shop.world.technicians[name],
            "starts_at": first + timedelta(days=day),
            "ends_at": first + timedelta(days=day, hours=8),
            "created_at": BEFORE,
            "updated_at": BEFORE,
        }
        for day in range(14, weeks * 7)
    ]
    async with transaction(shop.engine, shop.world.organization_id) as connection:
        await connection.execute(sa.insert(shifts), rows)


async def begun(shop: Workshop, rrule: str = "FREQ=WEEKLY") -> tuple[Written, list[Any]]:
    """Book a series and let the worker plan all it may; return the first's ids and all its appointments."""
    written = await shop.book(await shop.offer(), rrule=rrule)
    await plan(shop, written.ids["series"])
    return written, await of(shop, written.ids["series"])


async def plan(shop: Workshop, series_id: UUID) -> datetime | None:
    """Let the worker make appointments until it is to come again later."""
    while True:
        again = await extend_series(shop.writer, shop.actor("admin"), ExtendSeries(series_id=series_id))
        if again is None or again > shop.clock():
            return again


async def of(shop: Workshop, series_id: UUID) -> list[Any]:
    """Return the appointments of a series in order."""
    rows = await shop.rows(appointments, appointments.c.series_id == series_id)
    return sorted(rows, key=lambda row: row.occurrence_at)


async def test_a_weekly_series_is_planned_eight_weeks_ahead_each_with_a_ticket(shop: Workshop) -> None:
    written, made = await begun(shop)
    assert [row.starts_at for row in made] == [MONDAY + HOUR + n * 7 * DAY for n in range(8)]
    assert len({row.ticket_id for row in made}) == len({row.assignment_id for row in made}) == 8
    again = await plan(shop, written.ids["series"])
    assert again == MONDAY + HOUR + 56 * DAY - 56 * DAY
    shop.clock.pass_by(days=7)
    await plan(shop, written.ids["series"])
    series = await shop.row(appointment_series, written.ids["series"])
    # Nobody's shifts are known for the ninth week yet.
    assert series.exceptions == ((MONDAY + 56 * DAY).date(),)


async def test_what_cannot_be_booked_becomes_an_exception(shop: Workshop) -> None:
    offer = await shop.offer()
    other = shifted(offer, 14 * DAY)
    await shop.book(other)
    written = await shop.book(offer, rrule="FREQ=WEEKLY;COUNT=4")
    assert await plan(shop, written.ids["series"]) is None
    series = await shop.row(appointment_series, written.ids["series"])
    assert series.exceptions == ((MONDAY + 14 * DAY).date(),)
    assert len(await of(shop, series.id)) == 3
    assert await overlaps(shop) == 0


async def test_all_are_called_off_or_those_that_follow(shop: Workshop) -> None:
    written, made = await begun(shop)
    command = CancelAppointment(appointment_id=made[3].id, reason="Moved away", scope=SeriesScope.THIS_AND_FOLLOWING)
    await cancel_appointment(shop.writer, shop.actor("dispatcher"), command)
    assert [row.status for row in await of(shop, written.ids["series"])] == ["SCHEDULED"] * 3 + ["CANCELLED"] * 5
    series = await shop.row(appointment_series, written.ids["series"])
    assert series.ended
    assert "UNTIL=" in series.rrule
    assert await plan(shop, series.id) is None
    every = CancelAppointment(appointment_id=made[0].id, reason="All", scope=SeriesScope.ALL)
    await cancel_appointment(shop.writer, shop.actor("dispatcher"), every)
    assert await shop.taken() == []


async def test_those_that_follow_move_together_and_later_ones_too(shop: Workshop) -> None:
    written, made = await begun(shop, "FREQ=WEEKLY;INTERVAL=2")
    later = shifted((await offer_of(shop, made[1])), 2 * HOUR)
    command = RescheduleAppointment(
        appointment_id=made[1].id, slot_token=shop.token(later), scope=SeriesScope.THIS_AND_FOLLOWING
    )
    await reschedule_appointment(shop.writer, shop.actor("dispatcher"), command)
    moved = await of(shop, written.ids["series"])
    assert [row.starts_at - row.occurrence_at for row in moved] == [timedelta()] + [2 * HOUR] * 3
    assert (await shop.row(appointment_series, written.ids["series"])).shift_minutes == 120


async def test_if_one_cannot_move_none_does(shop: Workshop) -> None:
    written, made = await begun(shop, "FREQ=WEEKLY;COUNT=4")
    base = await offer_of(shop, made[0])
    await shop.book(shifted(base, 14 * DAY + 3 * HOUR))
    command = RescheduleAppointment(
        appointment_id=made[0].id, slot_token=shop.token(shifted(base, 3 * HOUR)), scope=SeriesScope.ALL
    )
    with pytest.raises(SlotTaken) as refused:
        await reschedule_appointment(shop.writer, shop.actor("dispatcher"), command)
    assert refused.value.field == ("scope",)
    assert {row.starts_at - row.occurrence_at for row in await of(shop, written.ids["series"])} == {timedelta()}


async def test_one_alone_has_no_series(shop: Workshop) -> None:
    booked = await shop.book()
    with pytest.raises(Invalid) as refused:
        await cancel(shop, booked, scope=SeriesScope.ALL)
    assert refused.value.field == ("scope",)


@pytest.mark.parametrize("rrule", ["FREQ=HOURLY", "FREQ=WEEKLY;BYDAY=TU", "every week"])
async def test_a_rule_that_makes_no_sense_books_nothing(shop: Workshop, rrule: str) -> None:
    with pytest.raises(Invalid) as refused:
        await shop.book(await shop.offer(), rrule=rrule)
    assert refused.value.field == ("rrule",)
    assert await shop.taken() == []


async def offer_of(shop: Workshop, row: Any) -> Any:
    """Return the slot that an appointment has."""
    found = await shop.offer()
    return replace(
        found,
        technician_id=row.technician_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        arrival_until=row.arrival_until,
    )
