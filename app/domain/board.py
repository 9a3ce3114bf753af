"""The dispatch board: which tickets and jobs are on it, by whom they concern."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.domain.events import APPOINTMENT, SHIFT, TIME_OFF, Concerned, Event
from app.domain.sight import Sight

# How much of a board is shown at once; more than that is narrowed.
MOST_LANES = 50
MOST_UNASSIGNED = 100
MOST_AT_RISK = 100
# What has a time of its own, and in which fields it is told.
_TIMED = frozenset({APPOINTMENT, SHIFT, TIME_OFF})
_TIMES = frozenset({"starts_at", "ends_at"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """What a board shows; None does not narrow.

    A ticket is on it by its territory and by its active job's technician and their team; while nobody has
    it, by its territory and `include_unassigned`. A job is on it as its ticket is while it has that job.
    What else is a technician's is on it by them, their team, and where they work or have jobs: the technician
    themselves, their queue, shifts, time off and appointments. Of these, what has a time is by that within
    [since, until).
    """

    territory_ids: frozenset[UUID] | None = None
    team_ids: frozenset[UUID] | None = None
    technician_ids: frozenset[UUID] | None = None
    include_unassigned: bool = True
    since: datetime | None = None
    until: datetime | None = None

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
        if event.kind in _TIMED:
            before, after = before and self._meets(event, old=True), after and self._meets(event, old=False)
        if after or (before and event.after is None):
            return Sight.SEEN
        return Sight.GONE if before else Sight.UNSEEN

    def _meets(self, event: Event, *, old: bool) -> bool:
        """Tell whether the time before or after is within the board's; what is not told may be."""
        told = ((each.field, each.old if old else each.new) for each in event.changes if each.field in _TIMES)
        times = {name: datetime.fromisoformat(value) for name, value in told if value is not None}
        start, end = times.get("starts_at"), times.get("ends_at")
        too_late = start is not None and self.until is not None and start >= self.until
        too_early = end is not None and self.since is not None and end <= self.since
        return not too_late and not too_early

    def _shows(self, concerned: Concerned, *, nobodys: bool) -> bool:
        if not self._lies_within(concerned):
            return False
        if concerned.technician_id is None:
            return nobodys
        return (self.team_ids is None or concerned.team_id in self.team_ids) and (
            self.technician_ids is None or concerned.technician_id in self.technician_ids
        )

    def _lies_within(self, concerned: Concerned) -> bool:
        wanted = self.territory_ids
        return wanted is None or concerned.territory_id in wanted or not wanted.isdisjoint(concerned.territory_ids)
