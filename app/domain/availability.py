"""When technicians work: what a shift may be, and what somebody is while they do not work."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.refusals import Invalid
from app.domain.utilization import Stretch

# A whole day on which the clock is put back.
LONGEST_SHIFT = timedelta(hours=25)
LONGEST_TIME_OFF = timedelta(days=366)
MOST_BREAKS = 10
# How long from now something may begin, and how long ago it may have begun.
HORIZON = timedelta(days=731)
LOOKING_BACK = timedelta(days=366)
# How long somebody may say of themselves that they are away; more is planned.
LONGEST_SAID = timedelta(days=31)
# Until when somebody is away who does not say it and has no shift.
USUALLY_SAID = timedelta(hours=24)


class Availability(StrEnum):
    """What a technician is at a moment."""

    AVAILABLE = "AVAILABLE"
    BUSY = "BUSY"
    ON_BREAK = "ON_BREAK"
    OFF_SHIFT = "OFF_SHIFT"
    TIME_OFF = "TIME_OFF"
    ON_CALL = "ON_CALL"


class Absence(StrEnum):
    """What time off can be: a technician gets no work meanwhile."""

    BUSY = "BUSY"
    ON_BREAK = "ON_BREAK"
    OFF_SHIFT = "OFF_SHIFT"
    TIME_OFF = "TIME_OFF"


AWAY = frozenset(Availability(each.value) for each in Absence)


def check_stretch(start: datetime, end: datetime, *, longest: timedelta, now: datetime) -> None:
    """Check that [start, end) is some time near enough. Raises Invalid."""
    if end <= start:
        raise Invalid(field=("endsAt",), problem="endsAt must lie after startsAt.")
    if end - start > longest:
        raise Invalid(field=("endsAt",), problem=f"It must not last longer than {_spelled(longest)}.")
    if start > now + HORIZON:
        raise Invalid(field=("startsAt",), problem=f"It must begin within {HORIZON.days} days.")
    if start < now - LOOKING_BACK:
        raise Invalid(field=("startsAt",), problem=f"It must not have begun more than {LOOKING_BACK.days} days ago.")


def check_breaks(shift: Stretch, breaks: Sequence[Stretch]) -> None:
    """Check that breaks lie within their shift and do not overlap. Raises Invalid."""
    over = shift[0]
    if len(breaks) > MOST_BREAKS:
        raise Invalid(field=("breaks",), problem=f"A shift has at most {MOST_BREAKS} breaks.")
    for start, end in sorted(breaks):
        if end <= start:
            raise Invalid(field=("breaks",), problem="A break must end after it begins.")
        if start < shift[0] or end > shift[1]:
            raise Invalid(field=("breaks",), problem="Breaks must lie within the shift.")
        if start < over:
            raise Invalid(field=("breaks",), problem="Breaks must not overlap.")
        over = end


def _spelled(longest: timedelta) -> str:
    days, hours = longest.days, longest // timedelta(hours=1)
    return f"{hours} hours" if days < 2 else f"{days} days"
