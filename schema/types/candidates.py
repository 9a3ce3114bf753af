"""Technicians beside a ticket."""

from typing import Any

import strawberry

from app.domain.eligibility import Candidate as DomainCandidate
from app.reads import entities
from resolvers import events
from schema.enums import DistanceSource
from schema.fields import FEW_ROWS, Info
from schema.types.rejections import Rejection, rejection_of
from schema.types.technicians import Technician


@strawberry.type(description="A technician beside a ticket: whether they may get it, and how well they fit.")
class Candidate:
    """A technician beside a ticket."""

    found: strawberry.Private[DomainCandidate]
    eligible: bool = strawberry.field(description="Whether nothing stands against them.")
    rank: int | None = strawberry.field(description="Their place among the eligible, 1 the best; null: not eligible.")
    queue_length: int = strawberry.field(description="How many active jobs they have.")
    distance_km: float | None = strawberry.field(
        description="How far it is from their home; null: one of the two places is not known."
    )
    travel_minutes: int | None = strawberry.field(description="How long that takes; null: not known.")
    distance_source: DistanceSource | None = strawberry.field(description="Where the distance is known from.")

    @strawberry.field(description="Who.")
    async def technician(self, info: Info) -> Technician | None:
        """Return the technician."""
        technician: Any = await events.row(info.context, entities.TECHNICIAN, self.found.technician.id)
        return technician

    @strawberry.field(description="Everything that stands against them.", metadata=FEW_ROWS)
    async def reasons(self, info: Info) -> list[Rejection]:
        """Return every reason."""
        return [await rejection_of(info.context, each) for each in self.found.rejections]


def told(found: DomainCandidate) -> Candidate:
    """Return a candidate as clients see it."""
    way = found.technician.distance
    return Candidate(
        found=found,
        eligible=not found.rejections,
        rank=found.rank,
        queue_length=found.technician.active_jobs,
        distance_km=None if way is None else way.km,
        travel_minutes=None if way is None else way.minutes,
        distance_source=None if way is None else way.source,
    )
