"""When something happened, as a phone says, against when the server heard of it."""

from datetime import datetime, timedelta

from app.domain.refusals import ClockSkew

TOLERANCE = timedelta(minutes=5)


def settle(occurred_at: datetime | None, *, now: datetime, not_before: datetime) -> datetime:
    """Return the moment to stamp, in UTC and aware.

    `occurred_at` is the client's word, `now` the server's time, `not_before` the last moment
    already known of the job. A little early is taken for `not_before` itself. Without a word
    from the client the moment is `now`, or `not_before` where a phone's clock ran ahead.

    Raises:
        ClockSkew: more than five minutes ahead of `now` or before `not_before`.
    """
    if occurred_at is None:
        return max(now, not_before)
    if occurred_at > now + TOLERANCE:
        raise ClockSkew(
            field=("occurredAt",),
            problem="occurredAt lies more than five minutes in the future.",
            server_time=now,
        )
    if occurred_at < not_before - TOLERANCE:
        raise ClockSkew(
            field=("occurredAt",),
            problem="occurredAt lies more than five minutes before what is already known of the job.",
            server_time=now,
        )
    return max(occurred_at, not_before)
