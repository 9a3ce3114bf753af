"""Who may get a ticket: every reason against somebody is named, and the choice is always the same."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.domain.assignments import DistanceSource
from app.domain.distances import Distance
from app.domain.eligibility import (
    Requirements,
    TechnicianFacts,
    best,
    counted,
    overridable,
    ranked,
    rejections,
)
from app.domain.refusals import ConstraintKind, NotEligible

PUMPS, WIRES = UUID(int=10), UUID(int=11)
HERE, THERE = UUID(int=20), UUID(int=21)
TODAY = date(2026, 5, 4)
# What stands against a time, not against somebody.
ONLY_OF_SLOTS = {
    ConstraintKind.PARTS,
    ConstraintKind.CUSTOMER_WINDOW,
    ConstraintKind.OVERLAP,
    ConstraintKind.BUFFER,
    ConstraintKind.TRAVEL,
    ConstraintKind.BAY,
}
NEEDED = Requirements(
    tier_level=2,
    skills={PUMPS: 3, WIRES: 1},
    skill_names={PUMPS: "Pumps", WIRES: "Wires"},
    exact_tier=True,
    territory_id=HERE,
    max_jobs_per_day=6,
)


def technician(number: int = 1, **values: Any) -> TechnicianFacts:
    """Return a technician who lacks nothing, but for what is named."""
    able: dict[str, Any] = {
        "id": UUID(int=number),
        "name": f"Technician {number}",
        "active": True,
        "tier_level": 2,
        "team_id": None,
        "user_id": UUID(int=1000 + number),
        "today": TODAY,
        "active_jobs": 0,
        "skills": {PUMPS: 3, WIRES: 5},
    }
    return TechnicianFacts(**{**able, **values})


technicians = st.builds(
    technician,
    number=st.integers(min_value=1, max_value=20),
    active=st.booleans(),
    tier_level=st.integers(min_value=1, max_value=3),
    active_jobs=st.integers(min_value=0, max_value=3),
    jobs_today=st.integers(min_value=0, max_value=3),
    has_rejected=st.booleans(),
    let_expire=st.booleans(),
    on_shift=st.none() | st.booleans(),
    on_time_off=st.booleans(),
    territories=st.frozensets(st.sampled_from([HERE, THERE])),
    certified_until=st.dictionaries(
        st.sampled_from([PUMPS, WIRES]), st.sampled_from([TODAY - timedelta(days=1), TODAY])
    ),
    skills=st.dictionaries(st.sampled_from([PUMPS, WIRES]), st.integers(min_value=1, max_value=5)),
)
needs = st.builds(
    Requirements,
    tier_level=st.integers(min_value=1, max_value=3),
    exact_tier=st.booleans(),
    territory_id=st.none() | st.just(HERE),
    max_jobs_per_day=st.none() | st.integers(min_value=1, max_value=3),
    skills=st.dictionaries(st.sampled_from([PUMPS, WIRES]), st.integers(min_value=1, max_value=5)),
)


def expected(each: TechnicianFacts, needed: Requirements) -> list[str]:
    """Count the reasons anew, from the rules."""
    reasons = [] if each.active else ["INACTIVE"]
    below = each.tier_level < needed.tier_level
    above = each.tier_level > needed.tier_level
    if below or (above and needed.exact_tier):
        reasons.append("TIER")
    for skill, level in sorted(needed.skills.items()):
        if each.skills.get(skill, 0) < level:
            reasons.append("SKILL")
        elif each.certified_until.get(skill, TODAY) < TODAY:
            reasons.append("CERTIFICATE_EXPIRED")
    elsewhere = needed.territory_id not in {None, *each.territories}
    checks = {
        "TERRITORY": bool(each.territories) and elsewhere,
        "SHIFT": each.on_shift is False,
        "TIME_OFF": each.on_time_off,
        "MAX_PER_DAY": needed.max_jobs_per_day is not None and each.jobs_today >= needed.max_jobs_per_day,
        "PREVIOUSLY_REJECTED": each.has_rejected or each.let_expire,
    }
    return reasons + [name for name, failed in checks.items() if failed]


def test_nothing_stands_against_whoever_lacks_nothing() -> None:
    assert rejections(technician(), NEEDED) == ()


def test_every_reason_is_told_at_once_by_name_and_level() -> None:
    nobody = technician(
        active=False,
        tier_level=1,
        has_rejected=True,
        skills={PUMPS: 2, WIRES: 1},
        certified_until={WIRES: TODAY - timedelta(days=1)},
        territories=frozenset({THERE}),
        on_shift=False,
        on_time_off=True,
        jobs_today=6,
    )
    reasons = rejections(nobody, NEEDED)
    assert [reason.constraint for reason in reasons] == [kind for kind in ConstraintKind if kind not in ONLY_OF_SLOTS]
    told = NotEligible(reasons=reasons, overridable=overridable(reasons)).message
    for words in (
        "not active",
        "tier 2 is needed",
        "lacks Pumps at level 3",
        "certificate for Wires ended on 2026-05-03",
        "does not work in the ticket's territory",
        "not on shift",
        "has time off",
        "has 6 jobs today; 6 is the most",
        "has rejected",
    ):
        assert words in told


@given(each=technicians, needed=needs)
def test_every_refusal_is_counted_once_and_belongs_to_the_technician(
    each: TechnicianFacts, needed: Requirements
) -> None:
    reasons = rejections(each, needed)
    assert [reason.constraint.value for reason in reasons] == expected(each, needed)
    assert {reason.count for reason in reasons} <= {1}
    assert {reason.technician_ids for reason in reasons} <= {(each.id,)}
    assert all(each.name in reason.message for reason in reasons)


@given(each=technicians, needed=needs)
def test_who_is_not_there_at_the_wrong_tier_or_not_certified_cannot_be_overridden(
    each: TechnicianFacts, needed: Requirements
) -> None:
    reasons = rejections(each, needed)
    assert overridable(reasons) is (not {"INACTIVE", "TIER", "CERTIFICATE_EXPIRED"} & set(expected(each, needed)))


def test_a_higher_tier_will_do_unless_the_tier_must_be_exact() -> None:
    senior = technician(tier_level=3)
    assert rejections(senior, Requirements(tier_level=2)) == ()
    assert [each.constraint for each in rejections(senior, Requirements(tier_level=2, exact_tier=True))] == ["TIER"]


@given(many=st.lists(technicians, max_size=8, unique_by=lambda each: each.id), needed=needs, shuffled=st.randoms())
def test_the_best_is_eligible_the_least_busy_and_the_same_in_any_order(
    many: list[TechnicianFacts], needed: Requirements, shuffled: Any
) -> None:
    eligible = [each for each in many if not expected(each, needed)]
    chosen = best(many, needed)
    again = list(many)
    shuffled.shuffle(again)
    assert best(again, needed) == chosen
    if chosen is None:
        assert eligible == []
    else:
        assert chosen in eligible
        assert all((chosen.active_jobs, chosen.id) <= (each.active_jobs, each.id) for each in eligible)


def test_of_two_as_busy_the_nearer_one_is_better() -> None:
    far = technician(1, distance=Distance(km=20.0, minutes=43, source=DistanceSource.GREAT_CIRCLE))
    near = technician(2, distance=Distance(km=5.0, minutes=11, source=DistanceSource.GREAT_CIRCLE))
    nowhere, busy = technician(3), technician(4, active_jobs=1, distance=near.distance)
    needed = Requirements(tier_level=2)

    assert best([far, near, nowhere, busy], needed) == near
    assert [each.technician for each in ranked([busy, nowhere, far, near], needed)] == [near, far, nowhere, busy]


@given(many=st.lists(technicians, max_size=8, unique_by=lambda each: each.id), needed=needs)
def test_candidates_are_all_there_ranked_and_their_reasons_are_counted(
    many: list[TechnicianFacts], needed: Requirements
) -> None:
    candidates = ranked(many, needed)
    eligible = [each for each in many if not expected(each, needed)]

    assert {each.technician.id for each in candidates} == {each.id for each in many}
    assert [each.rank for each in candidates] == [
        *range(1, len(eligible) + 1),
        *[None] * (len(many) - len(eligible)),
    ]
    assert (candidates[0].technician if eligible else None) == best(many, needed)
    for reason in counted(candidates):
        failed = {each.id for each in many if reason.constraint.value in expected(each, needed)}
        assert (reason.count, set(reason.technician_ids) <= failed) == (len(failed), True)
    told = {reason.constraint.value for reason in counted(candidates)}
    assert told == {name for each in many for name in expected(each, needed)}
