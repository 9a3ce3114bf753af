"""Many requests slotted together: allowed, no worse than the most urgent first, the best where that can be known."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.appointments import AppointmentType, Urgency
from app.domain.places import CustomerTier
from app.planning.slots.agenda import laid_out
from app.planning.slots.answer import Slot, SolverStatus
from app.planning.slots.batch.answer import BatchAnswer, BatchProblem, Progress
from app.planning.slots.batch.search import slotted
from app.planning.slots.problem import PartStock, Problem, SlotRules
from app.planning.slots.request import PartNeed, SlotRequest
from app.planning.slots.search import find
from benchmarks.slots.company import company, request
from tests.planning.brute_force import BruteForce, Offer
from tests.planning.checker import complaints
from tests.planning.tiny_worlds import problems, requests, worlds
from tests.planning.workshop import MIKE, RUTH, day, engine_repair, shifts, workshop


def solved(problem: BatchProblem) -> BatchAnswer:
    return slotted(problem, on_progress=lambda _: None, keep_going=lambda: True)


def batch(problem: Problem, *asked: SlotRequest, effort: float = 0.3) -> BatchProblem:
    numbered = {UUID(int=number + 1): each for number, each in enumerate(asked)}
    return BatchProblem(problem=problem, requests=numbered, effort_seconds=effort)


def served(problem: BatchProblem, answer: BatchAnswer) -> list[tuple[SlotRequest, Slot]]:
    return [(problem.requests[each], slot) for each, slot in answer.slots.items() if slot is not None]


def scarce(seed: int, *, effort: float) -> BatchProblem:
    problem, chance = company(8, 4, seed=seed, fullness=0.9), np.random.default_rng(seed)
    return batch(problem, *(request(problem, chance, urgent=True) for _ in range(20)), effort=effort)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_batch_can_be_booked_as_it_is_and_lacks_less_than_serving_the_most_urgent_first(seed: int) -> None:
    problem = scarce(seed, effort=1.0)
    told: list[Progress] = []

    answer = slotted(problem, on_progress=told.append, keep_going=lambda: True)

    assert complaints(problem.problem, served(problem, answer)) == []
    assert answer.shortfall < answer.greedy_shortfall
    assert answer.report.status is SolverStatus.FEASIBLE
    assert not answer.report.degraded
    assert [each.shortfall for each in told] == sorted((each.shortfall for each in told), reverse=True)
    assert told[-1].placed == len(served(problem, answer))


def test_equal_batches_have_equal_answers() -> None:
    assert solved(scarce(4, effort=0.6)) == solved(scarce(4, effort=0.6))


def test_a_search_that_may_not_go_on_serves_the_most_urgent_first_and_says_so() -> None:
    problem = scarce(1, effort=1.0)

    answer = slotted(problem, on_progress=lambda _: None, keep_going=lambda: False)

    assert answer.report.degraded
    assert answer.shortfall == answer.greedy_shortfall
    assert complaints(problem.problem, served(problem, answer)) == []


def only_mornings(problem: Problem, *numbers: int) -> Problem:
    """Return the workshop with Mike alone, who works from nine to half past twelve on some days."""
    short = tuple(
        replace(each, start=day(number, 9, 12.5).start, end=day(number, 9, 12.5).end, breaks=())
        for number, each in zip(numbers, shifts(), strict=False)
    )
    mike = next(each for each in problem.technicians if each.id == MIKE)
    return replace(problem, technicians=(replace(mike, shifts=short, bookings=()),))


def test_who_is_more_urgent_gets_the_only_slot_and_the_other_none() -> None:
    problem = only_mornings(workshop(), 1)
    urgent = replace(engine_repair(), urgency=Urgency.CRITICAL)

    answer = solved(batch(problem, engine_repair(), urgent))

    assert answer.slots[UUID(int=1)] is None
    assert answer.slots[UUID(int=2)] is not None


def test_fleet_and_premium_customers_come_first() -> None:
    problem = only_mornings(workshop(), 1)
    premium = replace(engine_repair(), customer_tier=CustomerTier.PREMIUM)

    answer = solved(batch(problem, engine_repair(), premium))

    assert [slot is not None for slot in answer.slots.values()] == [False, True]


def test_the_last_part_goes_to_the_more_urgent_request() -> None:
    problem = replace(workshop(), parts={"PUMP": PartStock(stock=1, lead_time_days=6)})
    asked = replace(engine_repair(), parts=(PartNeed(part_number="PUMP", quantity=1),))

    answer = solved(batch(problem, asked, replace(asked, urgency=Urgency.CRITICAL)))

    waits, has = answer.slots[UUID(int=1)], answer.slots[UUID(int=2)]
    assert has is not None
    assert waits is not None
    assert has.parts_available
    assert has.parts_ready_on is None
    assert waits.parts_ready_on is not None
    assert waits.window.start.date() >= waits.parts_ready_on


def test_two_requests_at_once_share_neither_technician_nor_bay() -> None:
    answer = solved(batch(workshop(), engine_repair(), engine_repair()))

    first, second = answer.slots.values()
    assert first is not None
    assert second is not None
    assert {first.technician_id, second.technician_id} <= {MIKE, RUTH}
    assert first.technician_id != second.technician_id or first.window != second.window


def test_one_request_gets_what_it_is_offered_alone() -> None:
    problem = workshop()

    answer = solved(batch(problem, engine_repair()))

    assert answer.slots[UUID(int=1)] == find(laid_out(problem), engine_repair(), now=problem.now).slots[0]


def test_no_requests_are_no_work() -> None:
    answer = solved(batch(workshop()))

    assert (answer.slots, answer.shortfall, answer.report.status) == ({}, 0, SolverStatus.FEASIBLE)


@pytest.mark.parametrize(("field", "value"), [("effort_seconds", -1), ("seed", -1), ("effort_seconds", 10_000)])
def test_a_batch_that_cannot_be_meant_is_refused(field: str, value: int) -> None:
    values: dict[str, Any] = {field: value}

    with pytest.raises(ValueError, match=field):
        replace(batch(workshop()), **values)


def test_a_batch_is_bounded() -> None:
    many: Mapping[UUID, SlotRequest] = {UUID(int=number): engine_repair() for number in range(501)}

    with pytest.raises(ValueError, match="requests"):
        BatchProblem(problem=workshop(), requests=many)


@st.composite
def small_batches(draw: st.DrawFn) -> tuple[Problem, tuple[SlotRequest, SlotRequest]]:
    """Draw two requests that are in each other's way, with few starts for each."""
    problem = draw(problems())
    rules = SlotRules(
        horizon_days=1, grid_minutes=60, buffer_minutes=30, max_bookings_per_day=draw(st.sampled_from((1, 6)))
    )
    asked = [
        replace(
            draw(requests(problem)),
            appointment_type=AppointmentType.DIAGNOSTIC,
            duration_minutes=draw(st.sampled_from((60, 120))),
            known_ways={},
            parts=(),
            skills={},
        )
        for _ in range(2)
    ]
    return replace(problem, rules=rules), (asked[0], asked[1])


