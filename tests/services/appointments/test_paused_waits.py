"""Those who wait and are active no longer are offered nothing; nobody is offered what is active no longer."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.db.tables.appointments import waitlist_entries
from app.db.tables.organizations import skills, territories
from app.db.tables.people import technicians, users
from app.db.tables.supply import facilities, service_bays, service_type_skills, service_types
from app.db.transaction import transaction
from app.domain.appointments import AppointmentType, LocationMode
from app.domain.events import EventType
from app.domain.refusals import HoldExpired, Invalid
from app.services.administration import customers as customer_service
from app.services.administration.facilities import update_facility
from app.services.administration.saying import Update
from app.services.administration.service_bays import update_service_bay
from app.services.administration.technicians import update_technician
from app.services.administration.users import update_user
from app.services.appointments import join_waitlist, offer_freed_time
from app.services.appointments.answer_waitlist_offer import AnswerWaitlistOffer, answer_waitlist_offer
from app.services.appointments.end_wait import EndWait, end_wait
from app.services.appointments.leave_waitlist import LeaveWaitlist, leave_waitlist
from app.services.appointments.offer_freed_time import OfferFreedTime
from app.services.appointments.waiting import in_order
from app.services.perform import Written
from tests.services.administration.storekeeping import ASSETS, CUSTOMERS
from tests.services.appointments.test_waitlist import DAY, customer, freed, status, three_hours, wait
from tests.services.appointments.workshop import MONDAY, Workshop
from tests.world import BEFORE


async def told(shop: Workshop, written: Written) -> list[tuple[str, EventType]]:
    """Return of which kinds of rows a change told, and what."""
    return [(each.kind, each.type) for each in await shop.events(written)]


async def answer(shop: Workshop, entry_id: UUID) -> Written:
    """Take what is offered."""
    command = AnswerWaitlistOffer(entry_id=entry_id, accept=True)
    return await answer_waitlist_offer(shop.writer, shop.actor("dispatcher"), command)


async def offer_again(shop: Workshop, booking_id: UUID) -> Written | None:
    """Offer the time of a booking that was given back, as the worker does."""
    command = OfferFreedTime(booking_id=booking_id)
    return await offer_freed_time.offer_freed_time(shop.writer, shop.actor("admin"), command)


async def deactivate(shop: Workshop, update: Any, table: sa.Table, id_: UUID, *, active: bool = False) -> Written:
    """Make a row inactive, or active again."""
    version = (await shop.row(table, id_)).version
    command = Update(id=id_, expected_version=version, values={"active": active})
    written: Written = await update(shop.writer, shop.actor("admin"), command)
    return written


async def test_a_customer_who_is_active_no_longer_is_not_asked_until_they_are_again(shop: Workshop) -> None:
    booked, key = await three_hours(shop), await customer(shop, "FLEET")
    fleet, standard = await wait(shop, customer_id=key), await wait(shop)

    paused = await CUSTOMERS.change(shop, key, active=False)

    assert await told(shop, paused) == [
        ("Customer", EventType.RECORD_CHANGED),
        ("WaitlistEntry", EventType.WAITLIST_PAUSED),
    ]
    offered = await freed(shop, booked)
    assert offered is not None
    assert offered.ids["entry"] == standard
    resumed = await CUSTOMERS.change(shop, key, active=True)
    assert (await told(shop, resumed))[1:] == [("WaitlistEntry", EventType.WAITLIST_RESUMED)]
    row = await shop.row(waitlist_entries, fleet)
    assert (row.status, row.paused_at) == ("WAITING", None)
    declined = AnswerWaitlistOffer(entry_id=standard, accept=False)
    await answer_waitlist_offer(shop.writer, shop.actor("dispatcher"), declined)
    again = await offer_again(shop, offered.ids["hold"])
    assert again is not None
    assert again.ids["entry"] == fleet
    assert (await shop.appointment((await answer(shop, fleet)).ids["appointment"])).customer_id == key


async def test_what_they_are_offered_goes_to_the_next(shop: Workshop) -> None:
    booked, key = await three_hours(shop), await customer(shop, "FLEET")
    fleet, standard = await wait(shop, customer_id=key), await wait(shop)
    offered = await freed(shop, booked)
    assert offered is not None
    assert offered.ids["entry"] == fleet

    paused = await CUSTOMERS.change(shop, key, active=False)

    assert (await told(shop, paused))[1:] == [
        ("WaitlistEntry", EventType.WAITLIST_PAUSED),
        ("SlotHold", EventType.SLOT_RELEASED),
    ]
    with pytest.raises(HoldExpired):
        await answer(shop, fleet)
    again = await offer_again(shop, offered.ids["hold"])
    assert again is not None
    assert again.ids["entry"] == standard
    # They have not declined it.
    assert (await shop.row(waitlist_entries, fleet)).declined == []


async def test_a_paused_wait_can_be_left_and_ends_with_its_windows(shop: Workshop) -> None:
    key = await customer(shop, "FLEET")
    left, over = await wait(shop, customer_id=key), await wait(shop, customer_id=key)
    await CUSTOMERS.change(shop, key, active=False)

    await leave_waitlist(shop.writer, shop.actor("dispatcher"), LeaveWaitlist(entry_id=left))
    shop.clock.pass_by(hours=12)
    await end_wait(shop.writer, shop.actor("admin"), EndWait(entry_id=over))
    again = await CUSTOMERS.change(shop, key, active=True)

    assert [await status(shop, each) for each in (left, over)] == ["CANCELLED", "EXPIRED"]
    assert len(await shop.events(again)) == 1


async def test_who_waits_for_an_earlier_time_is_asked_whatever_becomes_of_customer_and_asset(shop: Workshop) -> None:
    booked = await three_hours(shop)
    later = await shop.offer(preferred_date=(MONDAY + 2 * DAY).date(), duration_minutes=180, asset_id=shop.asset_id)
    mine = await shop.book(later)
    entry = await wait(shop, appointment_id=mine.ids["appointment"])
    await CUSTOMERS.change(shop, shop.world.customer_id, active=False)
    await ASSETS.change(shop, shop.asset_id, active=False)

    offered = await freed(shop, booked)

    assert offered is not None
    assert offered.ids["entry"] == entry
    await answer(shop, entry)
    assert (await shop.appointment(mine.ids["appointment"])).starts_at.date() == MONDAY.date()


async def waits_for_the_bay(shop: Workshop) -> tuple[UUID, UUID, UUID]:
    """Offer time in a bay to who waits for it; return the entry, the hold and the bay."""
    at_facility: dict[str, Any] = {
        "location_mode": LocationMode.AT_FACILITY,
        "facility_id": shop.facility_id,
        "duration_minutes": 180,
    }
    booked = await shop.book(await shop.offer(**at_facility))
    later = await shop.offer(preferred_date=(MONDAY + 2 * DAY).date(), **at_facility)
    mine = await shop.book(later)
    entry = await wait(shop, appointment_id=mine.ids["appointment"])
    offered = await freed(shop, booked)
    assert offered is not None
    (hold,) = [each for each in await shop.taken() if each.waitlist_entry_id == entry]
    return entry, hold.id, hold.bay_id


@pytest.mark.parametrize("what", ["facility", "bay", "technician", "user"])
async def test_an_offer_of_what_is_active_no_longer_is_taken_back(shop: Workshop, what: str) -> None:
    entry, hold, bay = await waits_for_the_bay(shop)
    (held,) = [each for each in await shop.taken() if each.id == hold]
    whose = (await shop.row(technicians, held.technician_id)).user_id
    update, table, id_ = {
        "facility": (update_facility, facilities, shop.facility_id),
        "bay": (update_service_bay, service_bays, bay),
        "technician": (update_technician, technicians, held.technician_id),
        "user": (update_user, users, whose),
    }[what]

    withdrawn = await deactivate(shop, update, table, id_)

    assert (await told(shop, withdrawn))[1:] == [
        ("WaitlistEntry", EventType.WAITLIST_WITHDRAWN),
        ("SlotHold", EventType.SLOT_RELEASED),
    ]
    row = await shop.row(waitlist_entries, entry)
    assert (row.status, row.declined, row.paused_at) == ("WAITING", [], None)
    # The other bay will do, but nobody else's time is free.
    again = await offer_again(shop, hold)
    assert (again is not None) == (what == "bay")
    if again is not None:
        await answer(shop, entry)
        assert await status(shop, entry) == "BOOKED"


async def test_what_a_service_asks_for_of_the_past_is_booked_all_the_same(shop: Workshop) -> None:
    skill, organization = shop.world.skill_id, {"organization_id": shop.world.organization_id}
    kind = {**organization, "type": AppointmentType.DIAGNOSTIC}
    async with transaction(shop.engine, shop.world.organization_id) as connection:
        await connection.execute(sa.insert(service_types).values(**kind, created_at=BEFORE, updated_at=BEFORE))
        await connection.execute(sa.insert(service_type_skills).values(**kind, skill_id=skill, level=1))
    booked, entry = await three_hours(shop), await wait(shop, customer_id=shop.world.customer_id)
    await shop.change(facilities, shop.facility_id, territory_id=shop.world.territory_id)
    await shop.change(skills, skill, active=False)
    await shop.change(territories, shop.world.territory_id, active=False)

    await freed(shop, booked)
    taken = await answer(shop, entry)
    found = await shop.offer(location_mode=LocationMode.AT_FACILITY, facility_id=shop.facility_id)
    again = await shop.book(found)

    assert (await shop.appointment(taken.ids["appointment"])).status == "SCHEDULED"
    assert (await shop.appointment(again.ids["appointment"])).facility_id == shop.facility_id
    # Nobody names it anew.
    with pytest.raises(Invalid) as refused:
        await shop.find(appointment_type=AppointmentType.EMERGENCY, skill_ids=(skill,))
    assert refused.value.field == ("requiredSkillIds", "0")


async def begun_beside(shop: Workshop, key: UUID, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """Let somebody begin to wait, and hold them up before they are written, while their customer is made inactive."""
    checked, go_on = asyncio.Event(), asyncio.Event()
    expect_few = join_waitlist._expect_few

    async def held_up(*asked: Any) -> None:
        await expect_few(*asked)
        checked.set()
        await go_on.wait()

    monkeypatch.setattr(join_waitlist, "_expect_few", held_up)
    joining = asyncio.create_task(wait(shop, customer_id=key))
    await checked.wait()
    leaving = asyncio.create_task(CUSTOMERS.change(shop, key, active=False))
    await asyncio.wait([leaving], timeout=0.5)
    go_on.set()
    return await asyncio.gather(joining, leaving)


async def test_a_wait_that_begins_meanwhile_is_paused_with_the_others(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, _ = await begun_beside(shop, await customer(shop, "FLEET"), monkeypatch)

    assert (await shop.row(waitlist_entries, entry)).paused_at is not None


async def test_without_the_customers_lock_it_goes_on(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unheld(*_asked: Any) -> None:
        return None

    monkeypatch.setattr(join_waitlist, "hold_customer", unheld)

    entry, _ = await begun_beside(shop, await customer(shop, "FLEET"), monkeypatch)

    assert (await shop.row(waitlist_entries, entry)).paused_at is None


async def offered_beside(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> tuple[UUID, Written | None]:
    """Let time be offered to somebody who waits, whose customer is made inactive once they were found."""
    booked, key = await three_hours(shop), await customer(shop, "FLEET")
    entry = await wait(shop, customer_id=key)

    async def then_gone(*asked: Any, **more: Any) -> list[UUID]:
        found = await in_order(*asked, **more)
        await CUSTOMERS.change(shop, key, active=False)
        return found

    monkeypatch.setattr(offer_freed_time, "in_order", then_gone)
    return entry, await freed(shop, booked)


async def test_nobody_is_offered_time_whose_customer_left_once_they_were_found(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, offered = await offered_beside(shop, monkeypatch)

    assert offered is None
    assert await status(shop, entry) == "WAITING"
    assert await shop.taken() == []


async def test_where_waits_are_not_paused_time_is_offered_that_cannot_be_taken(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unheard(*_asked: Any) -> None:
        return None

    monkeypatch.setattr(customer_service, "pause_waits", unheard)

    entry, offered = await offered_beside(shop, monkeypatch)

    assert offered is not None
    with pytest.raises(Invalid):
        await answer(shop, entry)


async def test_many_who_come_and_go_at_once_leave_nobody_offered_who_is_gone(shop: Workshop) -> None:
    booked = [await three_hours(shop) for _ in range(2)]
    keys = [await customer(shop, "FLEET") for _ in range(3)]
    entries = [await wait(shop, customer_id=key) for key in keys]
    await asyncio.gather(
        *(freed(shop, each) for each in booked),
        *(CUSTOMERS.change(shop, key, active=False) for key in keys[:2]),
    )

    rows = [await shop.row(waitlist_entries, each) for each in entries]
    assert [row.paused_at is None for row in rows] == [False, False, True]
    assert {row.status for row in rows[:2]} == {"WAITING"}
    assert all(each.waitlist_entry_id in {None, entries[2]} for each in await shop.taken())
