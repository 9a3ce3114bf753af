"""How each write stands against itself: the race is run with its guard, and once more without it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import locks
from app.db.tables.assignments import assignments
from app.db.tables.customers import parts
from app.db.tables.tickets import tickets
from app.domain.assignments import ACTIVE
from app.domain.refusals import AlreadyAssigned, InvalidTransition
from app.domain.tickets import Ticket
from app.services.assignments import candidates
from app.services.assignments import complete_assignment as completing
from app.services.assignments.complete_assignment import complete_assignment
from app.services.assignments.reject_assignment import RejectAssignment, reject_assignment
from app.services.change import Change
from app.services.perform import Writer, Written
from app.services.tickets import create_ticket as creating
from app.services.tickets import escalate_ticket as escalating
from app.services.tickets.create_ticket import Draft, create_ticket
from app.services.tickets.escalate_ticket import EscalateTicket, escalate_ticket
from app.services.tickets.ticket_fields import NeededPart
from tests.services.scene import Scene, new_ticket, report, seals
from tests.services.unlocked import without_row_locks

R = TypeVar("R")
TECHNICIANS = ("ann", "bob", "cleo", "dan")


async def at_once(asked: Iterable[Awaitable[R]]) -> list[R | BaseException]:
    """Ask for everything at the same time; return what came of each."""
    return await asyncio.gather(*asked, return_exceptions=True)


def counting(writer: Writer) -> tuple[Writer, Callable[[], int]]:
    """Return a writer, and how many transactions it has begun: each asks the clock once."""
    asked = []

    def clock() -> Any:
        asked.append(1)
        return writer.clock()

    return replace(writer, clock=clock), lambda: len(asked)


async def fifty_dispatchers(scene: Scene) -> tuple[list[Written], list[BaseException], list[Any]]:
    """Let fifty assign one ticket; return who got it, who was refused, and the jobs there are."""
    ticket_id = await scene.ticket()
    answers = await at_once(scene.assign(ticket_id, TECHNICIANS[n % 4]) for n in range(50))
    jobs = await scene.rows(assignments, assignments.c.ticket_id == ticket_id)
    won = [each for each in answers if isinstance(each, Written)]
    return won, [each for each in answers if isinstance(each, BaseException)], jobs


async def test_of_fifty_dispatchers_one_gets_the_ticket_and_the_others_learn_who(scene: Scene) -> None:
    for _ in range(20):
        won, refused, jobs = await fifty_dispatchers(scene)

        (winner,) = won
        assert [type(each) for each in refused] == [AlreadyAssigned] * 49
        assert {getattr(each, "current_assignment_id", None) for each in refused} == {winner.ids["assignment"]}
        assert [(job.id, job.sequence, job.status in ACTIVE) for job in jobs] == [(winner.ids["assignment"], 1, True)]


async def test_without_the_tickets_lock_dispatchers_would_run_into_each_other(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_row_locks(monkeypatch)

    _, refused, _ = await fifty_dispatchers(scene)

    assert [each for each in refused if not isinstance(each, AlreadyAssigned)] != []


async def test_turns_are_numbered_without_gaps_however_many_assign_and_reject_at_once(scene: Scene) -> None:
    ticket_id = await scene.ticket()

    async def hand_around(name: str) -> None:
        for _ in range(6):
            with suppress(AlreadyAssigned, InvalidTransition):
                written = await scene.assign(ticket_id, name, override_warnings=True)
                command = RejectAssignment(assignment_id=written.ids["assignment"], rejection_reason="busy")
                await reject_assignment(scene.writer, scene.actor(name), command)

    await asyncio.gather(*(hand_around(name) for name in TECHNICIANS * 2))

    jobs = await scene.rows(assignments, assignments.c.ticket_id == ticket_id)
    assert len(jobs) > 4
    assert sorted(job.sequence for job in jobs) == list(range(1, len(jobs) + 1))
    assert [job.id for job in jobs if job.status in ACTIVE] == []
    assert (await scene.row(tickets, ticket_id)).status == "OPEN"


async def crossing_escalations(scene: Scene) -> list[tuple[Written | BaseException, int]]:
    """Let two technicians hand each other a ticket; return what came of it, and after how many tries."""
    pair = ("eve", "fay")
    for name in pair:
        await scene.hire(name, level=2)
    tickets_of = {name: (await scene.row(assignments, await scene.job(name))).ticket_id for name in pair}

    async def escalate(name: str, to: str) -> tuple[Written | BaseException, int]:
        writer, tries = counting(scene.writer)
        command = EscalateTicket(
            ticket_id=tickets_of[name], reason="too hard", next_technician_id=scene.world.technicians[to]
        )
        (answer,) = await at_once([escalate_ticket(writer, scene.actor("dispatcher"), command)])
        return answer, tries()

    return list(await asyncio.gather(escalate("eve", "fay"), escalate("fay", "eve")))


async def test_two_technicians_who_escalate_to_each_other_do_not_deadlock(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(escalating, "requirements", together(candidates.requirements, parties=2))

    answers = await crossing_escalations(scene)

    assert [(type(answer), tries) for answer, tries in answers] == [(Written, 1), (Written, 1)]


async def test_locks_of_technicians_in_any_order_would_deadlock(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    async def one_by_one(connection: AsyncConnection, organization_id: UUID, ids: Iterable[UUID]) -> None:
        # The order in which the two crossing moves name them: the successor, then the holder.
        for each in ids:
            await locks.lock_technicians(connection, organization_id, [each])
            await asyncio.sleep(0.1)

    monkeypatch.setattr("app.services.assignments.offering.lock_technicians", one_by_one)
    monkeypatch.setattr(escalating, "requirements", together(candidates.requirements, parties=2))

    answers = await crossing_escalations(scene)

    assert sorted(tries for _, tries in answers) == [1, 2]


def together(function: Callable[..., Awaitable[R]], *, parties: int) -> Callable[..., Awaitable[R]]:
    """Return the function so that its first calls wait for each other: the race starts there."""
    arrived, start = 0, asyncio.Event()

    async def waiting(*arguments: Any, **options: Any) -> R:
        nonlocal arrived
        arrived += 1
        if arrived == parties:
            start.set()
        async with asyncio.timeout(5):
            await start.wait()
        return await function(*arguments, **options)

    return waiting


async def everyone_uses_seals(scene: Scene) -> tuple[int, list[tuple[int, int]]]:
    """Let eight technicians take two seals each at once; return what is left, and each step as it was logged."""
    names = [*TECHNICIANS, "eve", "fay", "gil", "hal"]
    for name in names[4:]:
        await scene.hire(name, level=1)
    jobs = {name: await scene.started(name) for name in names}
    answers = await at_once(
        complete_assignment(scene.writer, scene.actor(name), report(job, parts_used=(seals(2),)))
        for name, job in jobs.items()
    )
    assert [each for each in answers if not isinstance(each, Written)] == []
    steps = [(each.changes[0].old, each.changes[0].new) for each in await scene.events() if each.kind == "Part"]
    return (await scene.row(parts, scene.world.part_id)).stock, steps


async def test_what_technicians_use_at_once_leaves_the_stock_once_each(scene: Scene) -> None:
    left, steps = await everyone_uses_seals(scene)

    assert left == 10 - 8 * 2
    assert steps == [(stock, stock - 2) for stock in range(10, -6, -2)]


async def test_without_the_parts_locks_the_stock_would_be_wrong(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sa.Select, "with_for_update", lambda query, **_: query)
    monkeypatch.setattr(completing, "_lock_parts", together(completing._lock_parts, parties=8))

    left, _ = await everyone_uses_seals(scene)

    assert left > 10 - 8 * 2


async def test_a_ticket_that_requires_parts_and_a_job_that_uses_them_do_not_deadlock(scene: Scene) -> None:
    seal, valve = sorted([scene.world.part_id, await add_part(scene, "VALVE-1")])
    number = {part.id: part.part_number for part in await scene.rows(parts)}
    job_id = await scene.started("ann")
    async with scene.engine.connect() as superuser:
        await superuser.execute(sa.text(SLOW))
        await superuser.execute(sa.text(SLOWLY))
    needs = tuple(NeededPart(part_id=part, quantity=1) for part in (valve, seal))
    used = tuple(seals(1, part_number=number[part]) for part in (seal, valve))
    writer, tries = counting(scene.writer)

    answers = await at_once(
        [
            create_ticket(writer, scene.actor("dispatcher"), new_ticket(required_parts=needs)),
            when_asleep(scene, complete_assignment(writer, scene.actor("ann"), report(job_id, parts_used=used))),
        ]
    )

    assert [type(each) for each in answers] == [Written, Written]
    assert tries() == 2


SLOW = """
    CREATE FUNCTION sleep_before_the_second() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM ticket_required_parts WHERE ticket_id = NEW.ticket_id) THEN
            PERFORM pg_sleep(0.3);
        END IF;
        RETURN NEW;
    END $$
