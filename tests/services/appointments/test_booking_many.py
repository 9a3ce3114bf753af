"""Many booked at once, at times that are chosen together: what cannot be is refused, and the others are booked."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.db.tables.appointments import appointments
from app.db.tables.customers import parts
from app.db.tables.tickets import tickets
from app.domain.appointments import AppointmentType, LocationMode, Urgency
from app.domain.events import EventType
from app.domain.refusals import DependencyUnavailable, Forbidden, IdempotencyMismatch, Invalid
from app.integrations.solver import Solver
from app.services.appointments.book_appointments import BookAppointments, book_appointments
from app.services.appointments.together import BatchSolver
from app.services.appointments.wanting import SlotQuestion
from app.services.perform import Written
from tests.services.appointments.solving import Broken, Here
from tests.services.appointments.test_booking import overlaps
from tests.services.appointments.workshop import MONDAY, Workshop

HOUR = timedelta(hours=1)


def work(**values: Any) -> SlotQuestion:
    """Ask for two hours of work at the customer's."""
    return SlotQuestion(**{"appointment_type": AppointmentType.DIAGNOSTIC, "duration_minutes": 120, **values})


async def book_all(
    shop: Workshop, *requests: SlotQuestion, solver: BatchSolver | None = None, by: str = "dispatcher", **values: Any
) -> Written:
    """Book what is asked for."""
    command = BookAppointments(requests=requests, **{"seconds": 1.0, **values})
    return await book_appointments(shop.writer, shop.actor(by), command, shop.agendas, solver or Here())


def refusals(written: Written) -> dict[int, tuple[str, tuple[str, ...]]]:
    """Return code and path of what was refused, by place."""
    return {each.place: (each.code, tuple(each.field or ())) for each in written.refused.values()}


async def test_many_are_booked_beside_each_other_in_one_change_by_the_real_search(shop: Workshop) -> None:
    mine = await shop.ticket()
    requests = [work(customer_id=shop.world.customer_id) for _ in range(5)] + [work(ticket_id=mine)]

    with capture_logs() as logged:
        written = await book_all(shop, *requests, solver=Solver(), notify=False)

    assert written.refused == {}
    assert sorted(written.ids) == sorted(
        f"{role}.{n}" for n in range(6) for role in ("appointment", "assignment", "ticket")
    )
    assert written.ids["ticket.5"] == mine
    rows = await shop.rows(appointments)
    assert (len(rows), {each.notify for each in rows}) == (6, {False})
    assert await overlaps(shop) == 0
    told = [each.type for each in await shop.events(written)]
    assert (told.count(EventType.APPOINTMENT_SCHEDULED), told.count(EventType.TICKET_CREATED)) == (6, 5)
    assert [each["event"] for each in logged][:2] == ["slots.batch.begun", "slots.batch"]
    assert logged[-1]["event"] == "slots.batch.done"
    assert logged[-1]["placed"] == 6
    # None begins before the search is over.
    assert min(each.starts_at for each in rows) >= MONDAY + HOUR


async def test_what_cannot_be_booked_is_refused_by_its_place_and_the_others_are_booked(shop: Workshop) -> None:
    has_one = await shop.ticket()
    await shop.book(await shop.offer(ticket_id=has_one))
    twice = await shop.ticket()
    before = len(await shop.rows(tickets))

    written = await book_all(
        shop,
        work(customer_id=shop.world.customer_id),
        work(asset_id=shop.world.customer_id),
        work(ticket_id=has_one),
        work(ticket_id=twice),
        work(ticket_id=twice),
        work(duration_minutes=600),
        work(part_numbers=("NONE",)),
    )

    assert refusals(written) == {
        1: ("NOT_FOUND", ("requests", "1", "assetId")),
        2: ("VALIDATION_FAILED", ("requests", "2", "ticketId")),
        4: ("VALIDATION_FAILED", ("requests", "4", "ticketId")),
        5: ("NO_CANDIDATE", ("requests", "5")),
        6: ("NOT_FOUND", ("requests", "6", "partNumbers", "0")),
    }
    assert {name for name in written.ids if name.startswith("appointment")} == {"appointment.0", "appointment.3"}
    assert len(await shop.rows(tickets)) == before + 1


async def test_where_there_is_too_little_for_all_the_more_urgent_are_served(shop: Workshop) -> None:
    monday = ((MONDAY, MONDAY + 18 * HOUR),)
    low = [work(duration_minutes=480, windows=monday, urgency=Urgency.LOW) for _ in range(2)]
    high = [work(duration_minutes=480, windows=monday, urgency=Urgency.HIGH) for _ in range(2)]

    written = await book_all(shop, *low, *high)

    assert {name for name in written.ids if name.startswith("appointment")} == {"appointment.2", "appointment.3"}
    assert {place: code for place, (code, _) in refusals(written).items()} == {0: "NO_CANDIDATE", 1: "NO_CANDIDATE"}


