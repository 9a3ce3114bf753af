"""What is asked and answered when many requests are slotted together."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from app.planning.slots.answer import Slot, SolverReport
from app.planning.slots.problem import Problem
from app.planning.slots.request import SlotRequest

_MOST_REQUESTS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchProblem:
    """Requests by their ids, to be given one slot each, all of which can be booked together.

    `effort_seconds` is how long is searched, in seconds of a solver's deterministic time: the same work
    on every machine, about as long as real ones on the one it was measured on.

    Raises:
        ValueError: too many requests, or an effort or seed that cannot be meant.
    """

    problem: Problem
    requests: Mapping[UUID, SlotRequest]
    effort_seconds: float = 5.0
    seed: int = 0

    def __post_init__(self) -> None:
        if len(self.requests) > _MOST_REQUESTS:
            raise ValueError(f"requests: at most {_MOST_REQUESTS}")
        if not 0 <= self.effort_seconds <= 3600:
            raise ValueError("effort_seconds must be from 0 to 3600")
        if not 0 <= self.seed < 2**31:
            raise ValueError("seed must be from 0 to 2147483647")


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a search is: effort spent, requests placed, and the shortfall of the best so far."""

    spent_seconds: float
    placed: int
    shortfall: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchAnswer:
    """A slot for each request, None for one that there is no room for.

    `shortfall` is what is missing, in thousandths of a point, to each request's having its wish at once:
    waiting, ways, days that were not wished for; a request without a slot counts its urgency, too.
    `greedy_shortfall` is the same of serving the most urgent first.
    """

    slots: Mapping[UUID, Slot | None]
    shortfall: int
    greedy_shortfall: int
    steps: int
    report: SolverReport


class BatchFailed(Exception):
    """A batch could not be slotted: the process that was to do it took too much time or memory, or died."""
