"""Reminders: once, at their time, whoever looks and whatever was moved meanwhile."""

import asyncio
from datetime import timedelta

import pytest

from app.db.tables.appointments import appointments
from app.domain.appointment_life import remind_at
from app.domain.appointments import Appointment, AppointmentStatus
from app.domain.events import Event, EventType
from app.domain.organizations import BookingRules
from app.domain.timers import TooEarly
from app.services.deleting import Delete
from app.services.invitations.remind import Remind, remind
from app.services.perform import Written
from app.services.tickets.delete_ticket import delete_ticket
from tests.invitations.diary import STARTS, Diary
from tests.services.scene import Clock

DAY_BEFORE = STARTS - timedelta(hours=24)
LETTERS = [("customer", "EMAIL", "REMINDER")]


async def told_of(diary: Diary) -> list[Event]:
    return [each for each in await diary.scene.events() if each.type is EventType.APPOINTMENT_REMINDER]


async def reminded(diary: Diary, appointment: Appointment) -> Written | None:
    return await remind(diary.writer, diary.server, Remind(appointment_id=appointment.id))


async def test_at_its_time_an_appointment_is_told_of_and_announced(diary: Diary, clock: Clock) -> None:
    appointment = await diary.book()
    clock.at = DAY_BEFORE

    written = await reminded(diary, appointment)

    assert written is not None
    (event,) = await told_of(diary)
    assert (event.kind, event.subject_id, event.ticket_id) == ("Appointment", appointment.id, appointment.ticket_id)
    assert event.version == 2
    assert event.after is not None
    assert event.after.technician_id == diary.scene.world.technicians["ann"]
    assert event.after.team_id == diary.scene.world.teams["north"]
    assert event.after.customer_id == diary.scene.world.customer_id
    assert [each.field for each in event.changes] == ["reminded_at"]
    row = await diary.scene.row(appointments, appointment.id)
    assert (row.reminded_at, row.version, row.invite_sequence) == (DAY_BEFORE, 2, 0)
    assert (await diary.told())[2:] == LETTERS


async def test_of_any_number_of_workers_one_reminds(diary: Diary, clock: Clock) -> None:
    appointment = await diary.book()
    clock.at = DAY_BEFORE

    done = await asyncio.gather(*(reminded(diary, appointment) for _ in range(6)))

    assert sum(each is not None for each in done) == 1
    assert len(await told_of(diary)) == 1
    assert (await diary.told())[2:] == LETTERS
    assert await reminded(diary, appointment) is None


async def test_by_a_clock_that_is_behind_it_is_too_early(diary: Diary, clock: Clock) -> None:
    appointment = await diary.book()
    clock.at = DAY_BEFORE - timedelta(seconds=3)

    with pytest.raises(TooEarly) as early:
        await reminded(diary, appointment)

    assert early.value.wait == timedelta(seconds=3)
    assert await told_of(diary) == []


@pytest.mark.parametrize("days", [2, -1])
async def test_a_moved_appointment_is_reminded_of_at_its_new_time_alone(diary: Diary, clock: Clock, days: int) -> None:
    appointment = await diary.book(
        starts_at=STARTS + timedelta(days=3),
        ends_at=STARTS + timedelta(days=4),
        arrival_until=STARTS + timedelta(days=3),
        remind_at=DAY_BEFORE + timedelta(days=3),
    )
    moved = await diary.move(appointment, by=timedelta(days=days))
    timers = await diary.timers("appointment-reminder")

    # Each has its own timer, as the earlier one may come too late.
    assert len(timers) == 2
    assert moved.remind_at is not None
    clock.at = min(moved.remind_at, DAY_BEFORE + timedelta(days=3))
    if moved.remind_at > clock.at:
        with pytest.raises(TooEarly):
            await reminded(diary, moved)
    clock.at = moved.remind_at
    assert await reminded(diary, moved) is not None
    clock.at += timedelta(hours=1)
    assert await reminded(diary, moved) is None
    assert len(await told_of(diary)) == 1


async def test_a_reminder_is_given_anew_after_a_move(diary: Diary, clock: Clock) -> None:
    appointment = await diary.book()
    clock.at = DAY_BEFORE
    await reminded(diary, appointment)
    moved = await diary.move(appointment, by=timedelta(days=7))
    clock.at = DAY_BEFORE + timedelta(days=7)

    assert await reminded(diary, moved) is not None
    assert len(await told_of(diary)) == 2
    assert [each.sequence for each in await diary.deliveries() if each.purpose == "REMINDER"] == [0, 1]


@pytest.mark.parametrize(
    "status", [AppointmentStatus.IN_PROGRESS, AppointmentStatus.COMPLETED, AppointmentStatus.NO_SHOW]
)
async def test_what_is_not_ahead_any_more_is_not_reminded_of(
    diary: Diary, clock: Clock, status: AppointmentStatus
) -> None:
    appointment = await diary.book()
    await diary.scene.change(appointments, appointment.id, status=status)
    clock.at = DAY_BEFORE

    assert await reminded(diary, appointment) is None
    assert await told_of(diary) == []


async def test_what_was_called_off_or_whose_ticket_is_gone_is_not_reminded_of(diary: Diary, clock: Clock) -> None:
    cancelled = await diary.book()
    await diary.cancel(cancelled)
    orphan = await diary.book()
    await delete_ticket(diary.writer, diary.scene.actor("admin"), Delete(id=orphan.ticket_id))
    clock.at = DAY_BEFORE

    assert await reminded(diary, cancelled) is None
    assert await reminded(diary, orphan) is None


async def test_when_workers_were_away_until_it_began_nobody_is_reminded(diary: Diary, clock: Clock) -> None:
    appointment = await diary.book()
    clock.at = STARTS

    assert await reminded(diary, appointment) is None


async def test_whoever_does_not_want_to_be_told_is_not_and_the_log_tells_all_the_same(
    diary: Diary, clock: Clock
) -> None:
    appointment = await diary.book(notify=False)
    clock.at = DAY_BEFORE
    await reminded(diary, appointment)

    assert len(await told_of(diary)) == 1
    assert len(await diary.deliveries()) == 1


async def test_a_reminder_goes_out_also_where_no_invitations_do(diary: Diary, clock: Clock) -> None:
    await diary.scene.settle(send_confirmation_email=False)
    appointment = await diary.book()
    clock.at = DAY_BEFORE
    await reminded(diary, appointment)

    assert await diary.told() == LETTERS


def test_when_to_remind_is_settled_and_what_is_nearer_is_not_reminded_of() -> None:
    rules = BookingRules(reminder_hours_before=24)

    assert remind_at(STARTS, rules, now=DAY_BEFORE - timedelta(seconds=1)) == DAY_BEFORE
    assert remind_at(STARTS, rules, now=DAY_BEFORE) is None
    assert remind_at(STARTS, BookingRules(reminder_hours_before=0), now=DAY_BEFORE - timedelta(days=1)) is None
