"""A batch is slotted in a process of its own, which is bounded and never left behind."""

import asyncio
from pathlib import Path
from uuid import UUID

import pytest

from app.integrations.solver import Solver
from app.planning.slots.batch.answer import BatchFailed, BatchProblem, Progress
from tests.planning.checker import complaints
from tests.planning.workshop import engine_repair, workshop


def three_engines(effort_seconds: float = 0.2) -> BatchProblem:
    requests = {UUID(int=number): engine_repair() for number in (1, 2, 3)}
    return BatchProblem(problem=workshop(), requests=requests, effort_seconds=effort_seconds)


def children() -> set[str]:
    """Return the ids of the processes that solve for this one."""
    mine = Path(f"/proc/self/task/{Path('/proc/thread-self').resolve().name}/children").read_text().split()
    return {each for each in mine if "solver_process" in Path(f"/proc/{each}/cmdline").read_text()}


async def test_a_batch_is_slotted_as_the_checker_would_have_it_and_tells_how_far_it_is() -> None:
    told: list[Progress] = []
    problem = three_engines()

    answer = await Solver().slotted(problem, seconds=60, on_progress=told.append)

    slots = [(problem.requests[each], slot) for each, slot in answer.slots.items() if slot is not None]
    assert len(slots) == 3
    assert complaints(problem.problem, slots) == []
    assert not answer.report.degraded
    assert len(told) == answer.steps > 0
    assert told[-1].shortfall == answer.shortfall


async def test_two_processes_find_the_same() -> None:
    first, second = [await Solver().slotted(three_engines(), seconds=60, on_progress=lambda _: None) for _ in range(2)]

    assert first == second


async def test_a_search_that_the_clock_stops_says_so() -> None:
    answer = await Solver().slotted(three_engines(effort_seconds=3000), seconds=0, on_progress=lambda _: None)

    assert answer.report.degraded
    assert None not in answer.slots.values()


async def test_a_process_that_needs_more_memory_than_it_may_have_fails_and_nothing_else_does() -> None:
    with pytest.raises(BatchFailed, match="the process ended"):
        await Solver(memory_bytes=64 * 1024**2).slotted(three_engines(), seconds=60, on_progress=lambda _: None)

    assert (await Solver().slotted(three_engines(), seconds=60, on_progress=lambda _: None)).steps > 0


async def test_a_process_that_does_not_end_in_time_is_ended() -> None:
    with pytest.raises(BatchFailed, match="did not end"):
        await Solver(grace=0).slotted(three_engines(), seconds=0.05, on_progress=lambda _: None)

    assert children() == set()


async def test_a_call_that_is_cancelled_leaves_no_process() -> None:
    started = asyncio.Event()
    call = asyncio.create_task(
        Solver().slotted(three_engines(effort_seconds=3000), seconds=600, on_progress=lambda _: started.set())
    )
    await asyncio.wait_for(started.wait(), 60)
    assert len(children()) == 1

    call.cancel()

    with pytest.raises(asyncio.CancelledError):
        await call
    assert children() == set()
