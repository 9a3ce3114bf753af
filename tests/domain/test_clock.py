"""When something happened, by the phone's clock and by the server's."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.clock import TOLERANCE, settle
from app.domain.refusals import ClockSkew

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
EARLIER = NOW - timedelta(hours=2)
_INSTANT = timedelta(microseconds=1)

_near = st.timedeltas(min_value=timedelta(minutes=-12), max_value=timedelta(minutes=12))
_far = st.timedeltas(min_value=timedelta(days=-90), max_value=timedelta(days=90))
moments = st.one_of(_near, _far).map(lambda away: NOW + away)


def test_five_minutes_are_tolerated() -> None:
    assert timedelta(minutes=5) == TOLERANCE


@given(now=moments, not_before=moments)
def test_without_a_word_from_the_client_it_is_now_but_never_before_what_is_known(
    now: datetime, not_before: datetime
) -> None:
    assert settle(None, now=now, not_before=not_before) == max(now, not_before)


@given(occurred_at=moments, now=moments, not_before=moments)
def test_a_moment_is_taken_clamped_or_refused_and_nothing_else(
    occurred_at: datetime, now: datetime, not_before: datetime
) -> None:
    early = timedelta(minutes=5)
    if occurred_at > now + early or occurred_at < not_before - early:
        with pytest.raises(ClockSkew) as refused:
            settle(occurred_at, now=now, not_before=not_before)
        assert refused.value.server_time == now
        assert refused.value.field == ("occurredAt",)
    else:
        settled = settle(occurred_at, now=now, not_before=not_before)
        assert settled >= not_before
        assert settled == occurred_at or (occurred_at < settled == not_before)


@pytest.mark.parametrize(
    ("occurred_at", "settled"),
    [
        (NOW, NOW),
        (NOW + TOLERANCE, NOW + TOLERANCE),
        (EARLIER, EARLIER),
        (EARLIER - TOLERANCE, EARLIER),
        (EARLIER + timedelta(hours=1), EARLIER + timedelta(hours=1)),
    ],
)
def test_the_bounds_themselves_are_within(occurred_at: datetime, settled: datetime) -> None:
    assert settle(occurred_at, now=NOW, not_before=EARLIER) == settled


@pytest.mark.parametrize("occurred_at", [NOW + TOLERANCE + _INSTANT, EARLIER - TOLERANCE - _INSTANT])
def test_an_instant_beyond_the_bounds_is_not(occurred_at: datetime) -> None:
    with pytest.raises(ClockSkew) as refused:
        settle(occurred_at, now=NOW, not_before=EARLIER)
    assert "five minutes" in refused.value.message