def lack(tried: BruteForce, offer: Offer | None) -> int:
    """Return what an offer lacks to the request's wish; without one, as if it waited for the whole horizon in vain."""
    asked = tried.request
    wish = 7_500 + (120_000 if asked.preferred_date else 0) + (30_000 if asked.preferred_technician_id else 0)
    if offer is not None:
        return wish - (offer.total - offer.urgency)
    tier = 0 if asked.customer_tier is CustomerTier.STANDARD else 50_000
    urgency = {"LOW": 100_000, "MEDIUM": 200_000, "HIGH": 400_000, "CRITICAL": 800_000}[tried.urgency]
    waiting = {"LOW": 2, "MEDIUM": 4, "HIGH": 7, "CRITICAL": 40}[tried.urgency]
    return urgency + tier + wish + waiting * 1440


@settings(max_examples=worlds(100))
@given(small_batches())
def test_of_two_requests_the_best_pair_is_found(drawn: tuple[Problem, tuple[SlotRequest, SlotRequest]]) -> None:
    problem, asked = drawn

    answer = solved(batch(problem, *asked))

    tried = [BruteForce(problem, each, problem.now) for each in asked]
    everything = [[None, *each.everything()] for each in tried]
    least = min(
        lack(tried[0], one) + lack(tried[1], other)
        for one, other in product(*everything)
        if together(problem, tried, one, other)
    )
    assert answer.shortfall == least


def together(problem: Problem, tried: list[BruteForce], one: Offer | None, other: Offer | None) -> bool:
    """Tell whether two offers can both be booked; where two bays would do, whether they get one each."""
    if one is None or other is None:
        return True
    pairs = [(tried[0], one), (tried[1], other)]
    spans = [(round((o.start - t.zero).total_seconds() / 60), t.length) for t, o in pairs]
    (start, length), (begin, long) = spans

    def apart(pause: int) -> bool:
        return start + length + pause <= begin or begin + long + pause <= start

    if one.technician_id == other.technician_id:
        places = [next(w.place for w in t.places if (w.facility and w.facility.id) == o.facility_id) for t, o in pairs]
        technician = next(each for each in problem.technicians if each.id == one.technician_id)
        same_day = len({o.start.astimezone(technician.zone).date() for _, o in pairs}) == 1
        booked = len(tried[0].on_day(technician, start))
        if not apart(max(30, tried[0].way(places[0], places[1]))):
            return False
        if same_day and booked + 2 > problem.rules.max_bookings_per_day:
            return False
    if one.facility_id is None or one.facility_id != other.facility_id or apart(30):
        return True
    return len({bay for t, o in pairs for bay in free_bays(t, o)}) > 1


def free_bays(tried: BruteForce, offer: Offer) -> set[UUID]:
    facility = next(each for each in tried.problem.facilities if each.id == offer.facility_id)
    minute = round((offer.start - tried.zero).total_seconds() / 60)
    bays = tried.problem.bays
    found = set()
    for bay in bays:
        tried.problem = replace(tried.problem, bays=(bay,))
        if tried.bay(facility, minute) is not None:
            found.add(bay.id)
    tried.problem = replace(tried.problem, bays=bays)
    return found
