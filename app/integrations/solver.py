"""Slots a batch in a process of its own, so that a search that runs wild takes nobody's time or memory."""

import asyncio
import pickle
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from app.planning.slots.batch.answer import BatchAnswer, BatchFailed, BatchProblem, Progress
from app.tracing.traces import UNTRACED, Step, Traces

_LENGTH_BYTES = 8
# The process may take so long to load the solver and to lay the problem out.
_GRACE_SECONDS = 30.0
_TOLD_OF_AN_END = 2000
# Some milliseconds' worth of shifts and bookings.
_TECHNICIANS_AT_ONCE = 20
# The libraries' threads reserve memory that one worker does not need.
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


class Solver:
    """Starts a process for each batch, with at most so many bytes of memory; at most `at_once` of them."""

    def __init__(
        self,
        *,
        memory_bytes: int = 2 * 1024**3,
        at_once: int = 1,
        grace: float = _GRACE_SECONDS,
        traces: Traces = UNTRACED,
    ) -> None:
        self._memory_bytes, self._grace = memory_bytes, grace
        self._traces = traces
        self._free = asyncio.Semaphore(at_once)

    async def slotted(
        self, problem: BatchProblem, *, seconds: float, on_progress: Callable[[Progress], None]
    ) -> BatchAnswer:
        """Return what the search found within so many seconds of real time; a cancelled call ends the process.

        Raises:
            BatchFailed: the process ran out of memory, died, or did not end when it should have.
        """
        async with self._free:
            with self._traces.program("solve batch", Path(sys.executable).name) as step:
                return await self._run(problem, step, seconds=seconds, on_progress=on_progress)

    async def _run(
        self, problem: BatchProblem, step: Step, *, seconds: float, on_progress: Callable[[Progress], None]
    ) -> BatchAnswer:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-m", "app.integrations.solver_process"),
            *(str(self._memory_bytes), str(seconds)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=_ENVIRONMENT,
        )
        step.started(process.pid)
        try:
            async with asyncio.timeout(seconds + self._grace):
                return await _answer(process, problem, on_progress)
        except TimeoutError as error:
            step.failed(type(error).__name__)
            raise BatchFailed("the search did not end when its time was over") from error
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
            else:
                step.exited(process.returncode)


async def _answer(
    process: asyncio.subprocess.Process, problem: BatchProblem, on_progress: Callable[[Progress], None]
) -> BatchAnswer:
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise BatchFailed("the process has no pipes")
    complaining = asyncio.create_task(process.stderr.read())
    try:
        # One that died before it had read everything is told of below.
        with suppress(ConnectionError):
            await _send(process.stdin, problem)
        while True:
            message = await _message(process.stdout)
            if message is None:
                said = (await complaining).decode("utf-8", "replace").strip()[-_TOLD_OF_AN_END:]
                raise BatchFailed(f"the process ended with {await process.wait()}: {said.splitlines()[-1:]}")
            if isinstance(message, BatchAnswer):
                return message
            on_progress(message)
    finally:
        complaining.cancel()


async def _send(stream: asyncio.StreamWriter, problem: BatchProblem) -> None:
    """Write a problem out: a large organisation's at once would hold everybody up, whichever thread did it."""
    technicians = problem.problem.technicians
    stream.write(pickle.dumps(replace(problem, problem=replace(problem.problem, technicians=()))))
    for at in range(0, len(technicians), _TECHNICIANS_AT_ONCE):
        stream.write(pickle.dumps(technicians[at : at + _TECHNICIANS_AT_ONCE]))
        await stream.drain()
        # A buffer that has room lets nobody else have a turn.
        await asyncio.sleep(0)
    stream.close()


async def _message(stream: asyncio.StreamReader) -> Progress | BatchAnswer | None:
    """Return the next message, None when there is no other."""
    try:
        length = int.from_bytes(await stream.readexactly(_LENGTH_BYTES), "big")
        message: Progress | BatchAnswer = pickle.loads(await stream.readexactly(length))  # noqa: S301 - our own process
    except asyncio.IncompleteReadError:
        return None
    return message
