"""Shifts come, change and go; slots and candidates follow, and appointments are not forgotten."""

import asyncio
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.tables.availability import shift_breaks, shifts
from app.domain.events import EventType
from app.domain.refusals import Forbidden, Invalid
from app.domain.rosters import Weekday, WeeklyShift
from app.services.administration import rosters
from app.services.administration import shifts as shift_service
from app.services.administration.saying import Update
from app.services.administration.shifts import delete_shift, update_shift
from app.services.deleting import Delete
from app.services.lanes import lanes_of
from tests.services.administration.rostering import EVERY_DAY, shift, weeks
from tests.services.appointments.workshop import Workshop
from tests.services.scene import MORNING
from tests.world import World

HOUR = timedelta(hours=1)
TODAY = MORNING.date()
TOMORROW = (MORNING + 24 * HOUR, MORNING + 48 * HOUR)


@pytest.fixture
async def shop(engine: AsyncEngine, world: World) -> Workshop:
    """A workshop in which nobody has a shift yet but bob, who has none that matters."""
    shop = Workshop(engine=engine, world=world)
    await shop.open(days=1, technicians=("bob",))
    return shop


async def who_has_slots(shop: Workshop, **asked: Any) -> set[str]:
    names = {id_: name for name, id_ in shop.world.technicians.items()}
    found = await shop.find(limit=10, windows=(TOMORROW,), **asked)
    return {names[each.technician_id] for each in found.offers}


async def changed(shop: Workshop, shift_id: Any, **values: Any) -> Any:
    version = (await shop.row(shifts, shift_id)).version
    command = Update(id=shift_id, expected_version=version, values=values)
    return await update_shift(shop.writer, shop.actor("manager"), command)


async def test_a_shift_makes_slots_in_agendas_that_are_kept_and_takes_them_back(shop: Workshop) -> None:
    agendas, tomorrow = shop.agendas, MORNING + 24 * HOUR
    assert await who_has_slots(shop, agendas=agendas) == set()

    made = await shift(shop, tomorrow, breaks=({"starts_at": tomorrow + HOUR, "ends_at": tomorrow + 2 * HOUR},))
    assert await who_has_slots(shop, agendas=agendas) == {"ann"}

    await delete_shift(shop.writer, shop.actor("manager"), Delete(id=made))
    assert await who_has_slots(shop, agendas=agendas) == set()
    assert await shop.rows(shift_breaks) == []


async def test_a_shift_is_told_of_its_technician(shop: Workshop) -> None:
    made = await shift(shop, MORNING)

    event = (await shop.events())[-1]

    assert (event.type, event.kind, event.subject_id) == (EventType.RECORD_CHANGED, "Shift", made)
    assert event.after is not None
    assert event.after.technician_id == shop.world.technicians["ann"]
    assert event.after.team_id == shop.world.teams["north"]


async def test_shifts_of_one_technician_do_not_overlap_but_being_on_call_goes_beside(shop: Workshop) -> None:
    await shift(shop, MORNING, 8)

    with pytest.raises(Invalid) as refused:
        await shift(shop, MORNING + 7 * HOUR, 8)
    assert refused.value.field == ("startsAt",)
    later = await shift(shop, MORNING + 8 * HOUR, 4)
    await shift(shop, MORNING + 7 * HOUR, 12, on_call=True)
    await shift(shop, MORNING, 8, whose="cleo")
    for values in ({"starts_at": MORNING + 7 * HOUR}, {"on_call": True}):
        with pytest.raises(Invalid):
            await changed(shop, later, **values)


async def test_of_many_that_overlap_one_is_made(shop: Workshop) -> None:
    asked = [shift(shop, MORNING + minute * timedelta(minutes=10)) for minute in range(10)]

    answers = await asyncio.gather(*asked, return_exceptions=True)

    assert len([each for each in answers if not isinstance(each, Invalid)]) == 1


