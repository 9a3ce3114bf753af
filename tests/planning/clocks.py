"""What clocks show in Berlin and New York, from the law's own rules: no database of time zones, none of our code."""

from datetime import UTC, date, datetime, timedelta

_HOUR = timedelta(hours=1)


def sunday(year: int, month: int, number: int) -> date:
    """Return a month's first (1), second (2) or last (-1) Sunday."""
    if number > 0:
        first = date(year, month, 1)
        return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (number - 1))
    last = date(year, month + 1, 1) - timedelta(days=1)
    return last - timedelta(days=(last.weekday() + 1) % 7)


def _at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def berlin(moment: datetime) -> datetime:
    """Return what a clock in Berlin shows, without a zone: summer from one o'clock UTC to one o'clock UTC."""
    summer = _at(sunday(moment.year, 3, -1), 1) <= moment < _at(sunday(moment.year, 10, -1), 1)
    return moment.replace(tzinfo=None) + (2 if summer else 1) * _HOUR


def new_york(moment: datetime) -> datetime:
    """Return what a clock in New York shows: summer from two o'clock standard to two o'clock summer time."""
    summer = _at(sunday(moment.year, 3, 2), 7) <= moment < _at(sunday(moment.year, 11, 1), 6)
    return moment.replace(tzinfo=None) - (4 if summer else 5) * _HOUR
