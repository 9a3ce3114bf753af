"""Rules of recurrence: which are taken, and when they fall, against days walked one by one."""

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.recurrence import Rule, ended_before, expect_begins, occurrences, parsed
from app.domain.refusals import Invalid

ZONES = ("UTC", "Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "Pacific/Auckland", "Asia/Kolkata")
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
YEAR = timedelta(days=366)


def walked(rule: Rule, start: datetime, zone: str, until: datetime) -> Iterator[datetime]:
    """Yield when a rule falls by looking at each local day from the start on; shares nothing with what it checks."""
    place = ZoneInfo(zone)
    local = start.astimezone(place)
    day, count = local.date(), 0
    while day <= until.astimezone(place).date():
        if falls(rule, local.date(), day):
            naive = datetime.combine(day, local.timetz().replace(tzinfo=None))
            moment = naive.replace(tzinfo=place, fold=0).astimezone(UTC)
            if isinstance(rule.until, datetime):
                over = naive > rule.until.astimezone(place).replace(tzinfo=None)
            else:
                over = rule.until is not None and day > rule.until
            if over or (rule.count is not None and count >= rule.count):
                return
            count += 1
            if moment < until:
                yield moment
        day += timedelta(days=1)


def falls(rule: Rule, first: date, day: date) -> bool:
    """Tell whether a rule falls on a day."""
    months = (day.year - first.year) * 12 + day.month - first.month
    monday = first - timedelta(days=(first.weekday() - DAYS.index(rule.week_start)) % 7)
    since = {
        "DAILY": (day - first).days,
        "WEEKLY": (day - monday).days // 7,
        "MONTHLY": months,
        "YEARLY": day.year - first.year,
    }[rule.frequency]
    if since % rule.interval:
        return False
    if rule.frequency == "YEARLY" and not rule.month_days and not rule.days:
        in_month = day.month in rule.months if rule.months else day.month == first.month
        return in_month and day.day == first.day
    if rule.months and day.month not in rule.months:
        return False
    length = calendar.monthrange(day.year, day.month)[1]
    if rule.month_days:
        return day.day in rule.month_days or day.day - length - 1 in rule.month_days
    if rule.positions:
        names = {name for _, name in rule.days}
        among = [d for d in range(1, length + 1) if DAYS[date(day.year, day.month, d).weekday()] in names]
        place = among.index(day.day) if day.day in among else None
        return place is not None and (place + 1 in rule.positions or place - len(among) in rule.positions)
    if rule.days:
        nth, back = (day.day - 1) // 7 + 1, -((length - day.day) // 7 + 1)
        return any(name == DAYS[day.weekday()] and number in {None, nth, back} for number, name in rule.days)
    if rule.frequency == "WEEKLY":
        return day.weekday() == first.weekday()
    return rule.frequency == "DAILY" or day.day == first.day


@st.composite
def rules(draw: st.DrawFn) -> str:  # noqa: C901  # one case for each frequency
    """Make the text of a rule."""
    frequency = draw(st.sampled_from(("DAILY", "WEEKLY", "MONTHLY", "YEARLY")))
    parts = [f"FREQ={frequency}"]
    interval = draw(st.integers(1, 4))
    plain = st.lists(st.sampled_from(DAYS), min_size=1, max_size=3, unique=True)
    numbered = st.lists(
        st.tuples(st.sampled_from((1, 2, 3, 4, -1, -2)), st.sampled_from(DAYS)), min_size=1, max_size=2, unique=True
    ).map(lambda found: [f"{number}{day}" for number, day in found])
    month_days = st.lists(st.sampled_from((1, 2, 15, 28, 29, 30, 31, -1, -2)), min_size=1, max_size=2, unique=True)
    match frequency:
        case "DAILY":
            if draw(st.booleans()):
                interval = 1
                parts.append("BYDAY=" + ",".join(draw(plain)))
        case "WEEKLY":
            if draw(st.booleans()):
                parts.append("BYDAY=" + ",".join(draw(plain)))
            parts.append(f"WKST={draw(st.sampled_from(DAYS))}")
        case "MONTHLY":
            how = draw(st.sampled_from(("plain", "days", "numbered", "position")))
            if how == "days":
                parts.append("BYMONTHDAY=" + ",".join(map(str, draw(month_days))))
            if how == "numbered":
                parts.append("BYDAY=" + ",".join(draw(numbered)))
            if how == "position":
                parts.append("BYDAY=" + ",".join(draw(plain)))
                parts.append(f"BYSETPOS={draw(st.sampled_from((1, 2, -1)))}")
        case _:
            month = draw(st.integers(1, 12))
            how = draw(st.sampled_from(("plain", "days", "numbered")))
            if how == "days":
                parts += [f"BYMONTH={month}", f"BYMONTHDAY={draw(st.integers(1, 28))}"]
            if how == "numbered":
                parts += [f"BYMONTH={month}", "BYDAY=" + ",".join(draw(numbered))]
    if interval > 1:
        parts.append(f"INTERVAL={interval}")
    if draw(st.booleans()):
        parts.append(f"COUNT={draw(st.integers(1, 40))}")
    return ";".join(parts)


STARTS = st.integers(0, 2 * 365 * 24 * 4).map(
    lambda quarters: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * quarters)
)


