"""Who is told what by which way, put down with what is agreed and gone with it."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.db.tables.customers import customer_users
from app.db.tables.deliveries import calendar_connections
from app.db.tables.people import users
from app.db.transaction import transaction
from app.domain.calendar_connections import CalendarProvider
from app.domain.deliveries import Channel, DeliveryPurpose
from app.services.invitations import announce as announcing
from tests.invitations.diary import Diary

BOTH = [("technician ann", "EMAIL", "INVITE"), ("customer", "EMAIL", "INVITE")]


async def test_an_invitation_goes_to_the_technician_and_to_the_customers_side(diary: Diary) -> None:
    appointment = await diary.book()

    assert await diary.told() == BOTH
    found = await diary.deliveries()
    assert {(each.state, each.attempts, each.sequence, each.appointment_id) for each in found} == {
        ("DUE", 0, 0, appointment.id)
    }
    assert {each.subject_id for each in await diary.timers("delivery")} == {each.id for each in found}


async def test_what_was_not_agreed_after_all_is_not_told(diary: Diary, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("tests.invitations.diary.set_reminder", fail)
    with pytest.raises(ZeroDivisionError):
        await diary.book()

    assert (await diary.deliveries(), await diary.timers("delivery")) == ([], [])


async def test_every_calendar_that_may_be_written_into_is(diary: Diary) -> None:
    await diary.connect(CalendarProvider.GOOGLE, "ann@calendars.example", "grant")
    await diary.connect(CalendarProvider.MICROSOFT, "me", "grant", broken_because="taken back")
    await diary.connect(CalendarProvider.MICROSOFT, "me", "grant", technician="bob")

    await diary.book()

    assert await diary.told() == [BOTH[0], ("technician ann", "GOOGLE", "INVITE"), BOTH[1]]


async def test_by_a_way_that_is_not_set_up_nothing_is_put_down(diary: Diary) -> None:
    await diary.connect(CalendarProvider.GOOGLE, "ann@calendars.example", "grant")
    diary.channels = frozenset({Channel.GOOGLE})

    appointment = await diary.book()

    assert await diary.told() == [("technician ann", "GOOGLE", "INVITE")]
    diary.channels = frozenset()
    await diary.move(appointment)
    assert len(await diary.deliveries()) == 1


@pytest.mark.parametrize("settled", [True, False, None])
async def test_letters_go_out_as_the_organisation_has_settled(diary: Diary, settled: bool | None) -> None:
    await diary.scene.settle(send_confirmation_email=settled)

    await diary.book()

    assert await diary.told() == ([] if settled is False else BOTH)


async def test_the_customers_side_is_left_alone_where_the_booking_says_so(diary: Diary) -> None:
    appointment = await diary.book(notify=False)
    await diary.confirm(appointment)

    assert await diary.told() == BOTH[:1]


async def test_who_was_invited_is_kept_up_to_date_whatever_is_settled_later(diary: Diary) -> None:
    appointment = await diary.book()
    await diary.scene.settle(send_confirmation_email=False)

    await diary.move(appointment)

    assert await diary.told() == [
        *BOTH,
        ("technician ann", "EMAIL", "UPDATE"),
        ("customer", "EMAIL", "UPDATE"),
    ]
    assert [each.sequence for each in await diary.deliveries()] == [0, 0, 1, 1]


async def test_another_technician_is_invited_and_the_one_before_is_told_that_it_is_off(diary: Diary) -> None:
    appointment = await diary.book(notify=False)
    moved = await diary.move(appointment, technician_id=diary.scene.world.technicians["bob"])
    await diary.move(moved, technician_id=diary.scene.world.technicians["ann"])

    assert await diary.told() == [
        ("technician ann", "EMAIL", "INVITE"),
        ("technician ann", "EMAIL", "CANCEL"),
        ("technician bob", "EMAIL", "INVITE"),
        ("technician bob", "EMAIL", "CANCEL"),
        ("technician ann", "EMAIL", "INVITE"),
    ]


async def test_whoever_was_invited_is_told_that_it_is_off_and_nobody_else(diary: Diary) -> None:
    appointment = await diary.book(notify=False)
    off = await diary.cancel(appointment)

    assert await diary.told() == [BOTH[0], ("technician ann", "EMAIL", "CANCEL")]
    assert off.invite_sequence == 1


async def test_a_confirmation_is_for_the_customers_side(diary: Diary) -> None:
    await diary.confirm(await diary.book())

    assert (await diary.told())[2:] == [("customer", "EMAIL", "CONFIRMATION")]


async def test_staff_who_ask_in_a_customers_name_are_told_only_where_the_customer_has_nobody(diary: Diary) -> None:
    world = diary.scene.world
    ticket_id = await diary.scene.ticket("dispatcher", customer_id=world.customer_id)
    appointment = await diary.book(ticket_id)
    assert await diary.told() == BOTH

    await diary.scene.change(users, world.users["customer"], active=False)
    await diary.move(appointment)

    assert (await diary.told())[2:] == [
        ("technician ann", "EMAIL", "UPDATE"),
        ("customer", "EMAIL", "CANCEL"),
        ("dispatcher", "EMAIL", "INVITE"),
    ]


async def test_of_a_customer_with_many_users_some_are_told_and_who_asked_is_among_them(
    diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = diary.scene.world
    monkeypatch.setattr(announcing, "MOST_OF_A_CUSTOMER", 2)
    async with transaction(diary.scene.engine, world.organization_id) as connection:
        for name in ("lead", "manager", "stranger"):
            row = {"customer_id": world.customer_id, "user_id": world.users[name]}
            await connection.execute(sa.insert(customer_users).values(organization_id=world.organization_id, **row))
    ticket_id = await diary.scene.ticket("stranger")

    await diary.book(ticket_id)

    told = await diary.told()
    assert told[1] == ("stranger", "EMAIL", "INVITE")
    assert len(told) == 3


async def test_who_cannot_be_written_to_is_left_out(diary: Diary) -> None:
    world = diary.scene.world
    await diary.scene.change(users, world.users["ann"], email=None)
    await diary.scene.change(users, world.users["customer"], email=None)

    await diary.book()

    assert await diary.told() == []


async def test_a_technician_who_asked_for_the_ticket_gets_one_letter(diary: Diary) -> None:
    await diary.book(await diary.scene.ticket("ann"), customer_id=None)

    assert await diary.told() == BOTH[:1]


async def test_what_is_announced_twice_is_there_once(diary: Diary) -> None:
    appointment = await diary.book()

    await asyncio.gather(*(diary._write(appointment, {"notes": None}, DeliveryPurpose.CONFIRMATION) for _ in range(3)))

    assert (await diary.told())[2:] == [("customer", "EMAIL", "CONFIRMATION")]


async def test_a_calendar_that_was_given_up_is_not_written_into_any_more(diary: Diary) -> None:
    await diary.connect(CalendarProvider.GOOGLE, "ann@calendars.example", "grant")
    appointment = await diary.book(notify=False)
    await diary.scene.alter(calendar_connections, sealed_token=None)

    await diary.move(appointment, by=timedelta(hours=1))

    assert (await diary.told())[2:] == [("technician ann", "EMAIL", "UPDATE")]