async def test_bays_and_parts_are_shared_out(shop: Workshop) -> None:
    await shop.change(parts, shop.world.part_id, stock=1, lead_time_days=3)
    asked: dict[str, Any] = {"location_mode": LocationMode.AT_FACILITY, "skill_ids": (shop.world.skill_id,)}

    written = await book_all(shop, *(work(part_numbers=("SEAL-1",), **asked) for _ in range(3)))

    assert written.refused == {}
    days = sorted((each.starts_at - MONDAY).days for each in await shop.rows(appointments))
    assert days == [0, 3, 3]
    orders = [each for each in await shop.events(written) if each.type is EventType.PARTS_ORDER_REQUESTED]
    assert len(orders) == 2


async def test_what_others_book_meanwhile_is_replaced_by_the_next_best(shop: Workshop) -> None:
    async def book_the_best() -> None:
        for _ in range(2):
            await shop.book(await shop.offer())

    written = await book_all(shop, work(), work(), solver=Here(book_the_best))

    assert written.refused == {}
    rows = await shop.rows(appointments)
    assert len({(each.technician_id, each.starts_at) for each in rows}) == len(rows) == 4
    assert await overlaps(shop) == 0


async def test_what_others_book_meanwhile_and_cannot_be_replaced_is_refused(shop: Workshop) -> None:
    morning = ((MONDAY, MONDAY + 3 * HOUR),)
    only_ann: dict[str, Any] = {"windows": morning, "skill_ids": (shop.world.skill_id,)}

    async def book_both() -> None:
        for _ in range(2):
            await shop.book(await shop.offer(**only_ann))

    written = await book_all(shop, work(**only_ann), work(), solver=Here(book_both))

    assert refusals(written) == {0: ("NO_CANDIDATE", ("requests", "0"))}
    assert "appointment.1" in written.ids


async def test_a_repeat_has_the_same_answer_without_a_search(shop: Workshop) -> None:
    solver = Here()
    asked: dict[str, Any] = {"solver": solver, "idempotency_key": "once"}
    first = await book_all(shop, work(), work(asset_id=shop.world.customer_id), **asked)

    assert await book_all(shop, work(), work(asset_id=shop.world.customer_id), **asked) == first

    assert len(solver.asked) == 1
    with pytest.raises(IdempotencyMismatch):
        await book_all(shop, work(), **asked)


async def test_a_search_that_dies_is_told_and_nothing_is_written(shop: Workshop) -> None:
    with capture_logs() as logged, pytest.raises(DependencyUnavailable) as refused:
        await book_all(shop, work(), solver=Broken())

    assert refused.value.retry_after_seconds == 30
    assert "30 seconds" in refused.value.message
    assert "slots.batch.failed" in [each["event"] for each in logged]
    assert await shop.events() == []


async def test_with_nothing_that_can_be_wanted_no_search_is_begun(shop: Workshop) -> None:
    written = await book_all(shop, work(asset_id=shop.world.customer_id), solver=Broken())

    assert (written.ids, list(refusals(written))) == ({}, [0])


@pytest.mark.parametrize(
    ("count", "seconds", "field"),
    [
        (0, 1, "requests"),
        (51, 1, "requests"),
        (1, 0.4, "timeBudgetMs"),
        (1, 30.1, "timeBudgetMs"),
        (1, float("nan"), "timeBudgetMs"),
    ],
)
async def test_too_many_none_and_times_that_make_no_sense_are_refused(
    shop: Workshop, count: int, seconds: float, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await book_all(shop, *(work() for _ in range(count)), seconds=seconds)
    assert refused.value.field == (field,)


@pytest.mark.parametrize("by", ["ann", "customer", "stranger"])
async def test_only_dispatchers_book_many(shop: Workshop, by: str) -> None:
    with pytest.raises(Forbidden):
        await book_all(shop, work(), by=by)


async def test_batches_and_single_bookings_at_once_never_meet_in_a_slot(shop: Workshop) -> None:
    own = [await shop.ticket() for _ in range(8)]
    offers = [await shop.offer(ticket_id=each) for each in own]
    batches = (book_all(shop, *(work() for _ in range(4))) for _ in range(3))

    answers = await asyncio.gather(*batches, *(map(shop.book, offers)), return_exceptions=True)

    odd = [
        each
        for each in answers
        if isinstance(each, BaseException) and type(each).__name__ not in {"SlotTaken", "NotEligible"}
    ]
    assert odd == []
    many = [each for each in answers if isinstance(each, Written)]
    booked = sum(name.startswith("appointment") for each in many for name in each.ids)
    assert booked == len(await shop.taken()) >= 12
    assert await overlaps(shop) == 0