@given(text=rules(), start=STARTS, zone=st.sampled_from(ZONES))
def test_over_a_year_a_rule_falls_as_the_days_say(text: str, start: datetime, zone: str) -> None:
    rule, until = parsed(text), start + YEAR
    assert list(occurrences(rule, start=start, zone=zone, until=until)) == list(walked(rule, start, zone, until))


@given(text=rules(), start=STARTS, zone=st.sampled_from(ZONES), cut=st.integers(0, 366))
def test_a_rule_that_is_ended_falls_before_and_never_after(text: str, start: datetime, zone: str, cut: int) -> None:
    rule, until = parsed(text), start + YEAR
    moment = start + timedelta(days=cut)
    ended = ended_before(rule, moment, start=start, zone=zone)
    kept = list(occurrences(ended, start=start, zone=zone, until=until))
    assert parsed(ended.text) == ended
    every = list(occurrences(rule, start=start, zone=zone, until=until))
    assert kept == every[: len(kept)]
    # The local clock decides: within the hour that it shows twice the two may differ.
    assert len(kept) == pytest.approx(max(1, sum(each < moment for each in every)), abs=1) or not every


@given(text=rules())
def test_a_rule_is_read_as_it_is_written(text: str) -> None:
    rule = parsed(text)
    assert parsed(rule.text) == rule
    assert parsed(f" rrule:{text.lower()} ") == rule


def test_nine_o_clock_stays_nine_o_clock_and_what_is_left_out_is_meant_as_before() -> None:
    start = datetime(2026, 3, 22, 8, tzinfo=UTC)
    found = list(
        occurrences(parsed("FREQ=WEEKLY"), start=start, zone="Europe/Amsterdam", until=start + timedelta(days=8))
    )
    assert found == [start, datetime(2026, 3, 29, 7, tzinfo=UTC)]
    half_past_two = datetime(2026, 3, 28, 1, 30, tzinfo=UTC)
    left_out = list(
        occurrences(
            parsed("FREQ=DAILY"),
            start=half_past_two,
            zone="Europe/Amsterdam",
            until=half_past_two + timedelta(days=1, hours=1),
        )
    )
    assert left_out == [half_past_two, datetime(2026, 3, 29, 1, 30, tzinfo=UTC)]


def test_exceptions_are_left_out_and_counted() -> None:
    start = datetime(2026, 1, 5, 9, tzinfo=UTC)
    found = occurrences(
        parsed("FREQ=WEEKLY;COUNT=3"), start=start, zone="UTC", exceptions={date(2026, 1, 12)}, until=start + YEAR
    )
    assert [each.day for each in found] == [5, 19]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FREQ=SECONDLY",
        "FREQ=HOURLY;INTERVAL=1",
        "INTERVAL=2",
        "FREQ=WEEKLY;FREQ=DAILY",
        "FREQ=WEEKLY;BYDAY=",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=53",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
        "FREQ=DAILY;COUNT=367",
        "FREQ=DAILY;COUNT=2;UNTIL=20260101",
        "FREQ=DAILY;UNTIL=20260230",
        "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=DAILY;BYHOUR=3",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYDAY=MO",
        "FREQ=MONTHLY;BYSETPOS=1",
        "FREQ=MONTHLY;BYDAY=1MO;BYSETPOS=2",
        "FREQ=MONTHLY;BYDAY=MO;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=WEEKLY;WKST=YY",
        "FREQ=WEEKLY;" + "X" * 600,
        "FREQ=WEEKLY;\x00=1",
        "FREQ=DAILY;COUNT=\uff11",
    ],
)
def test_what_is_no_rule_or_too_rare_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parsed(text)
    assert refused.value.field == ("rrule",)


def test_a_rule_begins_on_its_first_day() -> None:
    monday = datetime(2026, 1, 5, 9, tzinfo=UTC)
    expect_begins(parsed("FREQ=WEEKLY;BYDAY=MO"), start=monday, zone="UTC")
    with pytest.raises(Invalid) as refused:
        expect_begins(parsed("FREQ=WEEKLY;BYDAY=TU"), start=monday, zone="UTC")
    assert "2026-01-06" in refused.value.message
