"""Instants by a local clock: what it leaves out, and what it shows twice."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo


def instant_at(day: date, clock: time, zone: tzinfo, *, later: bool) -> datetime:
    """Return the instant, in UTC, at which the clock shows a time: of two, the first or the later; of none, the change.

    The clock is moved forward in spring and back in autumn; the change is when it is.
    """
    shown = datetime.combine(day, clock, tzinfo=zone)
    first, second = (shown.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if second < first:
        # The clock leaves this time out: the two readings lie around the instant of the change.
        return _change(second, first, zone)
    return second if later else first


def _change(low: datetime, high: datetime, zone: tzinfo) -> datetime:
    """Return the first instant after `low` with another offset than before."""
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
