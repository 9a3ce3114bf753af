"""Every slot offered passes the checker, and the checker would not pass just any."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings

from app.planning.slots.agenda import laid_out
from app.planning.slots.answer import Slot
from app.planning.slots.problem import Problem, Span
from app.planning.slots.request import SlotRequest
from app.planning.slots.search import find
from tests.planning.checker import complaints
from tests.planning.tiny_worlds import questions, worlds
from tests.planning.workshop import BOOKED, MIKE, engine_repair, workshop


@settings(max_examples=worlds(500))
@given(questions())
def test_every_slot_offered_is_allowed(question: tuple[Problem, SlotRequest]) -> None:
    problem, request = question

    answer = find(laid_out(problem), replace(request, known_ways={}), now=problem.now)

    assert [complaint for slot in answer.slots for complaint in complaints(problem, [(request, slot)])] == []


def moved(slot: Slot, minutes: int) -> Slot:
    window = Span(
        start=slot.window.start + timedelta(minutes=minutes), end=slot.window.end + timedelta(minutes=minutes)
    )
    return replace(slot, window=window)


@pytest.mark.parametrize(
    ("minutes", "complaint"),
    [
        (-60, "lies outside of the shifts"),
        (7, "is off the grid"),
        (-60 * 24 * 3, "lies in the past"),
        (45, "overlaps, or leaves no buffer"),
    ],
)
def test_the_checker_sees_a_slot_that_was_moved(minutes: int, complaint: str) -> None:
    problem = workshop()
    best = find(laid_out(problem), engine_repair(), now=problem.now).slots[0]
    assert best.technician_id == MIKE
    assert complaints(problem, [(engine_repair(), best)]) == []

    found = complaints(problem, [(engine_repair(), moved(best, minutes))])

    assert any(each.endswith(complaint) for each in found)


def test_the_checker_sees_one_slot_given_out_twice() -> None:
    problem = workshop()
    best = find(laid_out(problem), engine_repair(), now=problem.now).slots[0]

    found = complaints(problem, [(engine_repair(), best), (engine_repair(), replace(best))])

    assert len([each for each in found if each.endswith("overlaps, or leaves no buffer")]) == 2
    assert len([each for each in found if each.endswith("has a bay that is taken")]) == 2


def test_the_checker_sees_a_bay_that_is_taken() -> None:
    problem = workshop()
    best = find(laid_out(problem), engine_repair(), now=problem.now).slots[0]

    found = complaints(problem, [(engine_repair(), replace(best, bay_id=UUID(int=BOOKED)))])

    assert any(each.endswith("has a bay that is taken") for each in found)
