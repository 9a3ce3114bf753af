"""What giving a ticket to somebody brings about, for a dispatcher to look at before it is done."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.domain.distances import Distance


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """Who would get the job, at which tier, until when the offer stands, and what is to be thought about.

    `technician_id` is None where the ticket would wait in the tier's queue. `travel_minutes_delta` is the
    new technician's way less the present one's; None where one of them is not known.
    """

    tier_level: int
    technician_id: UUID | None = None
    accept_by: datetime | None = None
    active_jobs: int | None = None
    distance: Distance | None = None
    travel_minutes_delta: int | None = None
    warnings: tuple[str, ...] = ()
