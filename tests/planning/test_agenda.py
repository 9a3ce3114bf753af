"""An agenda that is revised answers as one that is laid out anew; its parts do what they promise."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.assignments import DistanceSource
from app.domain.distances import Distance, estimated
from app.planning.slots.agenda import laid_out, revised
from app.planning.slots.covering import highest
from app.planning.slots.problem import Bay, Place, Problem, Technician
from app.planning.slots.request import SlotRequest
from app.planning.slots.search import find
from app.planning.slots.ways import estimated_km, vectors, whole_minutes
from tests.planning.tiny_worlds import problems, requests, worlds
from tests.planning.workshop import MIKE, NOW, engine_repair, workshop


@st.composite
def changes(draw: st.DrawFn) -> tuple[Problem, Problem, SlotRequest]:
    """Draw a problem and one with the same technicians and bays, who have other things to do."""
    before, other = draw(problems()), draw(problems())
    technicians = tuple(
        replace(each, shifts=new.shifts, time_off=new.time_off, bookings=new.bookings)
        for each, new in zip(before.technicians, other.technicians, strict=False)
    )
    bays = tuple(
        replace(each, bookings=new.bookings, active=new.active)
        for each, new in zip(before.bays, other.bays, strict=False)
    )
    after = replace(
        before,
        technicians=(*technicians, *before.technicians[len(technicians) :]),
        bays=(*bays, *before.bays[len(bays) :]),
    )
    return before, after, draw(requests(before))


@settings(max_examples=worlds(300))
@given(changes())
def test_a_revised_agenda_answers_as_a_new_one(change: tuple[Problem, Problem, SlotRequest]) -> None:
    before, after, request = change
    new_technicians = [each for each in after.technicians if each not in before.technicians]
    new_bays = [each for each in after.bays if each not in before.bays]

    agenda = revised(laid_out(before), technicians=new_technicians, bays=new_bays)

    assert find(agenda, request, now=before.now, relaxed=True) == find(
        laid_out(after), request, now=before.now, relaxed=True
    )


def test_a_revised_agenda_leaves_the_old_one_as_it_was() -> None:
    problem = workshop()
    agenda = laid_out(problem)
    mike = next(each for each in problem.technicians if each.id == MIKE)
    asked = find(agenda, engine_repair(), now=NOW)

    changed = revised(agenda, technicians=[replace(mike, shifts=(), skills={}, home=(1.0, 1.0))])

    assert MIKE not in {slot.technician_id for slot in find(changed, engine_repair(), now=NOW).slots}
    assert find(agenda, engine_repair(), now=NOW) == asked


@pytest.mark.parametrize(
    "stranger",
    [{"technicians": [Technician(id=UUID(int=5))]}, {"bays": [Bay(id=UUID(int=5), facility_id=UUID(int=50), name="")]}],
)
def test_a_stranger_cannot_be_revised(stranger: dict[str, Any]) -> None:
    with pytest.raises(KeyError):
        revised(laid_out(workshop()), **stranger)


def test_an_agenda_is_not_asked_before_its_time_nor_long_after() -> None:
    agenda = laid_out(workshop())

    for at in (NOW - timedelta(minutes=1), NOW + timedelta(hours=2)):
        with pytest.raises(ValueError, match="the agenda holds"):
            find(agenda, engine_repair(), now=at)


def test_one_technician_twice_is_no_problem_that_can_be_laid_out() -> None:
    problem = workshop()

    with pytest.raises(ValueError, match="twice"):
        laid_out(replace(problem, technicians=problem.technicians * 2))


def test_a_company_without_anybody_has_no_slots() -> None:
    answer = find(laid_out(Problem(now=NOW, technicians=())), SlotRequest(duration_minutes=60), now=NOW, relaxed=True)

    assert (answer.slots, answer.rejections, answer.report.candidates) == ((), (), 0)


def test_a_road_that_was_looked_up_is_taken_for_the_estimate() -> None:
    problem = workshop()
    place: Place = (52.40, 13.10)
    home = problem.technicians[0].home
    assert home is not None
    road = Distance(km=55.5, minutes=71, source=DistanceSource.ROAD)
    request = SlotRequest(duration_minutes=60, place=place, known_ways={home: road})

    slot = find(laid_out(problem), request, now=NOW).slots[0]

    assert (slot.travel_minutes, slot.distance_km, slot.distance_source) == (71, 55.5, DistanceSource.ROAD)
    assert slot.score.travel_penalty == -100 * 2 * 71


degrees = st.tuples(st.floats(-85, 85), st.floats(-180, 180))


@given(st.lists(st.tuples(degrees, degrees), min_size=1, max_size=20))
def test_ways_of_many_are_those_of_one(pairs: list[tuple[Place, Place]]) -> None:
    km = estimated_km(vectors([start for start, _ in pairs]), vectors([end for _, end in pairs]))

    for (start, end), found, minutes in zip(pairs, km.tolist(), whole_minutes(km).tolist(), strict=True):
        one = estimated(start, end)
        assert found == pytest.approx(one.km, abs=0.01)
        assert abs(minutes - one.minutes) <= 1


def test_a_way_to_where_one_is_takes_no_time() -> None:
    here = vectors([(52.52, 13.4), None])

    assert whole_minutes(estimated_km(here, here)).tolist() == [0, 0]


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(0, 39), st.integers(0, 39)), max_size=30))
def test_the_highest_of_what_covers_each_point(drawn: list[tuple[int, int, int]]) -> None:
    intervals = [(value, min(one, other), max(one, other)) for value, one, other in drawn]
    values, low, high = (
        np.array(column, dtype=np.int64) for column in (list(zip(*intervals, strict=True)) or [()] * 3)
    )

    found = highest(values, low, high, size=40, nothing=-99)

    assert found.tolist() == [
        max((value for value, first, last in intervals if first <= point <= last), default=-99) for point in range(40)
    ]
