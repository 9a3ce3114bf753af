"""The words of erasures as GraphQL enums."""

from app.domain.erasures import ErasureReason
from app.domain.obstacles import ObstacleKind
from schema.describing import described

__all__ = ["ErasureReason", "ObstacleKind"]

described(
    ErasureReason,
    "Why somebody's data is erased: a word, because words of one's own might be personal again.",
    {
        "REQUESTED": "They asked for it.",
        "CONSENT_WITHDRAWN": "They no longer agree to its being kept.",
        "NO_LONGER_NEEDED": "There is nothing left that it is kept for.",
        "UNLAWFUL": "It should never have been kept.",
    },
)
described(
    ObstacleKind,
    "What still runs, so that somebody's data cannot be erased under it.",
    {
        "OPEN_TICKETS": "Tickets that are neither resolved nor closed nor cancelled.",
        "ACTIVE_JOBS": "Jobs from ASSIGNED to PAUSED.",
        "COMING_APPOINTMENTS": "Appointments that are not over.",
        "RUNNING_SERIES": "Series that go on making appointments.",
        "HELD_SLOTS": "Slots that are held.",
        "WAITING": "Places on the waitlist.",
    },
)
