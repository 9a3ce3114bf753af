"""Streams: what of the log one viewer is told, message by message."""

from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

from app.db import log
from app.domain.board import Narrowing
from app.domain.events import APPOINTMENT, CLOCK, QUEUE, SHIFT, TIME_OFF, Event
from app.domain.people import Actor
from app.domain.policy import Action, Standing, may, visibility_class
from app.domain.promises import alarming
from app.domain.refusals import Forbidden, Invalid, NotFound
from app.domain.sight import Sight, sight
from app.live.replay import Heartbeat, Ready, Reset, ResetReason, Step
from app.reads import entities
from resolvers.context import Operation

MOST_EVENTS = 500


@dataclass(frozen=True, slots=True)
class Gone:
    """A row left the viewer's sight, or the stream's filter."""

    position: int
    kind: str
    key: UUID
    cause: str


Message = Event | Gone | Ready | Reset | Heartbeat
Choice = Callable[[Event], Sight]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPart:
    """A part of the log as one viewer sees it, ending at `position`."""

    messages: list[Event | Gone]
    position: int
    has_more: bool
    reset: Reset | None


async def read_log(operation: Operation, after: str, types: frozenset[str] | None, first: int) -> LogPart:
    """Return what the viewer may see of the next `first` events after a cursor.

    Raises:
        Invalid: `first` is not within 1 to 500.
    """
    if not 1 <= first <= MOST_EVENTS:
        raise Invalid(field=("first",), problem=f"first must lie between 1 and {MOST_EVENTS}.")
    # Through the operation's own look: another connection besides it could wait for itself.
    organization_id, run = operation.actor.organization_id, operation.reader.run
    position = await run(operation.process.log.place_in, organization_id, after)
    if isinstance(position, Reset):
        return LogPart(messages=[], position=position.position, has_more=False, reset=position)
    events = await run(log.read, organization_id, after=position, limit=first + 1)
    kept = events[:first]
    chosen = (_chosen(operation.actor, event, _everything) for event in kept)
    messages = [
        message
        for message in chosen
        if message is not None and (types is None or isinstance(message, Gone) or message.type in types)
    ]
    end = kept[-1].position if kept else position
    return LogPart(messages=messages, position=end, has_more=len(events) > first, reset=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What one viewer follows: whose log, from where, and which of its events.

    `permit` raises Forbidden for an actor who may not follow at all.
    """

    operation: Operation
    after: str | None
    choose: Choice
    permit: Callable[[Actor], None]

    def message(self, step: Step) -> Message | None:
        """Return what the operation's actor is told of a step, None for nothing."""
        return _chosen(self.operation.actor, step, self.choose) if isinstance(step, Event) else step

    async def steps(self, position: int | None = None) -> AsyncGenerator[tuple[Step, Message | None], None]:
        """Yield each step of the log and what the viewer is told of it; never ends.

        It begins where the client wants to, or just behind a position. Every step is taken with a fresh
        look at the database and the actor as they are by then.

        Raises:
            UnknownUser: the actor may no longer come in.
            Forbidden: the actor's rights changed, and `permit` refuses what they are now.
        """
        operation, log = self.operation, self.operation.process.log
        organization_id = operation.actor.organization_id
        if position is None:
            steps: AsyncGenerator[Step, None] = log.follow(
                organization_id, self.after, wanted=lambda event: self.message(event) is not None
            )
        else:
            # Whoever comes back may do so because they have changed.
            changed, reset = await self._changed(), Reset(position, ResetReason.PERMISSIONS_CHANGED)
            yield reset, reset if changed else None
            self.permit(operation.actor)
            steps = log.tail(organization_id, position)
        await operation.renew()
        async with aclosing(steps):
            async for step in steps:
                if await self._changed():
                    reset = Reset(step.position, ResetReason.PERMISSIONS_CHANGED)
                    yield reset, reset
                    self.permit(operation.actor)
                await operation.renew()
                yield step, self.message(step)

    async def _changed(self) -> bool:
        operation = self.operation
        actor = await operation.reload()
        changed = rights(actor) != rights(operation.actor)
        operation.actor = actor
        return changed


def board(operation: Operation, narrowing: Narrowing, after: str | None) -> Stream:
    """Follow everything on a board. Raises Forbidden for whoever is no dispatcher."""

    def permit(actor: Actor) -> None:
        if not may(actor, Action.SUBSCRIBE_BOARD, Standing()):
            raise Forbidden(action="watch the dispatch board")

    permit(operation.actor)
    return Stream(operation=operation, after=after, choose=narrowing.choose, permit=permit)


def alerts(operation: Operation, territory_ids: frozenset[UUID] | None, after: str | None) -> Stream:
    """Follow clocks that warn or are breached, until they no longer do. Raises Forbidden below DISPATCHER."""
    narrowing = Narrowing(territory_ids=territory_ids)

    def permit(actor: Actor) -> None:
        if not may(actor, Action.SUBSCRIBE_BOARD, Standing()):
            raise Forbidden(action="watch service levels")

    def choose(event: Event) -> Sight:
        return narrowing.choose(event) if alarming(event) else Sight.UNSEEN

    permit(operation.actor)
    return Stream(operation=operation, after=after, choose=choose, permit=permit)


async def jobs(operation: Operation, technician_id: UUID | None, after: str | None) -> Stream:
    """Follow a technician's jobs and time, the viewer's own without an id.

    Raises:
        Forbidden: another's jobs, and the viewer is no dispatcher; or the viewer is no technician.
        NotFound: there is no such technician.
    """
    wanted = technician_id or operation.actor.technician_id
    if wanted is None:
        raise Forbidden(field=("technicianId",), action="watch jobs of your own, being no technician")
    if await operation.loaders.row(entities.TECHNICIAN, wanted) is None:
        raise NotFound(field=("technicianId",), kind="technician")

    def permit(actor: Actor) -> None:
        if not may(actor, Action.SUBSCRIBE_JOBS, Standing(technician_id=wanted)):
            raise Forbidden(field=("technicianId",), action="watch another technician's jobs")

    def choose(event: Event) -> Sight:
        if event.kind == CLOCK:
            # A clock that stops with its job has lost the technician by then.
            theirs = any(each is not None and each.technician_id == wanted for each in (event.before, event.after))
            return Sight.SEEN if theirs else Sight.UNSEEN
        if event.kind in {APPOINTMENT, SHIFT, TIME_OFF}:
            return _kept(event, wanted)
        concerned = event.after or event.before
        mine = event.kind in {"Assignment", QUEUE} and concerned is not None and concerned.technician_id == wanted
        return Sight.SEEN if mine else Sight.UNSEEN

    permit(operation.actor)
    return Stream(operation=operation, after=after, choose=choose, permit=permit)


async def ticket(operation: Operation, ticket_id: UUID, after: str | None) -> Stream:
    """Follow one ticket, its jobs and comments. Raises NotFound for what the viewer may not see."""
    if await operation.loaders.row(entities.TICKET, ticket_id) is None:
        raise NotFound(field=("ticketId",), kind="ticket")

    def choose(event: Event) -> Sight:
        return Sight.SEEN if event.ticket_id == ticket_id else Sight.UNSEEN

    return Stream(operation=operation, after=after, choose=choose, permit=_whoever)


def _kept(event: Event, technician_id: UUID) -> Sight:
    """Tell whether a time is the technician's; an appointment that becomes another's has gone."""
    before, after = (each is not None and each.technician_id == technician_id for each in (event.before, event.after))
    if after or (before and event.after is None):
        return Sight.SEEN
    return Sight.GONE if before else Sight.UNSEEN


def _whoever(_actor: Actor) -> None:
    """Permit the stream itself to everyone: each event is looked at by itself."""


def rights(actor: Actor) -> Hashable:
    """Return all that decides what an actor is told, besides who they are."""
    opened = None if actor.key is None else actor.key.scopes
    return (visibility_class(actor), opened, actor.roles, actor.technician_id, actor.team_id, actor.customer_ids)


def _chosen(actor: Actor, event: Event, choose: Choice) -> Event | Gone | None:
    seen, chosen = sight(actor, event), choose(event)
    if Sight.UNSEEN in {seen, chosen}:
        return None
    if seen is Sight.GONE:
        return Gone(event.position, event.kind, event.subject_id, "It is no longer yours to see.")
    if chosen is Sight.GONE:
        return Gone(event.position, event.kind, event.subject_id, "It left the filter.")
    return event


def _everything(_event: Event) -> Sight:
    return Sight.SEEN
