"""Solving a part of a batch anew, exactly, while the rest stays: the only module that imports the solver.

Importing it takes half a second and 70 MB: whoever answers requests must not.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from uuid import UUID

from ortools.sat.python import cp_model

from app.planning.slots.batch.options import Contest, Option
from app.planning.slots.batch.placing import Board, Placed, Placement

# So many options are tried of each request, and so many of one opening.
_OPTIONS = 30
_EACH_OPENING = 3
# A step's share in the solver's deterministic time, and a wall that no step should come to.
_STEP_EFFORT = 0.15
_WALL_SECONDS = 5.0
# What building a model costs, in the same seconds.
_BUILDING_EFFORT = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A placement after a part was solved anew, and the effort that took."""

    placement: Placement
    effort: float


@dataclass(frozen=True, slots=True)
class _Term:
    """One thing that a request can have in the model: an option, and a bay variable for each bay it could be in."""

    number: int
    option: Option
    chosen: cp_model.IntVar
    bays: dict[UUID, cp_model.IntVar]


def solved_anew(contest: Contest, placement: Placement, part: Sequence[int], *, seed: int) -> Step:
    """Return the placement with the requests of `part` placed as well as can be found beside the others.

    Never worse than before. One worker, a fixed seed and deterministic time: equal input, equal answer.
    """
    rest = {number: placed for number, placed in placement.items() if number not in set(part)}
    board = Board(contest, rest)
    model = cp_model.CpModel()
    terms: list[_Term] = []
    costs: list[cp_model.LinearExprT] = []
    for number in sorted(part):
        had = placement.get(number)
        mine = [_term(model, number, option, bays, had) for option, bays in _open_to(contest, board, number, had)]
        nothing = model.new_bool_var("")
        model.add_hint(nothing, had is None)
        model.add_exactly_one(nothing, *(term.chosen for term in mine))
        costs.append(contest.choices[number].unplaced * nothing)
        costs.extend(term.option.shortfall * term.chosen for term in mine)
        terms += mine
    _keep_apart(contest, board, model, terms)
    model.minimize(sum(costs))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    solver.parameters.max_deterministic_time = _STEP_EFFORT
    solver.parameters.max_time_in_seconds = _WALL_SECONDS
    status = solver.solve(model)
    effort = _BUILDING_EFFORT + solver.response_proto.deterministic_time
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Step(placement=placement, effort=effort)
    found = dict(rest)
    for term in terms:
        if solver.boolean_value(term.chosen):
            bay = next((bay for bay, taken in term.bays.items() if solver.boolean_value(taken)), None)
            found[term.number] = Placed(term.option, bay)
    return Step(placement=found, effort=effort)


def _open_to(
    contest: Contest, board: Board, number: int, had: Placed | None
) -> Iterator[tuple[Option, Sequence[UUID]]]:
    """Yield the best options of a request beside what stays, each with its free bays, and the one it had."""
    choices = contest.choices[number]
    count = 0
    of_opening: dict[tuple[int, int], int] = defaultdict(int)
    had_is_in = had is None
    for option in choices.options:
        if count == _OPTIONS:
            break
        opening = (option.spot, option.opening)
        if of_opening[opening] == _EACH_OPENING or not board.suits_technician(number, option):
            continue
        bays = board.bays_for(number, option) if choices.needs_bay else []
        if choices.needs_bay and not bays:
            continue
        of_opening[opening] += 1
        count += 1
        had_is_in = had_is_in or (had is not None and had.option == option)
        yield option, bays
    if had is not None and not had_is_in:
        yield had.option, board.bays_for(number, had.option) if choices.needs_bay else []


def _term(model: cp_model.CpModel, number: int, option: Option, bays: Sequence[UUID], had: Placed | None) -> _Term:
    chosen = model.new_bool_var("")
    is_had = had is not None and had.option == option
    model.add_hint(chosen, is_had)
    taken = {bay: model.new_bool_var("") for bay in bays}
    for bay, variable in taken.items():
        model.add_hint(variable, is_had and had is not None and had.bay == bay)
    if taken:
        model.add(sum(taken.values()) == chosen)
    return _Term(number, option, chosen, taken)


def _keep_apart(contest: Contest, board: Board, model: cp_model.CpModel, terms: Sequence[_Term]) -> None:
    """Forbid what cannot stand together: one technician at two places, two in one bay, too many on one day."""
    of_technician: dict[int, list[_Term]] = defaultdict(list)
    of_bay: dict[UUID, list[cp_model.IntervalVar]] = defaultdict(list)
    of_day: dict[tuple[int, int], list[_Term]] = defaultdict(list)
    for term in terms:
        option = term.option
        of_technician[option.technician].append(term)
        of_day[option.technician, option.day].append(term)
        length = option.end - option.start + contest.buffer
        for bay, taken in term.bays.items():
            of_bay[bay].append(model.new_optional_fixed_size_interval_var(option.start, length, taken, ""))
    for intervals in of_bay.values():
        model.add_no_overlap(intervals)
    for group in of_technician.values():
        for one, other in combinations(group, 2):
            if one.number != other.number and contest.clash(one.number, one.option, other.number, other.option):
                model.add_bool_or(one.chosen.negated(), other.chosen.negated())
    for group in of_day.values():
        left = board.left_on_day(group[0].option)
        if len({term.number for term in group}) > left:
            model.add(sum(term.chosen for term in group) <= left)