"""
SLOWLY = """
    CREATE TRIGGER slowly BEFORE INSERT ON ticket_required_parts
    FOR EACH ROW EXECUTE FUNCTION sleep_before_the_second()
"""


async def when_asleep(scene: Scene, asked: Awaitable[R]) -> R:
    """Ask once another backend of this database sleeps."""
    query = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
    )
    async with scene.engine.connect() as connection:
        for _ in range(500):
            if await connection.scalar(query):
                return await asked
            await asyncio.sleep(0.01)
    raise TimeoutError("nobody slept")


async def add_part(scene: Scene, number: str) -> UUID:
    async with scene.engine.connect() as superuser:
        copied = sa.select(
            parts.c.organization_id,
            sa.literal(number),
            parts.c.name,
            parts.c.stock,
            parts.c.currency,
            parts.c.created_at,
            parts.c.updated_at,
        )
        names = ["organization_id", "part_number", "name", "stock", "currency", "created_at", "updated_at"]
        added = await superuser.scalars(sa.insert(parts).from_select(names, copied).returning(parts.c.id))
        part_id: UUID = added.one()
        return part_id


async def forty_tickets(scene: Scene) -> list[Written | BaseException]:
    return await at_once(create_ticket(scene.writer, scene.actor("dispatcher"), new_ticket()) for _ in range(40))


async def test_tickets_that_come_in_at_once_get_a_number_each(scene: Scene) -> None:
    answers = await forty_tickets(scene)

    assert [each for each in answers if not isinstance(each, Written)] == []
    numbers = sorted(ticket.ticket_number for ticket in await scene.rows(tickets))
    assert numbers == [f"TKT-2026-{n:06d}" for n in range(1, 41)]


async def test_numbers_that_were_only_looked_up_would_be_given_twice(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def looked_up(change: Change, drafts: Sequence[Draft]) -> list[Ticket]:
        count = await change.connection.scalar(sa.select(sa.func.count()).select_from(tickets))
        return [Ticket(ticket_number=f"TKT-{change.now.year}-{(count or 0) + 1:06d}", **drafts[0].values)]

    monkeypatch.setattr(creating, "_numbered", looked_up)

    answers = await forty_tickets(scene)

    assert [each for each in answers if not isinstance(each, Written)] != []
