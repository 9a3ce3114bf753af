"""Slots for many pieces of work, chosen so that all can be booked, by a search that runs elsewhere."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

import structlog

from app.domain.refusals import DependencyUnavailable
from app.domain.slot_offers import SlotOffer
from app.planning.slots.agenda import Agenda
from app.planning.slots.batch.answer import BatchAnswer, BatchFailed, BatchProblem, Progress
from app.planning.slots.problem import PartStock
from app.services.appointments.looking import Outlook
from app.services.appointments.search import offer_of, request_of

# One that died may have run out of memory beside others; by then they are done.
_AGAIN_AFTER_SECONDS = 30
# Searches tell of every step; nobody needs to read more than one for each second of effort.
_TOLD_EVERY_SECONDS = 1.0

log = structlog.get_logger(__name__)


class BatchSolver(Protocol):
    """Slots a batch beside the server."""

    async def slotted(
        self, problem: BatchProblem, *, seconds: float, on_progress: Callable[[Progress], None]
    ) -> BatchAnswer:
        """Return what was found within so many seconds of real time; a cancelled call ends the search.

        Raises:
            BatchFailed: it took too much time or memory, or died.
        """


async def chosen_together(
    solver: BatchSolver,
    agenda: Agenda,
    outlooks: Mapping[int, Outlook],
    *,
    parts: Mapping[str, PartStock],
    seconds: float,
    now: datetime,
) -> dict[int, SlotOffer]:
    """Return an offer for each place that there is room for; none of them begins before the search is over.

    `now` is when the search ends at the latest.

    Raises:
        DependencyUnavailable: the search did not work.
    """
    if not outlooks:
        return {}
    requests = {
        _key(place): request_of(each.wanted, refused_by=each.refused_by) for place, each in outlooks.items()
    }  # fmt: skip
    problem = BatchProblem(
        problem=replace(agenda.problem, now=now, parts=parts), requests=requests, effort_seconds=seconds
    )
    log.info("slots.batch.begun", requests=len(requests), seconds=seconds)
    try:
        answer = await solver.slotted(problem, seconds=seconds, on_progress=_Told())
    except BatchFailed as failure:
        log.warning("slots.batch.failed", requests=len(requests), reason=str(failure))
        raise DependencyUnavailable(retry_after_seconds=_AGAIN_AFTER_SECONDS) from failure
    slots = {place: answer.slots[_key(place)] for place in outlooks}
    found = {place: slot for place, slot in slots.items() if slot is not None}
    log.info(
        "slots.batch.done",
        requests=len(requests),
        placed=len(found),
        steps=answer.steps,
        shortfall=answer.shortfall,
        greedy_shortfall=answer.greedy_shortfall,
        degraded=answer.report.degraded,
    )
    return {place: offer_of(slot, outlooks[place].wanted, now=now) for place, slot in found.items()}


class _Told:
    """Logs how far a search is, every now and then."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, progress: Progress) -> None:
        if progress.spent_seconds < self._next:
            return
        self._next = progress.spent_seconds + _TOLD_EVERY_SECONDS
        log.info(
            "slots.batch",
            spent_seconds=round(progress.spent_seconds, 2),
            placed=progress.placed,
            shortfall=progress.shortfall,
        )


def _key(place: int) -> UUID:
    return UUID(int=place + 1)
