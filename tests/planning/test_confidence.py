"""Confidence is a likelihood that holds: it grows with room and with others who could come, and days bear it out."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from app.planning.slots.confidence import Circumstances, confidence
from benchmarks.slots.calibrate import brier, reliability
from benchmarks.slots.days import outcomes

circumstances = st.builds(
    Circumstances,
    slack=st.integers(-10, 1000),
    work_before=st.integers(0, 600),
    travel=st.integers(0, 600),
    lateness=st.integers(0, 60),
    earlier_jobs=st.integers(0, 9),
    spare=st.integers(0, 50),
)


@given(circumstances)
def test_confidence_is_a_likelihood(seen: Circumstances) -> None:
    assert 0 <= confidence(seen) <= 1


@given(circumstances, st.integers(1, 60))
def test_more_room_and_more_others_never_make_less_sure(seen: Circumstances, more: int) -> None:
    assert confidence(replace(seen, slack=seen.slack + more)) >= confidence(seen)
    assert confidence(replace(seen, spare=seen.spare + more)) >= confidence(seen)
    assert confidence(replace(seen, travel=seen.travel + more)) <= confidence(seen)
    assert confidence(replace(seen, earlier_jobs=seen.earlier_jobs + more)) <= confidence(seen)


def test_what_was_said_is_borne_out_by_days_that_were_not_fitted_to() -> None:
    played = [each for seed in range(5000, 5006) for each in outcomes(seed, requests=300)]

    score, of_the_base_rate = brier(played)

    assert score <= 0.95 * of_the_base_rate
    for _, _, count, said, kept in reliability(played):
        # Four standard errors: so much chance may do.
        assert abs(said - kept) <= 0.03 + 4 * (said * (1 - said) / count) ** 0.5


def test_equal_seeds_play_equal_days() -> None:
    assert outcomes(3, requests=10) == outcomes(3, requests=10)
