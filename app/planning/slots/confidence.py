"""Confidence: how likely the work begins as promised, by what is left before it and who else could come.

The figures come from `make calibrate-slots`, which plays many days through and fits them; docs/slots.md
shows how well they hold.
"""

from dataclasses import dataclass
from math import exp

# Beyond so many minutes more slack changes nothing.
SLACK_CAP = 120
# Beyond so many others more change nothing.
SPARE_CAP = 3
JOBS_CAP = 6

INTERCEPT = 1.0
PER_SLACK_HOUR = 1.0
PER_EARLIER_JOB = -0.2
PER_TRAVEL_HOUR = -0.5
PER_SPARE = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What confidence is drawn from.

    `slack_minutes`: what is left of the time before the start when the way is subtracted, None where
    nothing comes before. `earlier_jobs`: bookings of the technician before it on that day.
    `travel_minutes`: the way to it. `spare`: how many others could begin at the same time.
    """

    slack_minutes: int | None
    earlier_jobs: int
    travel_minutes: int
    spare: int


def features(seen: Circumstances) -> tuple[float, float, float, float]:
    """Return the circumstances as numbers: hours of slack, jobs, hours of travel, spare technicians; all bounded."""
    slack = SLACK_CAP if seen.slack_minutes is None else max(0, min(SLACK_CAP, seen.slack_minutes))
    return (
        slack / 60,
        float(min(JOBS_CAP, seen.earlier_jobs)),
        min(120, seen.travel_minutes) / 60,
        float(min(SPARE_CAP, seen.spare)),
    )


def confidence(seen: Circumstances) -> float:
    """Return the likelihood, 0 to 1, to two digits."""
    slack, jobs, travel, spare = features(seen)
    logit = INTERCEPT + PER_SLACK_HOUR * slack + PER_EARLIER_JOB * jobs + PER_TRAVEL_HOUR * travel + PER_SPARE * spare
    return round(1 / (1 + exp(-logit)), 2)
