"""Appointments moved, called off, confirmed, missed and locked; jobs that go to others."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.db.tables.assignments import assignments
from app.db.tables.people import technician_skills
from app.db.tables.tickets import tickets
from app.db.transaction import transaction
from app.domain.appointments import ScheduleLock
from app.domain.refusals import (
    CancellationFeeRequired,
    ConstraintKind,
    Forbidden,
    Invalid,
    InvalidTransition,
    NotEligible,
    SlotTaken,
)
from app.domain.slot_offers import SlotOffer
from app.services.appointments.action import AppointmentAction
from app.services.appointments.cancel_appointment import CancelAppointment, cancel_appointment
from app.services.appointments.confirm_appointment import confirm_appointment
from app.services.appointments.lock_appointment import LockAppointment, lock_appointment
from app.services.appointments.mark_no_show import mark_no_show
from app.services.appointments.reschedule_appointment import RescheduleAppointment, reschedule_appointment
from app.services.assignments.accept_assignment import accept_assignment
from app.services.assignments.cancel_assignment import CancelAssignment, cancel_assignment
from app.services.assignments.job_step import StepCommand
from app.services.assignments.reassign_ticket import ReassignTicket, reassign_ticket
from app.services.assignments.reject_assignment import RejectAssignment, reject_assignment
from app.services.assignments.start_travel import start_travel
from app.services.perform import Written
from app.services.tickets.ticket_fields import NeededSkill
from tests.services.appointments.test_booking import overlaps
from tests.services.appointments.workshop import MONDAY, Workshop

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def move(shop: Workshop, booked: Written, offer: SlotOffer, by: str = "dispatcher") -> Written:
    """Move an appointment to another slot."""
    command = RescheduleAppointment(appointment_id=booked.ids["appointment"], slot_token=shop.token(offer))
    return await reschedule_appointment(shop.writer, shop.actor(by), command)


async def cancel(shop: Workshop, booked: Written, by: str = "dispatcher", **values: Any) -> Written:
    """Call an appointment off."""
    command = CancelAppointment(appointment_id=booked.ids["appointment"], reason="Not needed", **values)
    return await cancel_appointment(shop.writer, shop.actor(by), command)


def shifted(offer: SlotOffer, by: timedelta) -> SlotOffer:
    """Return the same slot at another time."""
    return replace(
        offer,
        starts_at=offer.starts_at + by,
        ends_at=offer.ends_at + by,
        arrival_until=offer.arrival_until + by,
    )


def technician_of(shop: Workshop, technician_id: object) -> str:
    """Return the name of a technician."""
    return next(name for name, key in shop.world.technicians.items() if key == technician_id)


async def test_a_move_takes_the_new_time_and_frees_the_old_one(shop: Workshop) -> None:
    first = await shop.offer()
    booked = await shop.book(first)
    later = replace(
        first, starts_at=first.starts_at + DAY, ends_at=first.ends_at + DAY, arrival_until=first.arrival_until + DAY
    )
    await move(shop, booked, later)
    row = await shop.appointment(booked.ids["appointment"])
    assert (row.starts_at, row.invite_sequence, row.status, row.version) == (later.starts_at, 1, "SCHEDULED", 2)
    (taken,) = await shop.taken()
    assert taken.starts_at == later.starts_at
    await shop.book(first)
    assert await overlaps(shop) == 0


async def test_a_slot_looked_for_without_the_ticket_must_do_for_it(shop: Workshop) -> None:
    expert = (NeededSkill(skill_id=shop.world.skill_id, level=3),)
    bob = shop.world.technicians["bob"]
    async with transaction(shop.engine, shop.world.organization_id) as connection:
        await connection.execute(
            sa.update(technician_skills).where(technician_skills.c.technician_id == bob).values(level=1)
        )
    booked = await shop.book(await shop.offer(ticket_id=await shop.ticket(required_skills=expert)))
    beginner = replace(await shop.offer(), technician_id=bob)

    with pytest.raises(NotEligible) as refused:
        await move(shop, booked, shifted(beginner, DAY))

    assert [each.constraint for each in refused.value.reasons] == [ConstraintKind.SKILL]
    assert (await shop.appointment(booked.ids["appointment"])).version == 1


async def test_customers_do_not_move_their_appointments_to_shorter_slots(shop: Workshop) -> None:
    customer_id = shop.world.customer_id
    booked = await shop.book(await shop.offer(by="customer", customer_id=customer_id, duration_minutes=120))
    shorter = shifted(await shop.offer(by="customer", customer_id=customer_id, duration_minutes=15), DAY)

    with pytest.raises(Invalid) as refused:
        await move(shop, booked, shorter, by="customer")
    assert refused.value.problem == "The work takes 120 minutes; look for a slot as long."
    await move(shop, booked, shorter)

    row = await shop.appointment(booked.ids["appointment"])
    assert row.ends_at - row.starts_at == timedelta(minutes=15)


async def test_a_move_to_another_technician_hands_the_job_over(shop: Workshop) -> None:
    first = await shop.offer()
    booked = await shop.book(first)
    (other,) = {shop.world.technicians["ann"], shop.world.technicians["bob"]} - {first.technician_id}
    moved = await move(shop, booked, replace(first, technician_id=other))
    jobs = await shop.rows(assignments, assignments.c.ticket_id == booked.ids["ticket"])
    assert sorted((job.sequence, job.status) for job in jobs) == [(1, "REASSIGNED"), (2, "ASSIGNED")]
    assert (await shop.appointment(booked.ids["appointment"])).assignment_id == moved.ids["assignment"]


async def test_an_appointment_may_move_into_its_own_time(shop: Workshop) -> None:
    first = await shop.offer()
    booked = await shop.book(first)
    half = timedelta(minutes=30)
    await move(shop, booked, shifted(first, half))
    assert len(await shop.taken()) == 1


async def test_a_move_onto_somebody_elses_time_changes_nothing(shop: Workshop) -> None:
    first = await shop.offer()
    booked = await shop.book(first)
    later = shifted(first, 3 * HOUR)
    await shop.book(later)
    with pytest.raises(SlotTaken):
        await move(shop, booked, later)
    assert (await shop.appointment(booked.ids["appointment"])).version == 1
    assert len(await shop.taken()) == 2


@pytest.mark.parametrize(
    ("lock", "changes"),
    [
        (ScheduleLock.TIME, "time"),
        (ScheduleLock.RESOURCE, "who"),
        (ScheduleLock.RESOURCE_AND_TIME, "time"),
        (ScheduleLock.RESOURCE_AND_TIME, "who"),
    ],
)
async def test_what_is_locked_does_not_move(shop: Workshop, lock: ScheduleLock, changes: str) -> None:
    first = await shop.offer()
    booked = await shop.book(first)
    command = LockAppointment(appointment_id=booked.ids["appointment"], lock=lock)
    with pytest.raises(Forbidden):
        await lock_appointment(shop.writer, shop.actor("ann"), command)
    await lock_appointment(shop.writer, shop.actor("dispatcher"), command)
    (other,) = {shop.world.technicians["ann"], shop.world.technicians["bob"]} - {first.technician_id}
    later = shifted(first, DAY)
    with pytest.raises(Invalid) as refused:
        await move(shop, booked, later if changes == "time" else replace(first, technician_id=other))
    assert refused.value.message.endswith("unlock it first.")


async def test_cancelling_is_free_a_day_before_and_costs_later(shop: Workshop) -> None:
    await shop.settle(late_cancellation_fee=Decimal("25.00"))
    soon = await shop.book()
    with pytest.raises(CancellationFeeRequired) as refused:
        await cancel(shop, soon)
    assert (refused.value.fee, refused.value.currency) == (Decimal("25.00"), "EUR")
    assert refused.value.free_until == MONDAY + HOUR - DAY
    await cancel(shop, soon, accept_fee=True)
    row = await shop.appointment(soon.ids["appointment"])
    assert (row.status, row.cancellation_fee, row.invite_sequence) == ("CANCELLED", Decimal("25.00"), 1)

    far = await shop.offer(preferred_date=(MONDAY + 3 * DAY).date())
    booked = await shop.book(far)
    await cancel(shop, booked)
    row = await shop.appointment(booked.ids["appointment"])
    assert (row.cancellation_fee, row.currency) == (None, None)


async def test_a_cancelled_appointment_frees_time_job_and_ticket(shop: Workshop) -> None:
    booked = await shop.book()
    await cancel(shop, booked)
    assert (await shop.row(tickets, booked.ids["ticket"])).status == "OPEN"
    assert (await shop.row(assignments, booked.ids["assignment"])).status == "CANCELLED"
    assert await shop.taken() == []
    with pytest.raises(InvalidTransition):
        await cancel(shop, booked)


async def test_confirmed_once_and_asked_anew_after_a_move(shop: Workshop) -> None:
    first = await shop.offer()
    booked = await shop.book(first)
    action = AppointmentAction(appointment_id=booked.ids["appointment"], note="Fine")
    await confirm_appointment(shop.writer, shop.actor("dispatcher"), action)
    with pytest.raises(InvalidTransition):
        await confirm_appointment(shop.writer, shop.actor("dispatcher"), action)
    await move(shop, booked, shifted(first, DAY))
    row = await shop.appointment(booked.ids["appointment"])
    assert (row.status, row.confirmed_at) == ("SCHEDULED", None)


async def test_nobody_was_there(shop: Workshop) -> None:
    booked = await shop.book()
    row = await shop.appointment(booked.ids["appointment"])
    name = technician_of(shop, row.technician_id)
    action = AppointmentAction(appointment_id=row.id)
    with pytest.raises(InvalidTransition):
        await mark_no_show(shop.writer, shop.actor(name), action)
    shop.clock.pass_by(hours=1, minutes=20)
    with pytest.raises(Forbidden):
        await mark_no_show(shop.writer, shop.actor("cleo"), action)
    step = StepCommand(assignment_id=booked.ids["assignment"])
    await accept_assignment(shop.writer, shop.actor(name), step)
    await start_travel(shop.writer, shop.actor(name), step)
    await mark_no_show(shop.writer, shop.actor(name), action)
    job = await shop.row(assignments, booked.ids["assignment"])
    assert (job.status, job.outcome) == ("FAILED", "CUSTOMER_UNAVAILABLE")
    assert (await shop.appointment(row.id)).status == "NO_SHOW"
    assert (await shop.row(tickets, booked.ids["ticket"])).status == "PENDING_INFO"


async def test_a_job_under_way_keeps_its_appointment(shop: Workshop) -> None:
    first = await shop.offer()
    booked = await shop.book(first)
    name = technician_of(shop, first.technician_id)
    step = StepCommand(assignment_id=booked.ids["assignment"])
    await accept_assignment(shop.writer, shop.actor(name), step)
    await start_travel(shop.writer, shop.actor(name), step)
    with pytest.raises(InvalidTransition):
        await cancel(shop, booked)
    with pytest.raises(Invalid):
        await move(shop, booked, shifted(first, DAY))


async def test_given_back_or_called_off_the_appointment_is_cancelled_and_its_time_free(shop: Workshop) -> None:
    first = await shop.offer()
    booked = await shop.book(first)
    name = technician_of(shop, first.technician_id)
    await reject_assignment(
        shop.writer, shop.actor(name), RejectAssignment(assignment_id=booked.ids["assignment"], rejection_reason="Ill")
    )
    row = await shop.appointment(booked.ids["appointment"])
    assert (row.status, row.cancellation_reason) == ("CANCELLED", "The technician gave the job back")
    again = await shop.book(await shop.offer(ticket_id=booked.ids["ticket"]))
    assert (await shop.appointment(again.ids["appointment"])).technician_id != first.technician_id
    await cancel_assignment(
        shop.writer, shop.actor("dispatcher"), CancelAssignment(assignment_id=again.ids["assignment"], reason="Later")
    )
    assert (await shop.appointment(again.ids["appointment"])).status == "CANCELLED"
    assert await shop.taken() == []


async def test_whoever_gets_the_job_by_hand_gets_the_appointment_or_is_refused(shop: Workshop) -> None:
    first = await shop.offer()
    booked = await shop.book(first)
    (other,) = {shop.world.technicians["ann"], shop.world.technicians["bob"]} - {first.technician_id}

    def over(assignment_id: UUID, to: UUID) -> ReassignTicket:
        return ReassignTicket(
            assignment_id=assignment_id, technician_id=to, reason_note="Nearer", override_warnings=True
        )

    busy = await shop.book(replace(first, technician_id=other))
    with pytest.raises(NotEligible) as refused:
        await reassign_ticket(shop.writer, shop.actor("dispatcher"), over(booked.ids["assignment"], other))
    assert "OVERLAP" in {reason.constraint for reason in refused.value.reasons}
    await cancel(shop, busy)
    moved = await reassign_ticket(shop.writer, shop.actor("dispatcher"), over(booked.ids["assignment"], other))
    row = await shop.appointment(booked.ids["appointment"])
    assert (row.technician_id, row.assignment_id) == (other, moved.ids["assignment"])
    (taken,) = await shop.taken()
    assert taken.technician_id == other
