"""The dispatch board: which tickets and jobs are on it, by whom they concern."""

from dataclasses import dataclass
from uuid import UUID

from app.domain.events import Concerned, Event
from app.domain.sight import Sight

# How much of a board is shown at once; more than that is narrowed.
MOST_LANES = 50
MOST_UNASSIGNED = 100
MOST_AT_RISK = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """What a board shows; None does not narrow.

    A ticket is on it by its territory and by its active job's technician and their team; while nobody has
    it, by its territory and `include_unassigned`. A job is on it as its ticket is while it has that job.
    """

    territory_ids: frozenset[UUID] | None = None
    team_ids: frozenset[UUID] | None = None
    technician_ids: frozenset[UUID] | None = None
    include_unassigned: bool = True

    def shows(self, concerned: Concerned) -> bool:
        """Tell whether a ticket or job that concerns these is on the board."""
        return self._shows(concerned, nobodys=self.include_unassigned)

    def choose(self, event: Event) -> Sight:
        """Tell whether the event is on the board; what was and is no longer has gone."""
        nobodys = self.include_unassigned
        if event.ticket_id is None:
            # People, stock and settings are nobody's to do: without a technician they are not unassigned.
            nobodys = nobodys or (self.team_ids is None and self.technician_ids is None)
        before, after = (
            concerned is not None and self._shows(concerned, nobodys=nobodys)
            for concerned in (event.before, event.after)
        )
        if after or (before and event.after is None):
            return Sight.SEEN
        return Sight.GONE if before else Sight.UNSEEN

    def _shows(self, concerned: Concerned, *, nobodys: bool) -> bool:
        if self.territory_ids is not None and concerned.territory_id not in self.territory_ids:
            return False
        if concerned.technician_id is None:
            return nobodys
        return (self.team_ids is None or concerned.team_id in self.team_ids) and (
            self.technician_ids is None or concerned.technician_id in self.technician_ids
        )
