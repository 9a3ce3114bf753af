"""Those who wait: fleet and premium customers first, then by time; one after the other."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from app.db.tables.appointments import waitlist_entries
from app.db.tables.customers import customers
from app.db.transaction import transaction
from app.domain.appointments import AppointmentType
from app.domain.refusals import HoldExpired, Invalid, InvalidTransition, NotFound
from app.services.appointments.answer_waitlist_offer import AnswerWaitlistOffer, answer_waitlist_offer
from app.services.appointments.book_appointment import BookAppointment, book_appointment
from app.services.appointments.end_wait import EndWait, end_wait
from app.services.appointments.expire_hold import ExpireHold, expire_hold
from app.services.appointments.join_waitlist import JoinWaitlist, join_waitlist
from app.services.appointments.leave_waitlist import LeaveWaitlist, leave_waitlist
from app.services.appointments.offer_freed_time import OfferFreedTime, offer_freed_time
from app.services.perform import Written
from tests.services.appointments.test_changing import cancel
from tests.services.appointments.workshop import MONDAY, Workshop
from tests.world import BEFORE

DAY = timedelta(days=1)
ALL_DAY = ((MONDAY, MONDAY + timedelta(hours=12)),)


async def customer(shop: Workshop, tier: str) -> UUID:
    """Add a customer of a tier; return its id."""
    key = uuid7()
    async with transaction(shop.engine, shop.world.organization_id) as connection:
        await connection.execute(
            sa.insert(customers).values(
                organization_id=shop.world.organization_id,
                id=key,
                name=tier.capitalize(),
                tier=tier,
                created_at=BEFORE,
                updated_at=BEFORE,
            )
        )
    return key


async def wait(shop: Workshop, by: str = "dispatcher", **values: Any) -> UUID:
    """Join the list for today; return the entry's id."""
    command = JoinWaitlist(**{"appointment_type": AppointmentType.DIAGNOSTIC, "windows": ALL_DAY, **values})
    return (await join_waitlist(shop.writer, shop.actor(by), command)).ids["entry"]


async def freed(shop: Workshop, booked: Written) -> Written | None:
    """Call an appointment off and let the worker offer its time."""
    (taken,) = [each for each in await shop.taken() if each.appointment_id == booked.ids["appointment"]]
    await cancel(shop, booked)
    return await offer_freed_time(shop.writer, shop.actor("admin"), OfferFreedTime(booking_id=taken.id))


async def status(shop: Workshop, entry_id: UUID) -> str:
    """Return where an entry stands."""
    return str((await shop.row(waitlist_entries, entry_id)).status)


async def three_hours(shop: Workshop) -> Written:
    """Book three hours today."""
    return await shop.book(await shop.offer(duration_minutes=180))


async def test_fleet_first_then_premium_then_by_time_each_after_the_other_declined(shop: Workshop) -> None:
    booked = await three_hours(shop)
    standard = await wait(shop, customer_id=await customer(shop, "STANDARD"))
    premium = await wait(shop, customer_id=await customer(shop, "PREMIUM"))
    fleet = await wait(shop, customer_id=await customer(shop, "FLEET"))
    second_fleet = await wait(shop, customer_id=await customer(shop, "FLEET"))
    offered = await freed(shop, booked)
    for expected in (fleet, second_fleet, premium, standard):
        assert offered is not None
        assert offered.ids["entry"] == expected
        assert await status(shop, expected) == "OFFERED"
        answer = AnswerWaitlistOffer(entry_id=expected, accept=False)
        await answer_waitlist_offer(shop.writer, shop.actor("dispatcher"), answer)
        assert await status(shop, expected) == "WAITING"
        command = OfferFreedTime(booking_id=offered.ids["hold"])
        offered = await offer_freed_time(shop.writer, shop.actor("admin"), command)
    assert offered is None


async def test_an_offer_taken_moves_the_appointment_to_the_earlier_time(shop: Workshop) -> None:
    booked = await three_hours(shop)
    later = await shop.offer(
        preferred_date=(MONDAY + 2 * DAY).date(), duration_minutes=180, customer_id=shop.world.customer_id
    )
    mine = await shop.book(later)
    entry = await wait(shop, "customer", appointment_id=mine.ids["appointment"])
    offered = await freed(shop, booked)
    assert offered is not None
    with pytest.raises(NotFound):
        await answer_waitlist_offer(
            shop.writer, shop.actor("stranger"), AnswerWaitlistOffer(entry_id=entry, accept=True)
        )
    await answer_waitlist_offer(shop.writer, shop.actor("customer"), AnswerWaitlistOffer(entry_id=entry, accept=True))
    row = await shop.appointment(mine.ids["appointment"])
    assert row.starts_at.date() == MONDAY.date()
    assert await status(shop, entry) == "BOOKED"
    assert len(await shop.taken()) == 1


