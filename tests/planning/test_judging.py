"""One slot is judged as trying would judge it, with everything that stands against it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.refusals import ConstraintKind
from app.planning.slots.agenda import laid_out
from app.planning.slots.judging import Proposal, objections
from app.planning.slots.problem import Problem
from app.planning.slots.request import SlotRequest
from app.planning.slots.search import find
from tests.planning.brute_force import ORDER, BruteForce, Where
from tests.planning.tiny_worlds import questions, worlds
from tests.planning.workshop import BAYS, MIKE, NOW, WORKSHOP, booking, day, engine_repair, workshop


def tried_kinds(tried: BruteForce, proposal: Proposal, where: Where, minute: int) -> set[str]:
    """Return what trying says, and leaves out as the judge does."""
    technician = next(each for each in tried.problem.technicians if each.id == proposal.technician_id)
    kinds = [
        kind for kind in ORDER if kind not in ("CERTIFICATE_EXPIRED", "MAX_PER_DAY", "OVERLAP", "BUFFER", "TRAVEL")
    ]
    broken = {kind for kind in kinds if not tried.holds(kind, technician, where, minute)}
    if "SHIFT" in broken:
        return broken - {"TIME_OFF"}
    if "TIME_OFF" in broken:
        return broken
    further = ["CERTIFICATE_EXPIRED", "MAX_PER_DAY", "OVERLAP"]
    if tried.holds("OVERLAP", technician, where, minute):
        further += ["BUFFER", "TRAVEL"]
    return broken | {kind for kind in further if not tried.holds(kind, technician, where, minute)}


@settings(max_examples=worlds(200))
@given(questions(), st.data())
def test_a_slot_is_judged_as_trying_would(question: tuple[Problem, SlotRequest], data: st.DataObject) -> None:
    problem, request = question
    tried = BruteForce(problem, request, problem.now)
    agenda = laid_out(problem)
    for where in tried.places:
        for technician in problem.technicians:
            step = problem.rules.grid_minutes
            minute = step * data.draw(st.integers(1, problem.rules.horizon_days * 1440 // step - 1))
            bay = tried.bay(where.facility, minute) if where.facility else None
            proposal = Proposal(
                technician_id=technician.id,
                start=tried.at(minute),
                facility_id=where.facility.id if where.facility else None,
                bay_id=bay.id if bay else None,
            )

            found = objections(agenda, request, proposal, now=problem.now)

            assert {kind.value for kind in found} == tried_kinds(tried, proposal, where, minute)


@settings(max_examples=worlds(100))
@given(questions())
def test_nothing_stands_against_what_was_offered(question: tuple[Problem, SlotRequest]) -> None:
    problem, request = question
    agenda = laid_out(problem)
    for slot in find(agenda, request, now=problem.now).slots:
        proposal = Proposal(
            technician_id=slot.technician_id,
            start=slot.window.start,
            facility_id=slot.facility_id,
            bay_id=slot.bay_id,
        )

        assert objections(agenda, request, proposal, now=problem.now) == ()


NINE = datetime(2026, 2, 1, 9, tzinfo=UTC)
MIKE_AT_NINE = Proposal(technician_id=MIKE, start=NINE, facility_id=WORKSHOP, bay_id=BAYS[3])


def with_mike_booked(*spans: tuple[float, float]) -> Problem:
    problem = workshop()
    booked = tuple(booking(number, day(0, start, end)) for number, (start, end) in enumerate(spans))
    return replace(
        problem,
        technicians=tuple(replace(each, bookings=booked) if each.id == MIKE else each for each in problem.technicians),
    )


def test_a_pause_of_29_minutes_is_too_short_and_one_of_30_is_not() -> None:
    short, enough = with_mike_booked((12 + 29 / 60, 14)), with_mike_booked((12.5, 14))

    found = [objections(laid_out(each), engine_repair(), MIKE_AT_NINE, now=NOW) for each in (short, enough)]

    assert found == [(ConstraintKind.BUFFER,), ()]


def test_a_seventh_booking_on_a_day_is_one_too_many() -> None:
    six = with_mike_booked(*((13 + number * 0.75, 13.25 + number * 0.75) for number in range(6)))

    assert objections(laid_out(six), engine_repair(), MIKE_AT_NINE, now=NOW) == (ConstraintKind.MAX_PER_DAY,)


def test_a_bay_that_is_taken_or_not_equipped_will_not_do() -> None:
    agenda = laid_out(workshop())

    for bay in (BAYS[2], BAYS[1], UUID(int=5), None):
        found = objections(agenda, engine_repair(), replace(MIKE_AT_NINE, bay_id=bay), now=NOW)
        assert found == (ConstraintKind.BAY,)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"start": NOW - timedelta(minutes=15)}, "before now"),
        ({"start": NOW + timedelta(days=20)}, "days ahead"),
        ({"start": NINE + timedelta(minutes=7)}, "grid"),
        ({"start": NINE + timedelta(seconds=1)}, "grid"),
        ({"technician_id": UUID(int=5)}, "technician_id"),
        ({"facility_id": UUID(int=5)}, "facility_id"),
    ],
)
def test_what_cannot_be_judged_is_refused(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        objections(laid_out(workshop()), engine_repair(), replace(MIKE_AT_NINE, **change), now=NOW)