async def test_without_the_lock_two_that_overlap_are_made(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unlocked(*_asked: Any) -> None:
        return None

    both = asyncio.Barrier(2)

    async def met(*asked: Any) -> Any:
        await both.wait()
        return await lanes_of(*asked)

    monkeypatch.setattr(shift_service, "lock_technicians", unlocked)
    # Lanes are read after the shift was written, when other shifts were looked for.
    monkeypatch.setattr(shift_service, "lanes_of", met)

    answers = await asyncio.gather(shift(shop, MORNING), shift(shop, MORNING + HOUR), return_exceptions=True)

    assert not any(isinstance(each, BaseException) for each in answers)


async def test_what_makes_no_sense_is_named(shop: Workshop) -> None:
    def pause(start: float, end: float) -> dict[str, datetime]:
        return {"starts_at": MORNING + start * HOUR, "ends_at": MORNING + end * HOUR}

    for start, hours, breaks, field in (
        (MORNING, 0, (), "endsAt"),
        (MORNING, -1, (), "endsAt"),
        (MORNING, 25.5, (), "endsAt"),
        (MORNING + timedelta(days=732), 8, (), "startsAt"),
        (MORNING - timedelta(days=367), 8, (), "startsAt"),
        (MORNING, 8, (pause(7, 9),), "breaks"),
        (MORNING, 8, (pause(-1, 1),), "breaks"),
        (MORNING, 8, (pause(2, 2),), "breaks"),
        (MORNING, 8, (pause(1, 3), pause(2, 4)), "breaks"),
        (MORNING, 8, tuple(pause(each / 2, each / 2 + 0.25) for each in range(11)), "breaks"),
    ):
        with pytest.raises(Invalid) as refused:
            await shift(shop, start, hours, breaks=breaks)
        assert refused.value.field == (field,)
    with pytest.raises(Forbidden):
        await weeks(shop, TODAY, TODAY, by="dispatcher")


async def test_an_appointment_that_a_shift_leaves_stays_and_is_warned_of(shop: Workshop) -> None:
    made = await shift(shop, MORNING + 24 * HOUR)
    booked = await shop.book(await shop.offer(windows=(TOMORROW,)))
    appointment = await shop.appointment(booked.ids["appointment"])

    longer = await changed(shop, made, ends_at=MORNING + 33 * HOUR)
    assert longer.warnings == ()
    shorter = await changed(shop, made, starts_at=appointment.ends_at)
    gone = await delete_shift(shop.writer, shop.actor("manager"), Delete(id=made))

    (warning,) = shorter.warnings
    assert "1 open appointment lies in no shift" in warning
    assert f"{appointment.starts_at:%Y-%m-%dT%H:%MZ}" in warning
    # It was outside already.
    assert gone.warnings == ()
    assert (await shop.appointment(booked.ids["appointment"])).status == "SCHEDULED"


async def test_weeks_of_shifts_are_made_once_whoever_says_it_again(shop: Workshop) -> None:
    first = await weeks(shop, TODAY, TODAY + timedelta(days=27))
    again = await weeks(shop, TODAY, TODAY + timedelta(days=34))

    assert len(first.ids) == 28
    assert list(again.ids.values())[:28] == list(first.ids.values())
    assert len(await shop.events(again)) == 7
    rows = await shop.rows(shifts, shifts.c.technician_id == shop.world.technicians["ann"])
    # By the clock of Amsterdam, in summer.
    assert {(each.starts_at.hour, each.ends_at.hour) for each in rows} == {(7, 15)}
    assert len(rows) == 35


async def test_weeks_that_run_into_another_shift_are_not_made_at_all(shop: Workshop) -> None:
    await shift(shop, MORNING + timedelta(days=10))

    with pytest.raises(Invalid) as refused:
        await weeks(shop, TODAY, TODAY + timedelta(days=27))

    assert refused.value.field == ("weekly",)
    assert "On 2026-05-14 it overlaps another shift" in refused.value.problem
    assert len(await shop.rows(shifts, shifts.c.technician_id == shop.world.technicians["ann"])) == 1
    twice = (*EVERY_DAY[:1], WeeklyShift(weekday=Weekday.MON, start=time(16), end=time(20)))
    with pytest.raises(Invalid):
        await weeks(shop, date(2026, 6, 1), date(2026, 6, 7), twice)


async def test_breaks_of_weekly_shifts_lie_within_them(shop: Workshop) -> None:
    lunch = (time(12), time(12, 30))
    good = WeeklyShift(weekday=Weekday.MON, start=time(9), end=time(17), breaks=(lunch,))
    bad = WeeklyShift(weekday=Weekday.MON, start=time(9), end=time(12), breaks=(lunch,))

    await weeks(shop, TODAY, TODAY, (good,))
    with pytest.raises(Invalid):
        await weeks(shop, TODAY + timedelta(days=7), TODAY + timedelta(days=7), (bad,))

    (kept,) = await shop.rows(shift_breaks)
    assert (kept.starts_at.hour, kept.ends_at - kept.starts_at) == (10, timedelta(minutes=30))


async def test_of_two_who_make_the_same_weeks_both_get_the_same_shifts(shop: Workshop) -> None:
    asked = [weeks(shop, TODAY, TODAY + timedelta(days=13)) for _ in range(6)]

    answers = await asyncio.gather(*asked)

    assert len({tuple(each.ids.values()) for each in answers}) == 1


async def test_without_the_lock_weeks_are_made_twice(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unlocked(*_asked: Any) -> None:
        return None

    both = asyncio.Barrier(2)

    async def met(*asked: Any) -> Any:
        found = await there(*asked)
        await both.wait()
        return found

    there = rosters._there
    monkeypatch.setattr(rosters, "lock_technicians", unlocked)
    monkeypatch.setattr(rosters, "_there", met)

    await asyncio.gather(weeks(shop, TODAY, TODAY), weeks(shop, TODAY, TODAY))

    assert len(await shop.rows(shifts, shifts.c.technician_id == shop.world.technicians["ann"])) == 2


@pytest.mark.parametrize(
    ("first", "last", "field"), [(date.max, date.max, "from"), (date.min, date.min, "from"), (TODAY, date.max, "to")]
)
async def test_days_that_are_out_of_reach_are_refused_by_name(
    shop: Workshop, first: date, last: date, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await weeks(shop, first, last)

    assert refused.value.field == (field,)
