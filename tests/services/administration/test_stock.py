"""Stock is adjusted: nobody takes what is not there or is reserved, and nothing is lost where several write at once."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from app.db.tables.customers import parts
from app.domain.refusals import Forbidden, IdempotencyMismatch, Invalid, NotEligible, NotFound, StaleVersion
from app.domain.slot_offers import SlotOffer
from app.services.administration import parts as service
from app.services.appointments.cancel_appointment import CancelAppointment, cancel_appointment
from app.services.assignments.complete_assignment import complete_assignment
from app.services.imports.importing import ImportLines, check_lines, import_lines
from app.services.imports.lines import Line
from app.services.imports.parts import PARTS as FILES_OF_PARTS
from app.services.perform import Written
from app.services.tickets.ticket_fields import NeededPart
from tests.services.administration.storekeeping import CUSTOMERS, PARTS, adjust, stock
from tests.services.appointments.workshop import Workshop
from tests.services.scene import Scene, report, seals
from tests.world import World, make_world


@pytest.fixture
async def shop(engine: AsyncEngine, world: World) -> Workshop:
    """A workshop in which ann and bob work for two weeks, with ten seals on the shelf."""
    shop = Workshop(engine=engine, world=world)
    await shop.open()
    return shop


async def reserve(shop: Workshop, quantity: int) -> UUID:
    """Book an appointment that reserves so many seals; return its id."""
    needed = NeededPart(part_id=shop.world.part_id, quantity=quantity, critical=True)
    ticket_id = await shop.ticket(required_parts=(needed,))
    written = await shop.book(await shop.offer(ticket_id=ticket_id), ticket_id=ticket_id)
    return written.ids["appointment"]


def unlocked(monkeypatch: pytest.MonkeyPatch, *, together: int = 1) -> None:
    """Let the part be read without its lock, by so many before any of them goes on."""
    all_here = asyncio.Barrier(together)

    async def read(kept: Any, change: Any, id_: UUID, **_options: Any) -> Any:
        query = parts.select().where(parts.c.organization_id == change.actor.organization_id, parts.c.id == id_)
        row = dict((await change.connection.execute(query)).mappings().one())
        await all_here.wait()
        return {**row, **await kept.beside(change, row)}

    monkeypatch.setattr(service, "locked", read)


async def test_what_came_went_or_was_counted_is_written_and_told_with_its_reason(scene: Scene) -> None:
    written = await adjust(scene, delta=5, reason="  Delivered.  ")

    row = await scene.row(parts, scene.world.part_id)
    assert (row.stock, row.version, written.ids) == (15, 2, {"part": row.id})
    (event,) = await scene.events(written)
    assert (event.kind, event.subject_id, event.version) == ("Part", row.id, 2)
    assert [(each.field, each.old, each.new) for each in event.changes] == [
        ("stock", 10, 15),
        ("reason", None, "Delivered."),
    ]
    await adjust(scene, delta=-15)
    assert await stock(scene) == 0
    await adjust(scene, counted=7)
    assert await stock(scene) == 7
    # What is so already is neither written nor told.
    assert await scene.events(await adjust(scene, counted=7)) == []


async def test_nobody_takes_what_is_not_there(scene: Scene) -> None:
    with pytest.raises(Invalid) as refused:
        await adjust(scene, delta=-11)

    assert refused.value.field == ("delta",)
    assert refused.value.problem.startswith("Only 10 are on the shelf;")
    assert await stock(scene) == 10


async def test_what_was_used_beyond_what_was_counted_is_made_good(scene: Scene) -> None:
    await scene.change(parts, scene.world.part_id, stock=-2_000_000)

    with pytest.raises(Invalid) as refused:
        await adjust(scene, delta=-1)
    assert refused.value.problem.startswith("Only 0 are on the shelf;")
    await adjust(scene, delta=4)
    assert await stock(scene) == -1_999_996
    await adjust(scene, counted=2)
    assert await stock(scene) == 2


async def test_nobody_takes_what_is_reserved_until_it_is_given_back(shop: Workshop) -> None:
    appointment_id = await reserve(shop, 6)

    await adjust(shop, delta=-4)
    with pytest.raises(Invalid) as refused:
        await adjust(shop, delta=-1)
    assert refused.value.field == ("delta",)
    assert refused.value.problem.startswith("Of 6 on the shelf open appointments have reserved 6;")
    await cancel_appointment(
        shop.writer, shop.actor("dispatcher"), CancelAppointment(appointment_id=appointment_id, reason="Rain.")
    )
    await adjust(shop, delta=-6)

    assert await stock(shop) == 0


async def test_what_was_counted_is_so_and_warned_of_where_more_is_reserved(shop: Workshop) -> None:
    await reserve(shop, 6)

    assert (await adjust(shop, counted=6)).warnings == ()
    written = await adjust(shop, counted=2)

    assert written.warnings == ("Open appointments have reserved 6, 4 more than are there.",)
    assert await stock(shop) == 2
    await adjust(shop, delta=1)
    assert await stock(shop) == 3


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "delta"),
    ({"delta": 1, "counted": 1}, "delta"),
    ({"delta": 0}, "delta"),
    ({"delta": 1_000_001}, "delta"),
    ({"delta": -1_000_001}, "delta"),
    ({"delta": 999_991}, "delta"),
    ({"counted": -1}, "counted"),
    ({"counted": 1_000_001}, "counted"),
    ({"delta": 1, "reason": "  "}, "reason"),
    ({"delta": 1, "reason": "x" * 501}, "reason"),
    ({"delta": 1, "reason": "a\x00b"}, "reason"),
]


@pytest.mark.parametrize(("values", "field"), WRONG, ids=[f"{values}"[:40] for values, _ in WRONG])
async def test_what_makes_no_sense_is_named_and_nothing_is_written(
    scene: Scene, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await adjust(scene, **values)

    assert refused.value.field == (field,)
    assert (await scene.row(parts, scene.world.part_id)).version == 1


@pytest.mark.parametrize("count", [-1, 1_000_001])
async def test_a_new_part_has_as_many_as_can_be_counted(scene: Scene, count: int) -> None:
    with pytest.raises(Invalid) as refused:
        await PARTS.new(scene, stock=count)

    assert refused.value.field == ("stock",)


@pytest.mark.parametrize("name", ["customer", "ann", "dispatcher", "lead"])
async def test_only_managers_and_administrators_adjust_stock(scene: Scene, name: str) -> None:
    with pytest.raises(Forbidden):
        await adjust(scene, by=name, delta=1)
    await adjust(scene, by="admin", delta=1)

    assert await stock(scene) == 11


async def test_a_part_that_is_not_there_or_another_organisations_is_not_found(scene: Scene) -> None:
    elsewhere = await make_world(scene.engine, "Elsewhere")

    for part_id in (uuid7(), elsewhere.part_id):
        with pytest.raises(NotFound) as refused:
            await adjust(scene, part_id, delta=1)
        assert refused.value.field == ("partId",)


async def test_what_was_counted_before_something_changed_is_refused(scene: Scene) -> None:
    await adjust(scene, delta=1, expected_version=1)

    with pytest.raises(StaleVersion) as refused:
        await adjust(scene, counted=3, expected_version=1)

    assert (refused.value.current, await stock(scene)) == (2, 11)


async def test_a_repeat_takes_once(scene: Scene) -> None:
    first = await adjust(scene, delta=-3, idempotency_key="once")

    assert await adjust(scene, delta=-3, idempotency_key="once") == first
    assert await stock(scene) == 7
    with pytest.raises(IdempotencyMismatch):
        await adjust(scene, delta=-4, idempotency_key="once")


async def test_of_many_who_take_at_once_as_many_get_one_as_there_are(scene: Scene) -> None:
    answers = await asyncio.gather(*(adjust(scene, delta=-1) for _ in range(25)), return_exceptions=True)

    assert len([each for each in answers if isinstance(each, Written)]) == 10
    assert len([each for each in answers if isinstance(each, Invalid)]) == 15
    assert await stock(scene) == 0


async def test_without_the_lock_several_take_the_same_one(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    unlocked(monkeypatch, together=4)

    await asyncio.gather(*(adjust(scene, delta=-1) for _ in range(4)))

    assert await stock(scene) == 9


async def test_what_a_job_uses_up_meanwhile_is_not_lost(scene: Scene) -> None:
    jobs = {name: await scene.started(name) for name in ("ann", "bob")}

    await asyncio.gather(
        *(
            complete_assignment(scene.writer, scene.actor(name), report(job, parts_used=(seals(2),)))
            for name, job in jobs.items()
        ),
        *(adjust(scene, delta=1) for _ in range(5)),
    )

    assert await stock(scene) == 10 - 4 + 5


async def taken_while_it_is_booked(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> tuple[bool, Any]:
    """Take five of ten seals, and book six between the count and the writing; tell whether booking waited, and ended.

    Booking that is done before anything is taken ends well.
    """
    offer = await shop.offer(part_numbers=("SEAL-1",))
    wanted = offer.wanted
    offer = replace(offer, wanted=replace(wanted, parts=tuple(replace(each, quantity=6) for each in wanted.parts)))
    reserved = service.reserved_of
    booking: list[asyncio.Task[Written]] = []

    async def count_and_let_book(*asked: Any) -> Any:
        found = await reserved(*asked)
        booking.append(asyncio.create_task(shop.book(offer)))
        await asyncio.wait(booking, timeout=1)
        return found

    monkeypatch.setattr(service, "reserved_of", count_and_let_book)
    waited: list[bool] = []
    adjusting = asyncio.create_task(adjust(shop, delta=-5))
    adjusting.add_done_callback(lambda _done: waited.append(not booking[0].done()))
    await adjusting
    (outcome,) = await asyncio.gather(*booking, return_exceptions=True)
    return waited[0], outcome


async def test_nothing_is_reserved_of_what_is_being_taken(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    waited, outcome = await taken_while_it_is_booked(shop, monkeypatch)

    assert waited
    assert isinstance(outcome, NotEligible)
    assert await stock(shop) == 5


async def test_without_the_lock_more_is_reserved_than_is_left(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    unlocked(monkeypatch)

    waited, outcome = await taken_while_it_is_booked(shop, monkeypatch)

    assert not waited
    assert isinstance(outcome, Written)
    assert await stock(shop) == 5


async def test_what_is_no_longer_used_is_counted_all_the_same(scene: Scene) -> None:
    part_id = await PARTS.new(scene)
    await PARTS.change(scene, part_id, active=False)

    await adjust(scene, part_id, counted=1)

    assert await stock(scene, part_id) == 1


async def test_a_file_of_parts_that_counts_less_than_is_reserved_is_warned_of(shop: Workshop) -> None:
    await reserve(shop, 3)
    lines = (Line(number=2, values={"part_number": "SEAL-1", "stock": 1}),)
    warning = "Line 2: Open appointments have reserved 3, 2 more than are there."

    checked = await check_lines(shop.writer, shop.actor("manager"), FILES_OF_PARTS, ImportLines(lines=lines))
    assert list(checked.warnings) == [warning]
    assert await stock(shop) == 10
    written = await import_lines(shop.writer, shop.actor("manager"), FILES_OF_PARTS, ImportLines(lines=lines))

    assert written.warnings == (warning,)
    assert await stock(shop) == 1


async def test_slots_follow_what_is_on_the_shelf_and_what_is_said_of_a_customer(shop: Workshop) -> None:
    async def offered() -> list[SlotOffer]:
        found = await shop.find(part_numbers=("SEAL-1",), customer_id=shop.world.customer_id)
        return list(found.offers)

    assert len(await offered()) > 0
    await adjust(shop, counted=0)
    assert await offered() == []
    await adjust(shop, delta=1)
    await CUSTOMERS.change(shop, shop.world.customer_id, tier="FLEET", latitude=51.0, longitude=4.0)

    wanted = (await offered())[0].wanted
    assert (wanted.customer_tier, wanted.latitude, wanted.longitude) == ("FLEET", 51.0, 4.0)
