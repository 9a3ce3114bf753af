"""The search finds what trying everything finds, and what a solver finds, and says why the others fell out."""

from datetime import timedelta

from hypothesis import given, settings

from app.planning.slots.agenda import laid_out
from app.planning.slots.answer import Slot
from app.planning.slots.problem import Problem
from app.planning.slots.request import SlotRequest
from app.planning.slots.search import find
from tests.planning.brute_force import BruteForce, Offer
from tests.planning.solver_model import best
from tests.planning.tiny_worlds import questions, worlds

_EXAMPLES = 5


def plain(slot: Slot) -> Offer:
    return Offer(
        start=slot.window.start,
        technician_id=slot.technician_id,
        facility_id=slot.facility_id,
        bay_id=slot.bay_id,
        urgency=slot.score.urgency,
        preference=slot.score.customer_preference,
        waiting=slot.score.waiting_penalty,
        balance=slot.score.workload_balance,
        travel=slot.score.travel_penalty,
    )


@settings(max_examples=worlds(500))
@given(questions())
def test_the_search_finds_what_trying_everything_and_what_a_solver_finds(question: tuple[Problem, SlotRequest]) -> None:
    problem, request = question

    answer = find(laid_out(problem), request, now=problem.now)

    tried = BruteForce(problem, request, problem.now)
    everything = tried.everything()
    assert [plain(slot) for slot in answer.slots] == tried.offers(everything)
    assert answer.report.candidates == len(everything)
    assert {each.constraint.value: (each.count, each.technician_ids) for each in answer.rejections} == {
        kind: (len(who), tuple(who[:_EXAMPLES])) for kind, who in tried.fallen().items()
    }
    solved = best(tried)
    assert solved == (None if not everything else (everything[0].total, _minute(tried, everything[0])))


def _minute(tried: BruteForce, offer: Offer) -> int:
    return (offer.start - tried.zero) // timedelta(minutes=1)


@settings(max_examples=worlds(60))
@given(questions())
def test_what_relaxing_a_constraint_gives_is_what_is_there_without_it(question: tuple[Problem, SlotRequest]) -> None:
    problem, request = question

    answer = find(laid_out(problem), request, now=problem.now, relaxed=True)

    tried = BruteForce(problem, request, problem.now)
    assert answer.relaxations is not None
    for each in answer.relaxations:
        soonest = tried.soonest_without(each.constraint.value)
        assert (each.constraint, soonest) == (
            each.constraint,
            None if each.earliest is None else (each.earliest, each.technician_id),
        )
