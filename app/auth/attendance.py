"""Who is there: those who follow something, and whether they still may.

Rights are looked at for everybody at once, every other second and as soon as the log tells that somebody
has changed; so what a thousand readers cost does not grow with the events that they are told.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from app.auth.actors import CHANGES_WHO_ONE_IS, Actors, Person, UnknownUser
from app.auth.claims import Claims
from app.db.transaction import UNREACHABLE
from app.domain.events import Event
from app.domain.people import Actor, EventSource

# Within the five seconds in which whoever is revoked must be out.
LOOK_SECONDS = 2.0
_RETRY_SECONDS = 0.5

log = structlog.get_logger(__name__)

# Called with who one is by now, None for nobody who may come in.
Changed = Callable[[Actor | None], None]


@dataclass(slots=True, eq=False, kw_only=True)
class _Attendee:
    claims: Claims
    source: EventSource
    ip: str | None
    changed: Changed


class _Present:
    """Those of one organisation, how many changes the log told of, and how many of them were looked at."""

    __slots__ = ("attendees", "changes", "looked_at", "waiting")

    def __init__(self) -> None:
        self.attendees: set[_Attendee] = set()
        self.changes = 0
        self.looked_at = 0
        self.waiting: list[tuple[int, asyncio.Future[None]]] = []

    def looked(self, changes: int) -> None:
        self.looked_at = max(self.looked_at, changes)
        for number, future in self.waiting:
            if number <= self.looked_at and not future.done():
                future.set_result(None)
        self.waiting = [each for each in self.waiting if not each[1].done()]


class Attendance:
    """The attendees of one process, and the task that looks after their rights."""

    def __init__(self, actors: Actors, *, clock: Callable[[], datetime]) -> None:
        self._actors = actors
        self._clock = clock
        self._present: dict[UUID, _Present] = {}
        self._stirred = asyncio.Event()

    @contextmanager
    def attending(self, claims: Claims, source: EventSource, ip: str | None, changed: Changed) -> Iterator[None]:
        """Look after a token's bearer while the block lasts; `changed` is called at every look."""
        attendee = _Attendee(claims=claims, source=source, ip=ip, changed=changed)
        present = self._present.setdefault(claims.organization_id, _Present())
        present.attendees.add(attendee)
        try:
            yield
        finally:
            present.attendees.discard(attendee)
            if not present.attendees:
                self._present.pop(claims.organization_id, None)
                present.looked(present.changes)

    async def banned(self, claims: Claims, source: EventSource, ip: str | None) -> None:
        """Wait until a token's bearer may no longer come in."""
        over = asyncio.Event()
        with self.attending(claims, source, ip, lambda actor: over.set() if actor is None else None):
            await over.wait()

    def notice(self, event: Event) -> None:
        """Look at once when an event tells that somebody has changed."""
        present = self._present.get(event.organization_id)
        if present is not None and event.kind in CHANGES_WHO_ONE_IS:
            present.changes += 1
            self._stirred.set()

    async def settled(self, organization_id: UUID) -> None:
        """Wait until everybody was looked at since the last event that told of a change."""
        present = self._present.get(organization_id)
        if present is not None and present.looked_at < present.changes:
            looked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            present.waiting.append((present.changes, looked))
            await looked

    async def run(self) -> None:
        """Look until cancelled; a failing database is asked again, and bans nobody meanwhile."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._stirred.wait()
            self._stirred.clear()
            # One after the other whatever happens: one organisation's trouble is not another's.
            looked = [await self._looked(organization_id) for organization_id in list(self._present)]
            if not all(looked):
                await asyncio.sleep(_RETRY_SECONDS)
                self._stirred.set()

    async def _looked(self, organization_id: UUID) -> bool:
        try:
            await self._look(organization_id)
        except UNREACHABLE as lost:
            log.warning("attendance.unknown", reason=type(lost).__name__)
            return False
        except Exception:
            # Nobody's rights would ever be looked at again.
            log.exception("attendance.failed", organization_id=str(organization_id))
            return False
        return True

    async def _look(self, organization_id: UUID) -> None:
        present = self._present.get(organization_id)
        if present is None:
            return
        changes, there = present.changes, list(present.attendees)
        users = {attendee.claims.user_id for attendee in there}
        found = await self._actors.look(organization_id, users, now=self._clock())
        for attendee in there:
            self._actors.usage.note(attendee.claims, self._clock())
            attendee.changed(_who(attendee, found.get(attendee.claims.user_id)))
        present.looked(changes)


def _who(attendee: _Attendee, person: Person | None) -> Actor | None:
    if person is None:
        return None
    try:
        return person.by(attendee.claims, source=attendee.source, ip=attendee.ip)
    except UnknownUser:
        return None
