"""The worked case: an engine repair of three hours, wished for on a Sunday that is worked, 1 February 2026."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.domain.appointments import AppointmentType
from app.domain.refusals import ConstraintKind
from app.planning.slots.agenda import laid_out
from app.planning.slots.answer import SlotAnswer, SolverStatus
from app.planning.slots.problem import PartStock, Problem
from app.planning.slots.request import PartNeed, SlotRequest
from app.planning.slots.search import find
from tests.planning.workshop import ANNA, BAYS, BEN, MIKE, NOW, engine_repair, workshop


def asked(problem: Problem, request: SlotRequest, *, relaxed: bool = False) -> SlotAnswer:
    return find(laid_out(problem), request, now=problem.now, relaxed=relaxed)


def test_the_engine_is_repaired_by_mike_in_bay_3_from_nine_to_twelve() -> None:
    answer = asked(workshop(), engine_repair())

    best = answer.slots[0]
    assert (best.window.start, best.window.end) == (
        datetime(2026, 2, 1, 9, tzinfo=UTC),
        datetime(2026, 2, 1, 12, tzinfo=UTC),
    )
    assert (best.technician_id, best.bay_id) == (MIKE, BAYS[3])
    assert best.parts_available
    assert best.parts_ready_on is None
    assert best.estimated_completion == best.window.end
    assert 0.9 <= best.confidence <= 1
    assert len(answer.slots) == 3
    assert answer.report.status is SolverStatus.OPTIMAL
    assert best.score.total == max(slot.score.total for slot in answer.slots)


def test_who_fell_out_is_told_with_the_reason() -> None:
    answer = asked(workshop(), engine_repair())

    (reason,) = answer.rejections
    assert (reason.constraint, reason.count, reason.technician_ids) == (ConstraintKind.SKILL, 2, (ANNA, BEN))
    assert reason.message == "2 technicians lack a skill."


def test_a_critical_part_that_is_short_moves_the_date_to_when_it_is_there() -> None:
    problem = replace(
        workshop(), parts={"COOLANT": PartStock(stock=9), "THERMOSTAT": PartStock(stock=0, lead_time_days=4)}
    )

    answer = asked(problem, engine_repair())

    assert answer.parts_to_order == ("THERMOSTAT",)
    assert answer.slots[0].window.start == datetime(2026, 2, 3, 9, tzinfo=UTC)
    assert answer.slots[0].parts_ready_on == date(2026, 2, 3)
    assert answer.slots[0].parts_available


def test_a_part_that_can_be_done_without_adds_its_lead_time_to_the_estimate_alone() -> None:
    problem = replace(
        workshop(), parts={"COOLANT": PartStock(stock=9), "THERMOSTAT": PartStock(stock=0, lead_time_days=4)}
    )
    needs = (PartNeed(part_number="THERMOSTAT", quantity=1, critical=False),)

    best = asked(problem, replace(engine_repair(), parts=needs)).slots[0]

    assert best.window.start == datetime(2026, 2, 1, 9, tzinfo=UTC)
    assert not best.parts_available
    assert best.estimated_completion == datetime(2026, 2, 3, tzinfo=UTC)


def test_a_critical_part_that_nobody_can_get_leaves_no_slot_and_says_what_it_costs() -> None:
    problem = replace(workshop(), parts={"COOLANT": PartStock(stock=9)})

    answer = asked(problem, engine_repair(), relaxed=True)

    assert answer.slots == ()
    assert answer.report.status is SolverStatus.INFEASIBLE
    assert {each.constraint: each.count for each in answer.rejections} == {
        ConstraintKind.SKILL: 2,
        ConstraintKind.PARTS: 2,
    }
    assert answer.relaxations is not None
    gains = {each.constraint: each.earliest for each in answer.relaxations if each.earliest is not None}
    assert gains == {ConstraintKind.PARTS: datetime(2026, 1, 30, 9, tzinfo=UTC)}


def test_an_emergency_gets_the_next_slot_whatever_day_is_preferred() -> None:
    request = replace(engine_repair(), appointment_type=AppointmentType.EMERGENCY, duration_minutes=60, urgency=None)

    assert asked(workshop(), request).slots[0].window.start == datetime(2026, 1, 30, 9, tzinfo=UTC)


def test_the_order_in_which_things_are_given_changes_nothing() -> None:
    problem = workshop()
    turned = replace(problem, technicians=problem.technicians[::-1], bays=problem.bays[::-1])

    assert asked(turned, engine_repair()).slots == asked(problem, engine_repair()).slots


def test_a_hold_hides_its_slot_until_it_runs_out() -> None:
    problem = workshop()
    best = asked(problem, engine_repair()).slots[0]
    mike = next(each for each in problem.technicians if each.id == MIKE)
    hold = replace(
        mike.bookings[0], start=best.window.start, end=best.window.end, expires_at=NOW + timedelta(minutes=15)
    )
    held = replace(
        problem,
        technicians=tuple(
            replace(each, bookings=(*each.bookings, hold)) if each.id == MIKE else each for each in problem.technicians
        ),
    )

    assert best.window not in [slot.window for slot in asked(held, engine_repair()).slots]
    later = replace(held, now=NOW + timedelta(minutes=15))
    assert asked(later, engine_repair()).slots[0].window == best.window
    with pytest.raises(ValueError, match="the agenda holds"):
        find(laid_out(held), engine_repair(), now=NOW + timedelta(minutes=15))
