"""What no placement of a batch can be better than: a relaxation, solved as far as time allows."""

from collections import defaultdict

from ortools.sat.python import cp_model

from app.planning.slots.batch.options import MOST_OPTIONS, Contest


def lower_bound(contest: Contest, *, seconds: float) -> float:
    """Return a shortfall that nobody gets below.

    Ways between the requests are left out, bays are one for another, and where not all options of a request
    are known the others count as good as the last known one: all that makes the bound lower, never wrong.
    """
    model = cp_model.CpModel()
    costs: list[cp_model.LinearExprT] = []
    at: dict[tuple[int, int], list[cp_model.IntVar]] = defaultdict(list)
    for choices in contest.choices:
        otherwise = choices.options[-1].shortfall if len(choices.options) == MOST_OPTIONS else choices.unplaced
        nothing = model.new_bool_var("")
        costs.append(otherwise * nothing)
        mine = [nothing]
        for option in choices.options:
            chosen = model.new_bool_var("")
            mine.append(chosen)
            costs.append(option.shortfall * chosen)
            # Whoever works, or must wait before working again, is at nothing else.
            for cell in range(option.start, option.end + contest.buffer, 15):
                at[option.technician, cell].append(chosen)
        model.add_exactly_one(mine)
    for group in at.values():
        model.add_at_most_one(group)
    model.minimize(cp_model.LinearExpr.sum(costs))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = seconds
    solver.solve(model)
    return float(solver.best_objective_bound)
