"""Many who want the same slots at once: each goes to one of them, and nobody's time is ever taken twice.

`make race-bookings` lets 200 race for each of 100 slots, and tries ten thousand things in any order.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from random import Random
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.slot_offers import SlotOffer
from app.services.appointments.book_appointment import BookAppointment, book_appointment
from app.services.perform import Written
from tests.races.agreed import check_agreed, overlaps, wrong_slots
from tests.races.bookers import Bookers
from tests.races.truth import check
from tests.services.appointments.workshop import MONDAY, Workshop
from tests.services.scene import Clock
from tests.world import World

_RACERS = int(os.environ.get("RACE_BOOKERS", "12"))
_SLOTS = int(os.environ.get("RACE_SLOTS", "10"))
_ROUNDS = int(os.environ.get("RACE_ROUNDS", "5"))
_EACH = 8
_HEAD_START_SECONDS = 0.1
_TECHNICIANS = ("ann", "bob", "eva", "fay", "gus", "hal", "ida", "jan", "kim", "lea")
_DAYS = 12


@pytest.fixture
async def shop(engine: AsyncEngine, world: World) -> Workshop:
    """A workshop of ten technicians on a Monday morning before work begins, by a clock that stands."""
    shop = Workshop(engine=engine, world=world, clock=Clock(MONDAY))
    for name in _TECHNICIANS[2:]:
        await shop.hire(name, 1)
    await shop.open(days=_DAYS, technicians=_TECHNICIANS)
    return shop


async def bookers_of(shop: Workshop) -> Bookers:
    return Bookers(
        shop=shop,
        pattern=await shop.offer(),
        names=_TECHNICIANS,
        days=_DAYS,
        agendas=shop.agendas,
        writer=replace(shop.writer, slots=asyncio.Semaphore(16)),
    )


@dataclass(slots=True)
class Racer:
    """Somebody with work of their own, who has an appointment for it once they have won."""

    ticket_id: UUID
    appointment_id: UUID | None = None


async def _race(bookers: Bookers, racer: Racer, offer: SlotOffer, chance: Random, *, dreams: bool) -> bool:
    """Let one racer try to get a slot; True: they have it as their appointment."""
    way = chance.random()
    if racer.appointment_id is not None:
        if way < 0.8:
            ours = racer.appointment_id
            return await bookers.attempt("move", lambda: bookers.move(ours, offer)) is not None
        gone = racer.appointment_id
        if await bookers.attempt("cancel", lambda: bookers.cancel(gone)) is not None:
            racer.appointment_id = None
    # Moving takes longer to come to the technician's lock: the others begin a little later.
    await asyncio.sleep(chance.random() * _HEAD_START_SECONDS)
    hold_id = None
    if way < 0.3:
        held = await bookers.attempt("hold", lambda: bookers.hold(offer))
        if held is None:
            return False
        hold_id = held.ids["hold"]
        if dreams and way < 0.1:
            return False
    token = bookers.shop.token(offer) if hold_id is None else None
    command = BookAppointment(hold_id=hold_id, slot_token=token, ticket_id=racer.ticket_id)
    written = await bookers.attempt("book", lambda: book_appointment(bookers.writer, bookers.dispatcher, command))
    # Who holds a slot gets it.
    assert hold_id is None or written is not None
    racer.appointment_id = None if written is None else written.ids["appointment"]
    return written is not None


async def test_of_all_who_race_for_a_slot_exactly_one_gets_it(shop: Workshop) -> None:
    bookers, chance = await bookers_of(shop), Random(11)
    racers = [Racer(await shop.ticket()) for _ in range(_RACERS)]
    left_to_dream = 0
    for number in range(_SLOTS):
        name, day = _TECHNICIANS[number % len(_TECHNICIANS)], 1 + number // len(_TECHNICIANS)
        # Who comes first mostly wins.
        chance.shuffle(racers)
        offer, chance_of = bookers.slot(name, day), [Random(chance.random()) for _ in racers]
        for dreams in (True, False):
            offer = replace(offer, made_at=shop.clock())
            runs = (
                _race(bookers, racer, offer, dice, dreams=dreams) for racer, dice in zip(racers, chance_of, strict=True)
            )
            won = sum(await asyncio.gather(*runs))
            if won:
                break
            # Somebody holds it and has forgotten: it runs out.
            left_to_dream += 1
            assert isinstance(shop.clock, Clock)
            shop.clock.pass_by(minutes=16)
        assert won == 1, (number, won)
        assert await overlaps(shop) == (0, 0)
    assert await check_agreed(shop, since=MONDAY, days=_DAYS) >= 1
    await check(shop)
    # Not that nothing was tried.
    assert bookers.refused["SlotTaken"] > _RACERS
    assert min(bookers.done["book"], bookers.done["hold"] + bookers.done["move"]) > 0, bookers.done
    _report("slots", bookers, left_to_dream=left_to_dream, deadlocks=await _deadlocks(shop))


async def test_whatever_is_tried_at_once_every_appointment_stands_and_no_time_is_taken_twice(shop: Workshop) -> None:
    bookers, chance = await bookers_of(shop), Random(5)
    for _ in range(_ROUNDS):
        dice = [Random(chance.random()) for _ in range(_EACH)]

        async def work(own: Random) -> None:
            for _ in range(_EACH):
                await bookers.act(own)

        await asyncio.gather(*map(work, dice))
        await check_agreed(shop, since=MONDAY, days=_DAYS)
        # Time passes when nobody is at work, so that the history can be read by its times alone.
        assert isinstance(shop.clock, Clock)
        shop.clock.pass_by(minutes=chance.randint(0, 12))
    await check(shop)
    assert sum(bookers.done.values()) > _ROUNDS * _EACH
    assert sum(bookers.refused.values()) > _ROUNDS
    _report("anything", bookers, deadlocks=await _deadlocks(shop))


async def test_without_guards_several_get_a_slot_and_it_is_noticed(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_arguments: object, **_options: object) -> None:
        return None

    monkeypatch.setattr("app.services.appointments.judging.lock_technicians", nothing)
    monkeypatch.setattr("app.services.appointments.judging.lock_bays", nothing)
    monkeypatch.setattr("app.services.assignments.offering.lock_technicians", nothing)
    async with shop.engine.begin() as connection:
        for name in ("no_technician_twice", "no_bay_twice"):
            await connection.execute(sa.text(f"ALTER TABLE bookings DROP CONSTRAINT {name}"))
    bookers = await bookers_of(shop)
    own = [await shop.ticket() for _ in range(12)]
    offer = bookers.slot("ann", 1, bay="Bay 1")

    answers = await asyncio.gather(*(bookers.attempt("book", _booking(bookers, offer, each)) for each in own))

    assert len([each for each in answers if isinstance(each, Written)]) > 1
    of_technicians, of_bays = await overlaps(shop)
    assert min(of_technicians, of_bays) > 0
    assert await wrong_slots(shop, since=MONDAY, days=_DAYS) != []
    with pytest.raises(AssertionError):
        await check_agreed(shop, since=MONDAY, days=_DAYS)


def _booking(bookers: Bookers, offer: SlotOffer, ticket_id: UUID) -> Callable[[], Awaitable[Written]]:
    return lambda: bookers.book(offer, ticket_id=ticket_id)


async def _deadlocks(shop: Workshop) -> int:
    """Return how many deadlocks the database broke, each of which was tried again."""
    query = sa.text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    async with shop.engine.connect() as connection:
        await connection.execute(sa.text("SELECT pg_stat_force_next_flush()"))
        return int(await connection.scalar(query) or 0)


def _report(name: str, bookers: Bookers, **more: int) -> None:
    print(f"\n{name}: done {dict(bookers.done)}, refused {dict(bookers.refused)}, {more}")  # noqa: T201  # the figures are what a long run is for
