"""Recurring appointments: which rules of RFC 5545 are taken, and when they fall by the local clock.

Taken are rules by days, weeks, months and years that surely fall again before long: what can be asked for
otherwise can be so rare that looking for the next time takes seconds.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

from dateutil import rrule

from app.domain.refusals import Invalid

LONGEST_RULE = 512
MOST_OCCURRENCES = 366
_HIGHEST_INTERVAL = 52
_LEAST_DAYS = MappingProxyType({2: 29, 4: 30, 6: 30, 9: 30, 11: 30})
_FREQUENCIES: Mapping[str, Literal[0, 1, 2, 3]] = MappingProxyType(
    {"DAILY": rrule.DAILY, "WEEKLY": rrule.WEEKLY, "MONTHLY": rrule.MONTHLY, "YEARLY": rrule.YEARLY}
)
# What each frequency may be narrowed by.
_ALLOWED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "DAILY": frozenset({"BYDAY"}),
        "WEEKLY": frozenset({"BYDAY", "WKST"}),
        "MONTHLY": frozenset({"BYDAY", "BYMONTHDAY", "BYSETPOS"}),
        "YEARLY": frozenset({"BYDAY", "BYMONTH", "BYMONTHDAY"}),
    }
)
_ALWAYS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL"})
_DAY = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")
_WEEK = (rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA, rrule.SU)
_WEEKDAYS = MappingProxyType(dict(zip(("MO", "TU", "WE", "TH", "FR", "SA", "SU"), _WEEK, strict=True)))
_UNTIL = re.compile(r"(\d{8})(T\d{6}Z)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule that was checked. `until` is an aware instant, or a local date that still counts; None: without end."""

    frequency: str
    interval: int = 1
    count: int | None = None
    until: datetime | date | None = None
    days: tuple[tuple[int | None, str], ...] = ()
    month_days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()
    week_start: str = "MO"

    @property
    def text(self) -> str:
        """The rule as RFC 5545 writes it, its parts in one order."""
        parts = [f"FREQ={self.frequency}"]
        if self.interval != 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.months:
            parts.append("BYMONTH=" + ",".join(map(str, self.months)))
        if self.month_days:
            parts.append("BYMONTHDAY=" + ",".join(map(str, self.month_days)))
        if self.days:
            parts.append("BYDAY=" + ",".join(f"{number or ''}{day}" for number, day in self.days))
        if self.positions:
            parts.append("BYSETPOS=" + ",".join(map(str, self.positions)))
        if self.week_start != "MO":
            parts.append(f"WKST={self.week_start}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        if self.until is not None:
            parts.append(f"UNTIL={_spelled(self.until)}")
        return ";".join(parts)


def parsed(text: str, *, field: str = "rrule") -> Rule:
    """Return the rule of a text, with or without `RRULE:` before it.

    Raises:
        Invalid: it is none, or one that is not taken; says what would be right.
    """
    clean = text.strip().upper().removeprefix("RRULE:")
    if not clean or len(clean) > LONGEST_RULE:
        raise _wrong(field, f"A rule has 1 to {LONGEST_RULE} characters, such as FREQ=WEEKLY;BYDAY=MO.")
    parts: dict[str, str] = {}
    for piece in clean.split(";"):
        name, equals, value = piece.partition("=")
        if not equals or not value or name in parts:
            raise _wrong(field, "A rule is a list of NAME=VALUE, each once, such as FREQ=WEEKLY;INTERVAL=2.")
        parts[name] = value
    frequency = parts.get("FREQ", "")
    if frequency not in _FREQUENCIES:
        raise _wrong(field, f"FREQ must be one of {', '.join(_FREQUENCIES)}.")
    for name in parts.keys() - _ALWAYS - _ALLOWED[frequency]:
        raise _wrong(field, f"{name} cannot be used with FREQ={frequency}.")
    if "COUNT" in parts and "UNTIL" in parts:
        raise _wrong(field, "A rule ends by COUNT or by UNTIL, not by both.")
    rule = Rule(
        frequency=frequency,
        interval=_number(parts, "INTERVAL", field, least=1, most=_HIGHEST_INTERVAL) or 1,
        count=_number(parts, "COUNT", field, least=1, most=MOST_OCCURRENCES),
        until=None if "UNTIL" not in parts else _until(parts["UNTIL"], field),
        days=tuple(_days(parts["BYDAY"], field)) if "BYDAY" in parts else (),
        month_days=_numbers(parts, "BYMONTHDAY", field, most=31, negative=True),
        months=_numbers(parts, "BYMONTH", field, most=12, negative=False),
        positions=_numbers(parts, "BYSETPOS", field, most=4, negative=True),
        week_start=parts.get("WKST", "MO"),
    )
    _check(rule, field)
    return rule


def occurrences(
    rule: Rule,
    *,
    start: datetime,
    zone: str,
    exceptions: Collection[date] = (),
    after: datetime | None = None,
    until: datetime,
) -> Iterator[datetime]:
    """Yield when a rule falls, in UTC, from `after` (inclusive) to before `until`, without the exceptions' days.

    It falls by the clock of the zone: nine o'clock stays nine o'clock. A time that the clock leaves out is meant by
    the offset before the change, one that it shows twice is the first (RFC 5545). Exceptions count as if they fell.
    """
    place = ZoneInfo(zone)
    last = until.astimezone(place).replace(tzinfo=None)
    for local in _local(rule, start.astimezone(place).replace(tzinfo=None), place):
        # The clock may be put back by an hour in between.
        if local > last + timedelta(days=1):
            return
        moment = local.replace(tzinfo=place).astimezone(UTC)
        if moment >= until:
            continue
        if (after is None or moment >= after) and local.date() not in exceptions:
            yield moment


def expect_begins(rule: Rule, *, start: datetime, zone: str, field: str = "rrule") -> None:
    """Refuse a rule that does not fall on its own start. Raises Invalid."""
    place = ZoneInfo(zone)
    local = start.astimezone(place).replace(tzinfo=None)
    first = next(iter(_local(rule, local, place)), None)
    if first is None:
        raise _wrong(field, "The rule never falls.")
    if first != local:
        raise _wrong(field, f"The rule falls on {first.date()} first; book that day, or change the rule.")


def ended_before(rule: Rule, moment: datetime, *, start: datetime, zone: str) -> Rule:
    """Return the rule that falls no more at a moment or later; on its start it always falls."""
    if rule.count is None:
        return replace(rule, until=max(start, moment - timedelta(seconds=1)).astimezone(UTC))
    fallen = sum(1 for _ in occurrences(rule, start=start, zone=zone, until=moment))
    return replace(rule, count=max(1, fallen))


def _local(rule: Rule, start: datetime, place: ZoneInfo) -> Iterator[datetime]:
    until = rule.until
    if isinstance(until, datetime):
        last: datetime | None = until.astimezone(place).replace(tzinfo=None)
    else:
        last = None if until is None else datetime.combine(until, time.max)
    days = [_WEEKDAYS[day] if number is None else _WEEKDAYS[day](number) for number, day in rule.days]
    falls = rrule.rrule(
        _FREQUENCIES[rule.frequency],
        dtstart=start,
        interval=rule.interval,
        wkst=_WEEKDAYS[rule.week_start],
        count=rule.count,
        until=last,
        bysetpos=rule.positions or None,
        bymonth=rule.months or None,
        bymonthday=rule.month_days or None,
        byweekday=days or None,
    )
    yield from falls


def _check(rule: Rule, field: str) -> None:
    numbered = any(number is not None for number, _ in rule.days)
    if rule.week_start not in _WEEKDAYS:
        raise _wrong(field, "WKST must be a day, MO to SU.")
    if numbered and (rule.frequency in {"DAILY", "WEEKLY"} or rule.positions):
        raise _wrong(field, "A day with a number, such as 1MO, needs FREQ=MONTHLY or YEARLY, and no BYSETPOS.")
    if rule.positions and (not rule.days or rule.month_days):
        raise _wrong(field, "BYSETPOS chooses among the days of BYDAY; give those, and no BYMONTHDAY.")
    if rule.days and rule.month_days:
        raise _wrong(field, "Give BYDAY or BYMONTHDAY, not both.")
    if rule.frequency == "YEARLY" and rule.days and not (rule.months and numbered):
        raise _wrong(field, "By the year, BYDAY needs numbers and BYMONTH, such as BYMONTH=5;BYDAY=1MO.")
    if rule.frequency == "DAILY" and rule.days and rule.interval != 1:
        raise _wrong(field, "By the day, BYDAY needs INTERVAL=1; or use FREQ=WEEKLY.")
    longest = max((_LEAST_DAYS.get(month, 31) for month in rule.months), default=31)
    if rule.month_days and all(abs(day) > longest for day in rule.month_days):
        raise _wrong(field, "There is no such day in any month of the rule.")


def _number(parts: Mapping[str, str], name: str, field: str, *, least: int, most: int) -> int | None:
    if name not in parts:
        return None
    value = parts[name]
    if not re.fullmatch(r"\d{1,4}", value, re.ASCII) or not least <= int(value) <= most:
        raise _wrong(field, f"{name} must be a number from {least} to {most}.")
    return int(value)


def _numbers(parts: Mapping[str, str], name: str, field: str, *, most: int, negative: bool) -> tuple[int, ...]:
    if name not in parts:
        return ()
    found = []
    for value in parts[name].split(","):
        sign = "[+-]?" if negative else ""
        if not re.fullmatch(rf"{sign}\d{{1,2}}", value, re.ASCII) or not 1 <= abs(int(value)) <= most:
            raise _wrong(field, f"{name} must be numbers from 1 to {most}{', or from the end' if negative else ''}.")
        found.append(int(value))
    return tuple(dict.fromkeys(found))


def _days(text: str, field: str) -> Iterator[tuple[int | None, str]]:
    for value in dict.fromkeys(text.split(",")):
        match = _DAY.fullmatch(value)
        if match is None:
            raise _wrong(field, "BYDAY must be days, MO to SU, by the month with numbers, such as 1MO or -1FR.")
        yield (None if match[1] is None else int(match[1])), match[2]


def _until(text: str, field: str) -> datetime | date:
    match = _UNTIL.fullmatch(text)
    try:
        if match is not None and match[2] is None:
            return datetime.strptime(match[1], "%Y%m%d").replace(tzinfo=UTC).date()
        if match is not None:
            return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        pass
    raise _wrong(field, "UNTIL must be a day or a moment in UTC, such as 20261231 or 20261231T120000Z.")


def _spelled(until: datetime | date) -> str:
    if isinstance(until, datetime):
        return until.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    return until.strftime("%Y%m%d")


def _wrong(field: str, problem: str) -> Invalid:
    return Invalid(field=(field,), problem=problem)
