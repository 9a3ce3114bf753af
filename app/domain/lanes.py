"""Lanes: on which boards a technician stands, by their team, and by where they work and have jobs."""

from dataclasses import dataclass
from uuid import UUID

from app.domain.events import Concerned


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A technician's team, the territories in which they work, and those in which their active jobs lie."""

    team_id: UUID | None
    works_in: frozenset[UUID]
    busy_in: frozenset[UUID]

    @property
    def territory_ids(self) -> frozenset[UUID]:
        """The territories on whose boards they stand."""
        return self.works_in | self.busy_in

    def concerned(self, technician_id: UUID) -> Concerned:
        """Say whom something concerns that is the technician's and lies in no territory itself."""
        return Concerned(
            technician_id=technician_id, team_id=self.team_id, territory_ids=self.territory_ids, internal=True
        )


# Of a technician who is not there any more.
NOWHERE = Lane(team_id=None, works_in=frozenset(), busy_in=frozenset())