async def test_an_offer_taken_without_an_appointment_makes_one(shop: Workshop) -> None:
    booked = await three_hours(shop)
    entry = await wait(shop, customer_id=shop.world.customer_id)
    await freed(shop, booked)
    answer = AnswerWaitlistOffer(entry_id=entry, accept=True)
    taken = await answer_waitlist_offer(shop.writer, shop.actor("customer"), answer)
    assert (await shop.appointment(taken.ids["appointment"])).customer_id == shop.world.customer_id
    with pytest.raises(HoldExpired):
        await answer_waitlist_offer(shop.writer, shop.actor("customer"), answer)


async def test_an_offer_nobody_answers_goes_to_the_next(shop: Workshop) -> None:
    booked = await three_hours(shop)
    first, second = await wait(shop), await wait(shop)
    offered = await freed(shop, booked)
    assert offered is not None
    shop.clock.pass_by(minutes=31)
    with pytest.raises(HoldExpired):
        await answer_waitlist_offer(
            shop.writer, shop.actor("dispatcher"), AnswerWaitlistOffer(entry_id=first, accept=True)
        )
    await expire_hold(shop.writer, shop.actor("admin"), ExpireHold(hold_id=offered.ids["hold"]))
    command = OfferFreedTime(booking_id=offered.ids["hold"])
    again = await offer_freed_time(shop.writer, shop.actor("admin"), command)
    assert again is not None
    assert again.ids["entry"] == second
    assert await status(shop, first) == "WAITING"


async def test_whoever_leaves_is_offered_nothing_and_frees_what_was_held(shop: Workshop) -> None:
    booked = await three_hours(shop)
    entry = await wait(shop)
    await freed(shop, booked)
    await leave_waitlist(shop.writer, shop.actor("dispatcher"), LeaveWaitlist(entry_id=entry))
    assert await status(shop, entry) == "CANCELLED"
    assert await shop.taken() == []
    with pytest.raises(InvalidTransition):
        await leave_waitlist(shop.writer, shop.actor("dispatcher"), LeaveWaitlist(entry_id=entry))


async def test_what_is_held_for_who_waits_is_taken_by_answering_alone(shop: Workshop) -> None:
    booked = await three_hours(shop)
    entry = await wait(shop, customer_id=shop.world.customer_id)
    offered = await freed(shop, booked)
    assert offered is not None
    command = BookAppointment(hold_id=offered.ids["hold"])
    with pytest.raises(Invalid) as refused:
        await book_appointment(shop.writer, shop.actor("customer"), command)
    assert refused.value.field == ("holdId",)
    assert await status(shop, entry) == "OFFERED"


async def test_a_wait_ends_with_its_windows(shop: Workshop) -> None:
    entry = await wait(shop)
    shop.clock.pass_by(hours=12)
    await end_wait(shop.writer, shop.actor("admin"), EndWait(entry_id=entry))
    assert await status(shop, entry) == "EXPIRED"
    assert await end_wait(shop.writer, shop.actor("admin"), EndWait(entry_id=entry)) is None


async def test_an_appointment_that_is_called_off_waits_no_longer(shop: Workshop) -> None:
    later = await shop.offer(preferred_date=(MONDAY + 2 * DAY).date())
    mine = await shop.book(later)
    entry = await wait(shop, appointment_id=mine.ids["appointment"])
    with pytest.raises(Invalid):
        await wait(shop, appointment_id=mine.ids["appointment"])
    await cancel(shop, mine)
    assert await status(shop, entry) == "CANCELLED"


@pytest.mark.parametrize(
    "windows",
    [(), ((MONDAY + DAY, MONDAY),), ((MONDAY - DAY, MONDAY - timedelta(hours=1)),), ALL_DAY * 21],
)
async def test_windows_that_make_no_sense_are_refused(shop: Workshop, windows: Any) -> None:
    with pytest.raises(Invalid) as refused:
        await wait(shop, windows=windows)
    assert (refused.value.field or ("",))[0] == "windows"


async def test_time_that_is_too_short_is_offered_to_nobody(shop: Workshop) -> None:
    short = await shop.offer(duration_minutes=60)
    booked = await shop.book(replace(short))
    entry = await wait(shop)
    assert await freed(shop, booked) is None
    assert await status(shop, entry) == "WAITING"
