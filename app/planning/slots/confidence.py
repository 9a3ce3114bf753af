"""Confidence: how likely the work begins as promised, by the room there is for delays and by who else could come.

The figures come from `make calibrate-slots`, which plays many days through and fits them; docs/slots.md
shows how well they hold.
"""

from dataclasses import dataclass
from math import exp

# How far work and ways usually stray from their plan, as a share of it, and what is uncertain about any.
_WORK_STRAYS = 0.4
_WAY_STRAYS = 0.3
_ALWAYS_MINUTES = 5.0
# Beyond these more changes nothing.
_ROOM_CAP = 4.0
_JOBS_CAP = 5
_SPARE_CAP = 3

INTERCEPT = 0.55
PER_ROOM = 0.82
PER_EARLIER_JOB = -0.37
PER_SPARE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What confidence is drawn from, in minutes.

    `slack`: what is left between the booking before and the start when the way is subtracted, 0 where
    the technician comes from home; `work_before`: how long that booking is, 0 from home. `travel`: the way.
    `lateness`: how late the technician may be. `earlier_jobs`: bookings on that day before the start.
    `spare`: how many others could begin at the same time.
    """

    slack: int
    work_before: int
    travel: int
    lateness: int
    earlier_jobs: int
    spare: int


def features(seen: Circumstances) -> tuple[float, float, float]:
    """Return the room for delays as a multiple of usual delays, earlier jobs and spare technicians; all bounded."""
    room = max(0, seen.slack) + seen.lateness
    strays = _ALWAYS_MINUTES + _WORK_STRAYS * seen.work_before + _WAY_STRAYS * seen.travel
    return (
        min(_ROOM_CAP, room / strays),
        float(min(_JOBS_CAP, seen.earlier_jobs)),
        float(min(_SPARE_CAP, seen.spare)),
    )


def confidence(seen: Circumstances) -> float:
    """Return the likelihood, 0 to 1, to two digits."""
    room, jobs, spare = features(seen)
    logit = INTERCEPT + PER_ROOM * room + PER_EARLIER_JOB * jobs + PER_SPARE * spare
    return round(1 / (1 + exp(-logit)), 2)
