"""Who may get a ticket: every reason against somebody is named, and the choice is always the same."""

from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.domain.eligibility import Requirements, TechnicianFacts, best, overridable, rejections
from app.domain.refusals import ConstraintKind, NotEligible

PUMPS, WIRES = UUID(int=10), UUID(int=11)
NEEDED = Requirements(
    tier_level=2, skills={PUMPS: 3, WIRES: 1}, skill_names={PUMPS: "Pumps", WIRES: "Wires"}, exact_tier=True
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
        "active_jobs": 0,
        "has_rejected": False,
        "skills": {PUMPS: 3, WIRES: 5},
    }
    return TechnicianFacts(**{**able, **values})


technicians = st.builds(
    technician,
    number=st.integers(min_value=1, max_value=20),
    active=st.booleans(),
    tier_level=st.integers(min_value=1, max_value=3),
    active_jobs=st.integers(min_value=0, max_value=3),
    has_rejected=st.booleans(),
    skills=st.dictionaries(st.sampled_from([PUMPS, WIRES]), st.integers(min_value=1, max_value=5)),
)
needs = st.builds(
    Requirements,
    tier_level=st.integers(min_value=1, max_value=3),
    exact_tier=st.booleans(),
    skills=st.dictionaries(st.sampled_from([PUMPS, WIRES]), st.integers(min_value=1, max_value=5)),
)


def expected(each: TechnicianFacts, needed: Requirements) -> list[str]:
    """Count the reasons anew, from the rules."""
    reasons = [] if each.active else ["INACTIVE"]
    below = each.tier_level < needed.tier_level
    above = each.tier_level > needed.tier_level
    if below or (above and needed.exact_tier):
        reasons.append("TIER")
    reasons += ["SKILL" for skill, level in needed.skills.items() if each.skills.get(skill, 0) < level]
    return reasons + (["PREVIOUSLY_REJECTED"] if each.has_rejected else [])


def test_nothing_stands_against_whoever_lacks_nothing() -> None:
    assert rejections(technician(), NEEDED) == ()


def test_every_reason_is_told_at_once_by_name_and_level() -> None:
    nobody = technician(active=False, tier_level=1, has_rejected=True, skills={PUMPS: 2})
    reasons = rejections(nobody, NEEDED)
    assert [reason.constraint for reason in reasons] == [
        ConstraintKind.INACTIVE,
        ConstraintKind.TIER,
        ConstraintKind.SKILL,
        ConstraintKind.SKILL,
        ConstraintKind.PREVIOUSLY_REJECTED,
    ]
    told = NotEligible(reasons=reasons, overridable=overridable(reasons)).message
    for words in ("not active", "tier 2 is needed", "lacks Pumps at level 3", "lacks Wires at level 1", "has rejected"):
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
def test_only_a_lacking_skill_and_an_earlier_rejection_can_be_overridden(
    each: TechnicianFacts, needed: Requirements
) -> None:
    reasons = rejections(each, needed)
    assert overridable(reasons) is (not {"INACTIVE", "TIER"} & set(expected(each, needed)))


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
