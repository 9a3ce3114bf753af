"""What slots cost in a real database: searches with all they read, bookings, and how long others wait meanwhile."""

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import Any
from uuid import UUID

import numpy as np

from app.db.engine import open_engine
from app.db.transaction import Mode, transaction
from app.domain.appointments import AppointmentType
from app.domain.people import Actor
from app.domain.refusals import NotEligible, SlotTaken
from app.domain.slot_offers import SlotOffer
from app.integrations.solver import Solver
from app.services.appointments.agendas import Agendas
from app.services.appointments.book_appointment import BookAppointment, book_appointment
from app.services.appointments.book_appointments import BookAppointments, book_appointments
from app.services.appointments.looking import look, outlook_of
from app.services.appointments.search import Found
from app.services.appointments.wanting import SlotQuestion, wanted_of
from benchmarks.place import workplace
from benchmarks.slots.company import company, request
from benchmarks.slots.database import Branch, branch_of, question_of
from tests.cli.command import Workplace

_WRITERS = 8
_LONGEST_STALL_MS = 20
_TICK_SECONDS = 0.001
_REQUESTS = 50
# As the server collects.
_COLLECT_AFTER = (20_000, 50, 50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much of everything is done."""

    technicians: int
    bays: int
    questions: int
    bookings: int
    layouts: int
    batch_seconds: float


SIZES = Sizes(technicians=500, bays=40, questions=600, bookings=400, layouts=5, batch_seconds=5)
QUICK = Sizes(technicians=20, bays=4, questions=20, bookings=8, layouts=1, batch_seconds=0.5)


def served(sizes: Sizes) -> None:
    """Print it all."""
    with workplace() as place:
        asyncio.run(_measured(place, sizes))


async def _measured(place: Workplace, sizes: Sizes) -> None:
    engine = open_engine(place.server.url(), size=_WRITERS + 4)
    try:
        problem = company(sizes.technicians, sizes.bays, seed=1)
        branch = await branch_of(engine, problem)
        chance = np.random.default_rng(7)
        asked = [question_of(request(problem, chance)) for _ in range(sizes.questions)]
        agendas = branch.agendas()
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_COLLECT_AFTER)
        _say(f"\nIn a database, {sizes.technicians} technicians x {sizes.bays} bays\n")
        await _searches(branch, agendas, asked)
        await _booked(branch, sizes)
        await _stalls(branch, agendas, asked, sizes)
    finally:
        await engine.dispose()


def _dispatcher(branch: Branch) -> Actor:
    return branch.actor("dispatcher")


async def _find(branch: Branch, agendas: Agendas, question: SlotQuestion, limit: int = 3) -> Found:
    """Look for slots as availableSlots does: read what is wanted, then the agenda's news, then search."""
    actor = _dispatcher(branch)
    async with transaction(branch.engine, actor.organization_id, mode=Mode.READ) as connection:
        wanted = await wanted_of(
            connection, actor, question, now=branch.clock(), horizon_days=agendas.horizon_days
        )  # fmt: skip
        outlook = await outlook_of(connection, actor.organization_id, wanted)
    return await look(agendas, actor.organization_id, outlook, clock=branch.clock, limit=limit)


async def _book(branch: Branch, offer: SlotOffer, ticket_id: UUID | None = None) -> bool:
    token = branch.writer.slot_tokens.encode(branch.world.organization_id, offer)
    try:
        await book_appointment(
            branch.writer, _dispatcher(branch), BookAppointment(slot_token=token, ticket_id=ticket_id)
        )
    except (SlotTaken, NotEligible):
        return False
    return True


async def _searches(branch: Branch, agendas: Agendas, asked: list[SlotQuestion]) -> None:
    """Print what searches take, alone and with a booking between each two."""
    begin = perf_counter()
    await agendas.of(branch.world.organization_id)
    _say(f"The first question waits {perf_counter() - begin:.2f} s for the agenda.\n")
    _say("| searches with their reads | p50 ms | p95 ms | p99 ms |")
    _say("|---|---|---|---|")
    medians = []
    for name, books in (("nothing booked between", False), ("a booking between each two", True)):
        took = []
        for question in asked:
            begin = perf_counter()
            found = await _find(branch, agendas, question)
            took.append(1000 * (perf_counter() - begin))
            if books and found.offers:
                await _book(branch, found.offers[0])
        p50, p95, p99 = np.percentile(took, (50, 95, 99))
        medians.append(p50)
        _say(f"| {name} | {p50:.1f} | {p95:.1f} | {p99:.1f} |")
    _say(f"\nRATIO slots searches-with-bookings-to-without {medians[1] / medians[0]:.2f}")


async def _booked(branch: Branch, sizes: Sizes) -> None:
    """Print bookings a second of one writer and of several, each for a technician and a ticket of its own."""
    rates = []
    _say("\n| writers | bookings a second | p50 ms | p99 ms |")
    _say("|---|---|---|---|")
    names = [each.id for each in branch.problem.technicians]
    for writers, whose in ((1, names[0::2]), (_WRITERS, names[1::2])):
        todo = await _prepared(branch, whose[: sizes.bookings // 2])
        count, took = len(todo), list[float]()

        async def work(left: list[tuple[SlotOffer, UUID]] = todo, took: list[float] = took) -> None:
            while left:
                offer, ticket_id = left.pop()
                begin = perf_counter()
                if not await _book(branch, offer, ticket_id):
                    raise AssertionError("nobody else books for this technician")
                took.append(1000 * (perf_counter() - begin))

        begin = perf_counter()
        await asyncio.gather(*(work() for _ in range(writers)))
        rates.append(count / (perf_counter() - begin))
        p50, p99 = np.percentile(took, (50, 99))
        _say(f"| {writers} | {rates[-1]:.0f} | {p50:.1f} | {p99:.1f} |")
    _say(f"\nRATIO slots bookings-{_WRITERS}-writers-to-1 {rates[1] / rates[0]:.2f}")


async def _prepared(branch: Branch, whose: list[UUID]) -> list[tuple[SlotOffer, UUID]]:
    """Return for each technician a slot of theirs and a ticket."""
    agendas, found = branch.agendas(), list[tuple[SlotOffer, UUID]]()
    for technician_id in whose:
        question = SlotQuestion(
            appointment_type=AppointmentType.DIAGNOSTIC,
            duration_minutes=30,
            preferred_technician_id=technician_id,
        )
        offers = (await _find(branch, agendas, question, limit=20)).offers
        mine = next((each for each in offers if each.technician_id == technician_id), None)
        if mine is not None:
            found.append((mine, await branch.ticket()))
    return found


async def _stalls(branch: Branch, agendas: Agendas, asked: list[SlotQuestion], sizes: Sizes) -> None:
    """Print how long everybody else in the process waits at most while slots are looked for."""

    async def nothing() -> None:
        await asyncio.sleep(2)

    async def searches() -> None:
        turns = asyncio.Semaphore(_WRITERS)

        async def one(question: SlotQuestion) -> None:
            async with turns:
                await _find(branch, agendas, question)

        await asyncio.gather(*map(one, asked))

    async def layouts() -> None:
        for _ in range(sizes.layouts):
            await branch.agendas().of(branch.world.organization_id)

    async def batch() -> None:
        chance = np.random.default_rng(3)
        questions = tuple(question_of(request(branch.problem, chance, urgent=True)) for _ in range(_REQUESTS))
        command = BookAppointments(requests=questions, seconds=sizes.batch_seconds)
        await book_appointments(branch.writer, _dispatcher(branch), command, agendas, Solver())

    _say(
        f"\n| meanwhile | longest stall ms | by own work ms | 99.9 % below ms | more than {_LONGEST_STALL_MS} ms | s |"
    )
    _say("|---|---|---|---|---|---|")
    ratios = []
    doings: tuple[tuple[str, Callable[[], Awaitable[Any]]], ...] = (
        ("nothing", nothing),
        ("searches", searches),
        ("layouts", layouts),
        ("batch", batch),
    )
    for name, doing in doings:
        begin = perf_counter()
        stalls = await _stalls_while(doing)
        real = [each.real for each in stalls]
        most, own, usual = max(real), max(each.own for each in stalls), float(np.percentile(real, 99.9))
        over = sum(each > _LONGEST_STALL_MS for each in real)
        took = perf_counter() - begin
        _say(f"| {name} | {most:.1f} | {own:.1f} | {usual:.1f} | {over} of {len(real)} | {took:.1f} |")
        ratios += [
            f"RATIO slots stall-{name}-of-{_LONGEST_STALL_MS}ms {most / _LONGEST_STALL_MS:.2f}",
            f"RATIO slots own-stall-{name}-of-{_LONGEST_STALL_MS}ms {own / _LONGEST_STALL_MS:.2f}",
        ]
    _say("\n" + "\n".join(ratios))


@dataclass(frozen=True, slots=True)
class _Stall:
    """By how many milliseconds a tick came too late, and how many of these the process itself worked."""

    real: float
    own: float


async def _stalls_while(doing: Callable[[], Awaitable[Any]]) -> list[_Stall]:
    """Return how late each tick came while something was done; on a busy machine others' work makes it late, too."""
    stalls: list[_Stall] = []

    async def tick() -> None:
        while True:
            begin, worked = perf_counter(), process_time()
            await asyncio.sleep(_TICK_SECONDS)
            late = 1000 * (perf_counter() - begin - _TICK_SECONDS)
            stalls.append(_Stall(late, min(late, 1000 * (process_time() - worked))))

    ticking = asyncio.create_task(tick())
    try:
        await doing()
    finally:
        ticking.cancel()
    return stalls


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
