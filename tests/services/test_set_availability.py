"""Technicians say that they are away or back; whatever heeds time off heeds it."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.tables.availability import time_off
from app.domain.availability import Availability
from app.domain.events import EventType
from app.domain.refusals import Forbidden, Invalid
from app.services.administration import time_off as time_off_service
from app.services.administration.saying import Create, Update
from app.services.administration.time_off import create_time_off, delete_time_off, update_time_off
from app.services.deleting import Delete
from app.services.perform import Written
from app.services.technicians import set_availability as service
from app.services.technicians.set_availability import SetAvailability, set_availability
from tests.services.administration.test_technicians import eligible, slots_of
from tests.services.appointments.workshop import Workshop
from tests.services.scene import MORNING
from tests.world import World

HOUR = timedelta(hours=1)


@pytest.fixture
async def shop(engine: AsyncEngine, world: World) -> Workshop:
    """A workshop in which ann and bob work from 07:00 to 15:00; it is 08:00."""
    shop = Workshop(engine=engine, world=world)
    await shop.open()
    return shop


async def say(shop: Workshop, availability: Availability, by: str = "ann", **values: Any) -> Written:
    return await set_availability(shop.writer, shop.actor(by), SetAvailability(availability=availability, **values))


async def off(shop: Workshop) -> list[tuple[str, datetime, datetime, bool]]:
    rows = sorted(await shop.rows(time_off), key=lambda each: (each.starts_at, each.id))
    return [(each.availability.value, each.starts_at, each.ends_at, each.said) for each in rows]


async def plan(shop: Workshop, start: datetime, end: datetime, by: str = "manager") -> Written:
    values = {"technician_id": shop.world.technicians["ann"], "starts_at": start, "ends_at": end, "reason": "Wedding"}
    return await create_time_off(shop.writer, shop.actor(by), Create(values=values))


async def test_who_is_away_gets_no_ticket_until_they_are_back(shop: Workshop) -> None:
    ann, ticket_id = shop.world.technicians["ann"], await shop.ticket()
    assert ann in await eligible(shop, ticket_id)

    await say(shop, Availability.ON_BREAK)
    assert ann not in await eligible(shop, ticket_id)
    # Until the shift ends, where nothing else is said.
    assert await off(shop) == [("ON_BREAK", MORNING, MORNING + 7 * HOUR, True)]

    shop.clock.pass_by(minutes=30)
    await say(shop, Availability.AVAILABLE)
    assert ann in await eligible(shop, ticket_id)
    assert await off(shop) == [("ON_BREAK", MORNING, MORNING + HOUR / 2, True)]


async def test_slots_of_agendas_that_are_kept_follow(shop: Workshop) -> None:
    ann, agendas = shop.world.technicians["ann"], shop.agendas
    assert ann in await slots_of(shop, agendas)

    written = await say(shop, Availability.TIME_OFF, until=MORNING + 72 * HOUR, reason="A cold")

    assert ann not in await slots_of(shop, agendas)
    (event,) = await shop.events(written)
    assert (event.type, event.kind) == (EventType.TECHNICIAN_AVAILABILITY_CHANGED, "TimeOff")
    assert event.after is not None
    assert event.after.technician_id == ann
    shop.clock.pass_by(minutes=1)
    await say(shop, Availability.AVAILABLE)
    assert ann in await slots_of(shop, agendas)


async def test_what_is_said_next_ends_what_was_said_before(shop: Workshop) -> None:
    await say(shop, Availability.BUSY)
    await say(shop, Availability.ON_BREAK)
    shop.clock.pass_by(minutes=15)
    written = await say(shop, Availability.OFF_SHIFT)

    assert await off(shop) == [
        ("ON_BREAK", MORNING, MORNING + HOUR / 4, True),
        ("OFF_SHIFT", MORNING + HOUR / 4, MORNING + 7 * HOUR, True),
    ]
    assert len(await shop.events(written)) == 2


async def test_out_of_every_shift_it_lasts_a_day(shop: Workshop) -> None:
    shop.clock.pass_by(hours=12)

    await say(shop, Availability.BUSY)

    assert await off(shop) == [("BUSY", MORNING + 12 * HOUR, MORNING + 36 * HOUR, True)]


async def test_a_technician_says_it_of_themselves_and_a_dispatcher_of_anybody(shop: Workshop) -> None:
    bob = shop.world.technicians["bob"]

    with pytest.raises(Forbidden):
        await say(shop, Availability.BUSY, technician_id=bob)
    with pytest.raises(Forbidden):
        await say(shop, Availability.BUSY, "customer", technician_id=bob)
    with pytest.raises(Invalid) as refused:
        await say(shop, Availability.BUSY, "dispatcher")
    assert refused.value.field == ("technicianId",)
    await say(shop, Availability.BUSY, "dispatcher", technician_id=bob)
    await say(shop, Availability.AVAILABLE, "bob")
    assert await off(shop) == []


async def test_a_repeat_says_it_once_however_late(shop: Workshop) -> None:
    first = await say(shop, Availability.ON_BREAK, idempotency_key="a")
    shop.clock.pass_by(hours=2)

    assert await say(shop, Availability.ON_BREAK, idempotency_key="a") == first

    assert await off(shop) == [("ON_BREAK", MORNING, MORNING + 7 * HOUR, True)]


async def test_what_makes_no_sense_is_named(shop: Workshop) -> None:
    for availability, values, field in (
        (Availability.ON_CALL, {}, "availability"),
        (Availability.AVAILABLE, {"until": MORNING + HOUR}, "until"),
        (Availability.BUSY, {"until": MORNING}, "until"),
        (Availability.BUSY, {"until": MORNING + timedelta(days=32)}, "until"),
        (Availability.BUSY, {"reason": "x" * 501}, "reason"),
    ):
        with pytest.raises(Invalid) as refused:
            await say(shop, availability, **values)
        assert refused.value.field == (field,)
    assert await off(shop) == []


async def test_appointments_in_time_off_stay_and_are_warned_of(shop: Workshop) -> None:
    window = (MORNING + 24 * HOUR, MORNING + 48 * HOUR)
    ann = shop.world.technicians["ann"]
    await shop.book(await shop.offer(windows=(window,), preferred_technician_id=ann))

    said = await say(shop, Availability.TIME_OFF, until=MORNING + 72 * HOUR)
    planned = await plan(shop, *window)

    for written in (said, planned):
        (warning,) = written.warnings
        assert "1 open appointment lies in this time off" in warning


async def test_being_back_does_not_end_what_was_planned(shop: Workshop) -> None:
    await plan(shop, MORNING - HOUR, MORNING + 5 * HOUR)
    await say(shop, Availability.BUSY)

    written = await say(shop, Availability.AVAILABLE)

    assert written.warnings == ("Time off is planned until 2026-05-04T13:00Z: it stays as it is.",)
    assert await off(shop) == [("TIME_OFF", MORNING - HOUR, MORNING + 5 * HOUR, False)]


async def test_time_off_is_planned_moved_and_taken_back_by_managers(shop: Workshop) -> None:
    ann, agendas, window = shop.world.technicians["ann"], shop.agendas, MORNING + 24 * HOUR
    with pytest.raises(Forbidden):
        await plan(shop, window, window + 24 * HOUR, by="dispatcher")
    planned = await plan(shop, window, window + 24 * HOUR)
    assert ann not in await slots_of(shop, agendas)

    later = {"starts_at": window + 48 * HOUR, "ends_at": window + 72 * HOUR}
    moved = Update(id=planned.ids["time_off"], expected_version=1, values=later)
    await update_time_off(shop.writer, shop.actor("manager"), moved)
    assert ann in await slots_of(shop, agendas)
    wrong = Update(id=moved.id, expected_version=2, values={"ends_at": window})
    with pytest.raises(Invalid) as refused:
        await update_time_off(shop.writer, shop.actor("manager"), wrong)
    assert refused.value.field == ("endsAt",)
    await delete_time_off(shop.writer, shop.actor("manager"), Delete(id=moved.id))
    assert await off(shop) == []


async def test_of_many_that_are_said_at_once_one_stands(shop: Workshop) -> None:
    kinds = (Availability.BUSY, Availability.ON_BREAK, Availability.OFF_SHIFT, Availability.TIME_OFF)

    await asyncio.gather(*(say(shop, each) for each in kinds * 3))

    assert len(await off(shop)) == 1


async def test_without_the_lock_two_stand(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unlocked(*_asked: Any) -> None:
        return None

    async def met(*asked: Any) -> Any:
        await both.wait()
        return await usual_end(*asked)

    both, usual_end = asyncio.Barrier(2), service._usual_end
    for module in (service, time_off_service):
        monkeypatch.setattr(module, "lock_technicians", unlocked)
    # What was said before has been looked for by then.
    monkeypatch.setattr(service, "_usual_end", met)

    await asyncio.gather(say(shop, Availability.BUSY), say(shop, Availability.ON_BREAK))

    assert len(await off(shop)) == 2
