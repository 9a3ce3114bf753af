"""What stands in the way of erasing somebody's data: whatever of theirs still runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class ObstacleKind(StrEnum):
    """What still runs, so that nobody's data can be erased under it."""

    OPEN_TICKETS = "OPEN_TICKETS"
    ACTIVE_JOBS = "ACTIVE_JOBS"
    COMING_APPOINTMENTS = "COMING_APPOINTMENTS"
    RUNNING_SERIES = "RUNNING_SERIES"
    HELD_SLOTS = "HELD_SLOTS"
    WAITING = "WAITING"


_WORDS: Mapping[ObstacleKind, str] = MappingProxyType(
    {
        ObstacleKind.OPEN_TICKETS: "open tickets",
        ObstacleKind.ACTIVE_JOBS: "active jobs",
        ObstacleKind.COMING_APPOINTMENTS: "coming appointments",
        ObstacleKind.RUNNING_SERIES: "running series of appointments",
        ObstacleKind.HELD_SLOTS: "held slots",
        ObstacleKind.WAITING: "places on the waitlist",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """What stands in the way: of which kind, and how many."""

    kind: ObstacleKind
    count: int

    @property
    def words(self) -> str:
        """Name the kind, of many."""
        return _WORDS[self.kind]
