"""Many requests slotted together: the best of many greedy orders, then parts of it solved anew, again and again."""

from collections.abc import Callable, Sequence

import numpy as np

from app.planning.slots.agenda import Agenda, laid_out
from app.planning.slots.answer import Slot, SolverReport, SolverStatus
from app.planning.slots.batch.answer import BatchAnswer, BatchProblem, Progress
from app.planning.slots.batch.neighbourhoods import solved_anew
from app.planning.slots.batch.options import Choices, Contest, contest
from app.planning.slots.batch.placing import Placed, Placement, by_urgency, greedy, shortfall
from app.planning.slots.offering import offered
from app.planning.slots.scoring import urgency_points

_ORDERS = 30
# What one greedy order costs for one request, in deterministic seconds.
_ORDER_EFFORT = 0.0005
# A part has from so many requests to fewer than so many.
_PART = (6, 15)
# So many minutes count as near when requests are chosen that may be in each other's way.
_NEAR = 600.0
_STOPPED = "The search was stopped by the clock before its effort was spent."

_Told = Callable[[Progress], None]
_Asked = Callable[[], bool]


def slotted(problem: BatchProblem, *, on_progress: _Told, keep_going: _Asked) -> BatchAnswer:
    """Return a slot for each request, as many and as good as are found together.

    Equal input has an equal answer as long as `keep_going`, which is asked before each step, says so: it
    is where a clock may stop the search, which the report then tells. `on_progress` hears of each step.
    Each slot's score is the one it has by itself: the requests' ways to each other are kept possible,
    not scored.
    """
    agenda = laid_out(problem.problem)
    rivals = contest(agenda, list(problem.requests.items()), problem.problem.now)
    chance = np.random.default_rng(problem.seed)
    first = greedy(rivals, by_urgency(rivals))
    search = _Search(rivals, first, problem.effort_seconds, chance, on_progress, keep_going)
    search.try_orders()
    search.improve()
    best = search.best
    slots = {choices.id: _slot(agenda, choices, best.get(number)) for number, choices in enumerate(rivals.choices)}
    return BatchAnswer(
        slots=slots,
        shortfall=search.shortfall,
        greedy_shortfall=shortfall(rivals, first),
        steps=search.steps,
        report=SolverReport(
            status=SolverStatus.FEASIBLE if best or not problem.requests else SolverStatus.INFEASIBLE,
            candidates=sum(len(each.options) for each in rivals.choices),
            degraded_reason=_STOPPED if search.was_stopped else None,
        ),
    )


def _slot(agenda: Agenda, choices: Choices, placed: Placed | None) -> Slot | None:
    if placed is None:
        return None
    option = placed.option
    return offered(
        agenda,
        choices.request,
        choices.surveys[option.spot],
        choices.points,
        choices.parts,
        technician=option.technician,
        start=option.start // agenda.axis.grid,
        bay_id=placed.bay,
    )


class _Search:
    """The best placement so far, and what is left of the effort."""

    def __init__(
        self,
        rivals: Contest,
        first: Placement,
        effort: float,
        chance: np.random.Generator,
        on_progress: _Told,
        keep_going: _Asked,
    ) -> None:
        self._rivals, self._effort, self._chance = rivals, effort, chance
        self._on_progress, self._keep_going = on_progress, keep_going
        self.best, self.shortfall = first, shortfall(rivals, first)
        self.steps, self._spent, self.was_stopped = 0, 0.0, False

    def try_orders(self) -> None:
        """Serve the requests greedily in other orders, in which urgency counts more or less."""
        value = [urgency_points(each.request) for each in self._rivals.choices]
        for _ in range(_ORDERS):
            if not self._may_go_on():
                return
            weighed = [each * (0.5 + self._chance.random()) for each in value]
            order = sorted(range(len(value)), key=lambda number: (-weighed[number], number))
            self._took(greedy(self._rivals, order), _ORDER_EFFORT * len(value))

    def improve(self) -> None:
        """Solve parts anew until the effort is spent."""
        if len(self._rivals.choices) < 2:
            return
        while self._may_go_on():
            step = solved_anew(self._rivals, self.best, self._part(), seed=int(self._chance.integers(2**31)))
            self._took(step.placement, step.effort)

    def _may_go_on(self) -> bool:
        if self._spent >= self._effort:
            return False
        if not self._keep_going():
            self.was_stopped = True
            return False
        return True

    def _took(self, placement: Placement, effort: float) -> None:
        self._spent += effort
        self.steps += 1
        found = shortfall(self._rivals, placement)
        # Equals are taken, too: they lead elsewhere.
        if found <= self.shortfall:
            self.best, self.shortfall = placement, found
        self._on_progress(Progress(spent_seconds=self._spent, placed=len(self.best), shortfall=self.shortfall))

    def _part(self) -> Sequence[int]:
        """Return the requests to be solved anew: one that lacks much, and those that may have what it wants."""
        choices = self._rivals.choices
        numbers = range(len(choices))
        lacking = np.array([1.0 + self._lack(number) for number in numbers])
        pivot = int(self._chance.choice(len(choices), p=lacking / lacking.sum()))
        wanted = choices[pivot].options[:200]
        technicians = {option.technician for option in wanted}
        around = self._time(pivot)

        def distance(number: int) -> float:
            placed = self.best.get(number)
            noise = self._chance.random() * _NEAR
            if placed is None:
                return noise
            rival = placed.option.technician in technicians
            return abs(placed.option.start - around) * (0.5 if rival else 1.0) + noise

        near = sorted((distance(number), number) for number in numbers if number != pivot)
        return [pivot, *(number for _, number in near[: int(self._chance.integers(*_PART)) - 1])]

    def _lack(self, number: int) -> int:
        options = self._rivals.choices[number].options
        if not options:
            return 0
        placed = self.best.get(number)
        has = placed.option.shortfall if placed else self._rivals.choices[number].unplaced
        return has - options[0].shortfall

    def _time(self, number: int) -> int:
        """Return when a request would best be, or is."""
        options = self._rivals.choices[number].options
        return options[0].start if options else 0
