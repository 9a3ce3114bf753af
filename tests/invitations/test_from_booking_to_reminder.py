"""Bookings as they are made tell everybody whom they concern: invited, moved, handed over, confirmed, reminded, off."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.deliveries import Channel
from app.domain.events import EventType
from app.services.appointments.action import AppointmentAction
from app.services.appointments.cancel_appointment import CancelAppointment, cancel_appointment
from app.services.appointments.confirm_appointment import confirm_appointment
from app.services.appointments.reschedule_appointment import RescheduleAppointment, reschedule_appointment
from app.services.assignments.reassign_ticket import ReassignTicket, reassign_ticket
from app.services.deleting import Delete
from app.services.invitations.remind import Remind, remind
from app.services.perform import Writer
from app.services.tickets.delete_ticket import delete_ticket
from tests.invitations.delivering import carry_all, outside
from tests.invitations.diary import Diary
from tests.invitations.mail import MailServer, mail_server
from tests.invitations.test_letters import calendar_of
from tests.services.appointments.workshop import MONDAY, Workshop
from tests.services.scene import Clock
from tests.world import World

DAY = timedelta(days=1)


class TellingShop(Workshop):
    """A workshop that has a mail server."""

    @property
    def writer(self) -> Writer:
        """What the services write with."""
        return replace(super().writer, channels=frozenset({Channel.EMAIL}))


@pytest.fixture
async def shop(engine: AsyncEngine, world: World) -> TellingShop:
    """A workshop on a Monday morning before work begins, by a clock that stands."""
    shop = TellingShop(engine=engine, world=world, clock=Clock(MONDAY))
    await shop.open()
    return shop


@pytest.fixture
async def mail() -> AsyncIterator[MailServer]:
    """A mail server that takes everything."""
    async with mail_server() as server:
        yield server


@pytest.fixture
def diary(shop: TellingShop) -> Diary:
    """What the shop tells."""
    return Diary(scene=shop, channels=frozenset({Channel.EMAIL}))


async def posted(diary: Diary, mail: MailServer) -> list[tuple[str, str, Any]]:
    """Send what is due; return to whom, what about, and the invitation of each new letter."""
    before = len(mail.letters)
    async with outside(diary, mail=mail) as posts:
        await carry_all(diary, posts)
    return [
        (
            str(each["To"]).partition(" ")[0].lower(),
            str(each["Subject"]).partition(":")[0],
            None if each.get_content_type() == "text/plain" else calendar_of(each)[0].vevent,
        )
        for each in mail.letters[before:]
    ]


async def booked(shop: TellingShop, day: int = 3) -> UUID:
    offers = await shop.offer(customer_id=shop.world.customer_id, preferred_date=(MONDAY + day * DAY).date())
    return (await shop.book(offers)).ids["appointment"]


async def test_from_booking_to_cancellation(shop: TellingShop, diary: Diary, mail: MailServer) -> None:
    appointment_id = await booked(shop)
    invited = await posted(diary, mail)
    row = await shop.appointment(appointment_id)
    technician = next(name for name, id_ in shop.world.technicians.items() if id_ == row.technician_id)
    assert [each[:2] for each in invited] == [(technician, "Appointment"), ("customer", "Appointment")]
    assert {each[2].dtstart.value for each in invited} == {row.starts_at}

    await confirm_appointment(shop.writer, shop.actor("customer"), AppointmentAction(appointment_id=appointment_id))
    assert [each[:2] for each in await posted(diary, mail)] == [("customer", "Appointment confirmed")]

    offer = await shop.offer(customer_id=shop.world.customer_id, preferred_date=(MONDAY + 6 * DAY).date())
    command = RescheduleAppointment(appointment_id=appointment_id, slot_token=shop.token(offer))
    await reschedule_appointment(shop.writer, shop.actor("dispatcher"), command)
    moved = await posted(diary, mail)
    assert ("customer", "Appointment changed") in [each[:2] for each in moved]

    await cancel_appointment(
        shop.writer, shop.actor("dispatcher"), CancelAppointment(appointment_id=appointment_id, reason="Sold.")
    )
    off = await posted(diary, mail)
    assert ("customer", "Appointment cancelled") in [each[:2] for each in off]
    theirs = [event for who, _, event in (*invited, *moved, *off) if who == "customer"]
    assert {event.uid.value for event in theirs} == {str(appointment_id)}
    assert [event.sequence.value for event in theirs] == ["0", "1", "2"]
    assert theirs[-1].status.value == "CANCELLED"


async def test_who_gets_the_job_instead_is_invited_and_who_had_it_is_told(
    shop: TellingShop, diary: Diary, mail: MailServer
) -> None:
    appointment_id = await booked(shop)
    await posted(diary, mail)
    row = await shop.appointment(appointment_id)
    other = next(name for name in ("ann", "bob") if shop.world.technicians[name] != row.technician_id)
    # Nobody is on shift yet on this morning.
    command = ReassignTicket(
        assignment_id=row.assignment_id,
        technician_id=shop.world.technicians[other],
        reason_note="Away.",
        override_warnings=True,
    )
    await reassign_ticket(shop.writer, shop.actor("dispatcher"), command)

    told = {who: (about, event.sequence.value) for who, about, event in await posted(diary, mail)}
    assert told[other] == ("Appointment", "1")
    assert {about for about, _ in told.values()} == {"Appointment", "Appointment cancelled", "Appointment changed"}


async def test_a_deleted_ticket_calls_its_appointment_off_in_every_calendar(
    shop: TellingShop, diary: Diary, mail: MailServer
) -> None:
    appointment_id = await booked(shop)
    await posted(diary, mail)
    row = await shop.appointment(appointment_id)
    await delete_ticket(shop.writer, shop.actor("admin"), Delete(id=row.ticket_id))

    assert {about for _, about, _ in await posted(diary, mail)} == {"Appointment cancelled"}


async def test_an_appointment_is_reminded_of_a_day_before(shop: TellingShop, diary: Diary, mail: MailServer) -> None:
    appointment_id = await booked(shop)
    await posted(diary, mail)
    row = await shop.appointment(appointment_id)
    assert row.remind_at == row.starts_at - DAY
    (timer,) = await diary.timers("appointment-reminder")
    assert timer.subject_id == appointment_id
    assert isinstance(shop.clock, Clock)
    shop.clock.at = row.remind_at

    await remind(shop.writer, diary.server, Remind(appointment_id=appointment_id))

    assert [each[:2] for each in await posted(diary, mail)] == [("customer", "Reminder of your appointment")]
    assert [each.type for each in await shop.events()][-1] is EventType.APPOINTMENT_REMINDER


async def test_where_there_is_no_way_out_bookings_put_nothing_down(engine: AsyncEngine, world: World) -> None:
    shop = Workshop(engine=engine, world=world, clock=Clock(MONDAY))
    await shop.open()
    await shop.book(await shop.offer(customer_id=world.customer_id, preferred_date=(MONDAY + 3 * DAY).date()))
    diary = Diary(scene=shop)

    assert await diary.deliveries() == []
    # It is reminded of in the log all the same.
    assert len(await diary.timers("appointment-reminder")) == 1
