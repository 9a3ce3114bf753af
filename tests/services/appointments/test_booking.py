"""From a slot to an appointment: held, booked once, followed by its ticket and job."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.db.tables.appointments import part_reservations
from app.db.tables.assignments import assignments
from app.db.tables.customers import parts
from app.db.tables.tickets import tickets
from app.db.transaction import transaction
from app.domain.appointments import LocationMode
from app.domain.events import EventType
from app.domain.refusals import (
    ConstraintKind,
    Forbidden,
    HoldExpired,
    Invalid,
    InvalidTransition,
    NotEligible,
    NotFound,
    SlotTaken,
)
from app.services.appointments.book_appointment import BookAppointment, book_appointment
from app.services.appointments.expire_hold import ExpireHold, expire_hold
from app.services.appointments.hold_slot import HoldSlot, hold_slot
from app.services.appointments.release_slot import ReleaseSlot, release_slot
from app.services.assignments.accept_assignment import accept_assignment
from app.services.assignments.complete_assignment import complete_assignment
from app.services.assignments.job_step import StepCommand
from app.services.assignments.start_work import start_work
from app.services.perform import Written
from app.services.tickets.ticket_fields import NeededSkill
from tests.services.appointments.workshop import MONDAY, Workshop
from tests.services.scene import report

HOUR = timedelta(hours=1)


async def test_a_booking_makes_ticket_job_and_appointment_at_once(shop: Workshop) -> None:
    offer = await shop.offer(customer_id=shop.world.customer_id)
    written = await shop.book(offer, notes="Ring twice")
    row = await shop.appointment(written.ids["appointment"])
    job = await shop.row(assignments, written.ids["assignment"])
    ticket = await shop.row(tickets, written.ids["ticket"])
    assert (row.starts_at, row.ends_at) == (offer.starts_at, offer.ends_at) == (MONDAY + HOUR, MONDAY + 3 * HOUR)
    assert (row.ticket_id, row.assignment_id, row.technician_id) == (ticket.id, job.id, offer.technician_id)
    assert (ticket.status, ticket.customer_id, job.status) == ("ASSIGNED", shop.world.customer_id, "ASSIGNED")
    assert job.accept_by is None
    assert (row.status, row.notes, row.used_recommended_slot) == ("SCHEDULED", "Ring twice", True)
    (taken,) = await shop.taken()
    assert (taken.during.lower, taken.during.upper) == (offer.starts_at, offer.ends_at + HOUR / 2)
    told = [each.type for each in await shop.events(written)]
    assert told == ["JOB_ASSIGNED", "TICKET_CREATED", "TICKET_STATUS_CHANGED", "APPOINTMENT_SCHEDULED"]


async def test_a_ticket_that_is_there_is_used_and_has_one_open_appointment(shop: Workshop) -> None:
    ticket_id = await shop.ticket()
    written = await shop.book(await shop.offer(ticket_id=ticket_id))
    assert written.ids["ticket"] == ticket_id
    with pytest.raises(Invalid) as refused:
        await shop.book(await shop.offer(ticket_id=ticket_id))
    assert refused.value.field == ("ticketId",)


async def test_a_ticket_named_at_booking_asks_for_what_it_asks(shop: Workshop) -> None:
    offer = await shop.offer()
    needed = (NeededSkill(skill_id=shop.world.skill_id, level=5),)
    ticket_id = await shop.ticket(required_skills=needed)
    with pytest.raises(NotEligible) as refused:
        await shop.book(offer, ticket_id=ticket_id)
    assert [each.constraint for each in refused.value.reasons] == [ConstraintKind.SKILL]
    written = await shop.book(offer, ticket_id=await shop.ticket(customer_id=shop.world.customer_id))
    assert (await shop.appointment(written.ids["appointment"])).customer_id == shop.world.customer_id


async def test_a_job_that_somebody_has_goes_to_the_technician_of_the_slot(shop: Workshop) -> None:
    ticket_id = await shop.ticket()
    before = (await shop.assign(ticket_id, "cleo")).ids["assignment"]
    written = await shop.book(await shop.offer(ticket_id=ticket_id))
    assert (await shop.row(assignments, before)).status == "REASSIGNED"
    assert (await shop.row(assignments, written.ids["assignment"])).technician_id in {
        shop.world.technicians[name] for name in ("ann", "bob")
    }


async def test_a_held_slot_is_hidden_from_others_and_booked_by_its_hold(shop: Workshop) -> None:
    only_ann: dict[str, Any] = {"preferred_technician_id": shop.world.technicians["ann"]}
    offer = await shop.offer(**only_ann)
    hold_id = await shop.hold(offer)
    agendas = shop.agendas
    seen = await shop.find(agendas=agendas, **only_ann)
    assert offer.starts_at not in {each.starts_at for each in seen.offers if each.technician_id == offer.technician_id}
    with pytest.raises(SlotTaken):
        await shop.book(offer)
    written = await book_appointment(shop.writer, shop.actor("dispatcher"), BookAppointment(hold_id=hold_id))
    assert (await shop.appointment(written.ids["appointment"])).starts_at == offer.starts_at
    (taken,) = await shop.taken()
    assert taken.kind == "APPOINTMENT"
    assert [each.type for each in await shop.events(written)][-2:] == ["SLOT_RELEASED", "APPOINTMENT_SCHEDULED"]


async def test_a_hold_runs_out_gives_way_and_cannot_be_booked(shop: Workshop) -> None:
    offer = await shop.offer()
    hold_id = await shop.hold(offer)
    shop.clock.pass_by(minutes=15)
    with pytest.raises(HoldExpired):
        await book_appointment(shop.writer, shop.actor("dispatcher"), BookAppointment(hold_id=hold_id))
    other = await shop.hold(offer)
    (taken,) = await shop.taken()
    assert taken.id == other
    assert await expire_hold(shop.writer, shop.actor("admin"), ExpireHold(hold_id=hold_id)) is None
    kinds = [each.type for each in await shop.events()]
    assert kinds == ["SLOT_HELD", "SLOT_RELEASED", "SLOT_HELD"]


async def test_the_worker_gives_back_what_ran_out(shop: Workshop) -> None:
    hold_id = await shop.hold()
    shop.clock.pass_by(minutes=16)
    assert await expire_hold(shop.writer, shop.actor("admin"), ExpireHold(hold_id=hold_id)) is not None
    assert await shop.taken() == []


async def test_a_hold_is_given_back_once_by_whoever_may(shop: Workshop) -> None:
    hold_id = await shop.hold(by="customer", customer_id=shop.world.customer_id)
    with pytest.raises(NotFound):
        await release_slot(shop.writer, shop.actor("stranger"), ReleaseSlot(hold_id=hold_id))
    await release_slot(shop.writer, shop.actor("customer"), ReleaseSlot(hold_id=hold_id))
    with pytest.raises(InvalidTransition):
        await release_slot(shop.writer, shop.actor("customer"), ReleaseSlot(hold_id=hold_id))


async def test_customers_hold_three_at_most(shop: Workshop) -> None:
    for _ in range(3):
        await shop.hold(by="customer", customer_id=shop.world.customer_id)
    with pytest.raises(Invalid):
        await shop.hold(by="customer", customer_id=shop.world.customer_id)


@pytest.mark.parametrize("text", ["", "x", "A" * 200, "é" * 20, "A" * 20_000])
async def test_a_token_that_is_none_is_refused(shop: Workshop, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        await hold_slot(shop.writer, shop.actor("dispatcher"), HoldSlot(slot_token=text))
    assert refused.value.field == ("slotToken",)


async def test_a_token_changed_in_one_place_of_another_key_or_too_old_is_refused(shop: Workshop) -> None:
    offer = await shop.offer()
    good = shop.token(offer)
    flipped = good[:40] + ("A" if good[40] != "A" else "B") + good[41:]
    for text in (flipped, good[:-2]):
        with pytest.raises(Invalid):
            await hold_slot(shop.writer, shop.actor("dispatcher"), HoldSlot(slot_token=text))
    shop.clock.pass_by(hours=1, seconds=1)
    with pytest.raises(Invalid) as refused:
        await hold_slot(shop.writer, shop.actor("dispatcher"), HoldSlot(slot_token=good))
    assert "look for slots again" in refused.value.message


async def test_the_seventh_job_of_a_day_and_too_short_a_pause_are_refused_with_their_reasons(shop: Workshop) -> None:
    ann = shop.world.technicians["ann"]
    short: dict[str, Any] = {"duration_minutes": 30, "preferred_technician_id": ann}
    for _ in range(6):
        best = next(each for each in (await shop.find(limit=20, **short)).offers if each.technician_id == ann)
        await shop.book(best)
    (last,) = [each for each in await shop.taken() if each.starts_at == max(b.starts_at for b in await shop.taken())]
    late = replace(best, starts_at=last.ends_at + HOUR, ends_at=last.ends_at + 1.5 * HOUR)
    with pytest.raises(NotEligible) as refused:
        await shop.book(late)
    assert [each.constraint for each in refused.value.reasons] == [ConstraintKind.MAX_PER_DAY]
    tight = replace(best, starts_at=last.ends_at + timedelta(minutes=29), ends_at=last.ends_at + timedelta(minutes=59))
    with pytest.raises(NotEligible) as refused:
        await shop.book(tight)
    assert ConstraintKind.BUFFER in {each.constraint for each in refused.value.reasons}


async def test_of_twenty_who_book_one_slot_one_gets_it(shop: Workshop) -> None:
    offer = await shop.offer()
    answers = await asyncio.gather(*(shop.book(offer) for _ in range(20)), return_exceptions=True)
    assert len([each for each in answers if isinstance(each, Written)]) == 1
    assert {type(each) for each in answers if not isinstance(each, Written)} == {SlotTaken}
    assert len(await shop.rows(tickets)) == 1


async def test_without_the_technicians_lock_the_constraint_still_lets_one_through(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_arguments: object, **_options: object) -> None:
        return None

    monkeypatch.setattr("app.services.appointments.judging.lock_technicians", nothing)
    monkeypatch.setattr("app.services.assignments.offering.lock_technicians", nothing)
    offer = await shop.offer()
    own = [await shop.ticket() for _ in range(20)]
    racing = (shop.book(offer, ticket_id=each) for each in own)
    answers = await asyncio.gather(*racing, return_exceptions=True)
    assert len([each for each in answers if isinstance(each, Written)]) == 1
    assert len(await shop.taken()) == 1


async def test_without_both_guards_several_get_the_slot(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_arguments: object, **_options: object) -> None:
        return None

    monkeypatch.setattr("app.services.appointments.judging.lock_technicians", nothing)
    monkeypatch.setattr("app.services.assignments.offering.lock_technicians", nothing)
    async with shop.engine.begin() as connection:
        await connection.execute(sa.text("ALTER TABLE bookings DROP CONSTRAINT no_technician_twice"))
    offer = await shop.offer()
    # Without tickets of their own they would wait for each other at the counter of ticket numbers.
    own = [await shop.ticket() for _ in range(20)]
    await asyncio.gather(*(shop.book(offer, ticket_id=each) for each in own), return_exceptions=True)
    assert len(await shop.taken()) > 1


async def test_a_bay_is_taken_once(shop: Workshop) -> None:
    asked: dict[str, Any] = {
        "location_mode": LocationMode.AT_FACILITY,
        "facility_id": shop.facility_id,
        "skill_ids": (shop.world.skill_id,),
    }
    offer = await shop.offer(**asked)
    assert offer.bay_id == shop.bays["Bay 1"]
    await shop.book(offer)
    others = {shop.world.technicians["ann"], shop.world.technicians["bob"]} - {offer.technician_id}
    same_bay = replace(offer, technician_id=others.pop())
    with pytest.raises(SlotTaken):
        await shop.book(same_bay)
    await shop.book(replace(same_bay, bay_id=shop.bays["Bay 2"]))
    assert {each.bay_id for each in await shop.taken()} == set(shop.bays.values())


async def test_parts_are_reserved_ordered_where_short_and_free_again(shop: Workshop) -> None:
    await shop.change(parts, shop.world.part_id, stock=1, lead_time_days=3)
    first = await shop.offer(part_numbers=("SEAL-1",))
    assert first.starts_at.date() == MONDAY.date()
    await shop.book(first)
    later = await shop.find(part_numbers=("SEAL-1",))
    assert later.parts_to_order == ("SEAL-1",)
    assert later.offers[0].starts_at.date() == (MONDAY + timedelta(days=3)).date()
    written = await shop.book(later.offers[0])
    order = next(each for each in await shop.events(written) if each.type == EventType.PARTS_ORDER_REQUESTED)
    assert {each.field: each.new for each in order.changes}["quantity"] == 1
    with pytest.raises(NotEligible) as refused:
        await shop.book(replace(first, starts_at=MONDAY + 25 * HOUR, ends_at=MONDAY + 27 * HOUR))
    assert [each.constraint for each in refused.value.reasons] == [ConstraintKind.PARTS]
    assert len(await shop.rows(part_reservations)) == 2


async def test_the_appointment_follows_its_job(shop: Workshop) -> None:
    written = await shop.book()
    job = await shop.row(assignments, written.ids["assignment"])
    name = next(who for who, key in shop.world.technicians.items() if key == job.technician_id)
    step = StepCommand(assignment_id=job.id)
    await accept_assignment(shop.writer, shop.actor(name), step)
    await start_work(shop.writer, shop.actor(name), step)
    assert (await shop.appointment(written.ids["appointment"])).status == "IN_PROGRESS"
    await complete_assignment(shop.writer, shop.actor(name), report(job.id))
    assert (await shop.appointment(written.ids["appointment"])).status == "COMPLETED"
    assert await shop.taken() == []


async def test_a_customer_books_for_their_own_only(shop: Workshop) -> None:
    offer = await shop.offer("customer", customer_id=shop.world.customer_id, asset_id=shop.asset_id)
    await shop.book(offer, "customer")
    with pytest.raises(NotFound):
        await shop.offer("stranger", customer_id=shop.world.customer_id)
    mine = await shop.offer("dispatcher", customer_id=shop.world.customer_id)
    with pytest.raises(Forbidden):
        await shop.book(mine, "stranger")


async def test_the_history_of_bookings_has_no_overlap(shop: Workshop) -> None:
    """Rows are released and never moved, so what was taken when can be asked of the table for ever."""
    offer = await shop.offer()
    for _ in range(3):
        await shop.hold(offer)
        shop.clock.pass_by(minutes=20)
        offer = await shop.offer(preferred_technician_id=offer.technician_id)
    assert await overlaps(shop) == 0


async def overlaps(shop: Workshop) -> int:
    """Return how many pairs of bookings of one technician ever took the same time at the same time."""
    query = sa.text(
        """
        SELECT count(*) FROM bookings AS a JOIN bookings AS b
            ON a.organization_id = b.organization_id AND a.technician_id = b.technician_id AND a.id < b.id
            AND a.during && b.during
            AND tstzrange(a.created_at, coalesce(a.released_at, 'infinity'))
                && tstzrange(b.created_at, coalesce(b.released_at, 'infinity'))
        """
    )
    async with transaction(shop.engine, shop.world.organization_id) as connection:
        return int(await connection.scalar(query) or 0)
