"""Searches for many slots as services see them: one in this process, and one that dies."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app.planning.slots.batch.answer import BatchAnswer, BatchFailed, BatchProblem, Progress
from app.planning.slots.batch.search import slotted


class Here:
    """Slots batches in this process, with little effort; `meanwhile` is done while it searches."""

    def __init__(self, meanwhile: Callable[[], Any] | None = None) -> None:
        self.asked: list[BatchProblem] = []
        self._meanwhile = meanwhile

    async def slotted(
        self, problem: BatchProblem, *, seconds: float, on_progress: Callable[[Progress], None]
    ) -> BatchAnswer:
        assert seconds > 0
        self.asked.append(problem)
        little = replace(problem, effort_seconds=0.05)
        answer = await asyncio.to_thread(slotted, little, on_progress=on_progress, keep_going=lambda: True)
        if self._meanwhile is not None:
            await self._meanwhile()
        return answer


class Broken:
    """A search that dies."""

    async def slotted(
        self, problem: BatchProblem, *, seconds: float, on_progress: Callable[[Progress], None]
    ) -> BatchAnswer:
        on_progress(Progress(spent_seconds=seconds, placed=0, shortfall=len(problem.requests)))
        raise BatchFailed("the process ran out of memory")
