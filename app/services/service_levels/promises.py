"""Promises follow the events of a change: clocks start, stop and are met with what happens to their tickets."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import sla
from app.db.sla import Kept, Promised
from app.domain.events import CLOCK, Concerned, EventType, FieldChange, NewEvent, plain
from app.domain.people import Actor
from app.domain.policy import is_staff
from app.domain.promises import Keeper, Tick, Turn, turns_of
from app.domain.sla import SlaPolicy, Targets

# What the log says of a clock, besides which it is; its segments follow from the ticket's own events. Of one that gives
# way the state is told as well: an alert ends with it.
_TOLD = (
    "generation",
    "target_minutes",
    "state",
    "started_at",
    "due_at",
    "warned_percent",
    "breached_at",
    "met_at",
    "current",
)


async def keep_promises(
    connection: AsyncConnection,
    actor: Actor,
    told: Sequence[NewEvent],
    defaults: Targets,
    *,
    new_id: Callable[[], UUID],
    now: datetime,
) -> list[NewEvent]:
    """Take the clocks of every ticket that events are about through them; return what is to be told of it.

    Guard: the tickets' row locks. Most changes hold them already; a comment takes them here, when it
    is the answer that a clock waits for.
    """
    turns = turns_of(told, actor_id=actor.user_id, by_staff=is_staff(actor))
    found = await _policies_of_new(connection, actor, turns, defaults, now)
    found |= await _promised(connection, actor.organization_id, [turn for turn in turns if not turn.created])
    kept: list[Kept] = []
    for turn in turns:
        if turn.ticket_id in found:
            keeper = keeper_of(found[turn.ticket_id], new_id=new_id, now=now)
            keeper.follow(turn)
            kept.append(kept_by(keeper, turn.ticket_id, found[turn.ticket_id].policy))
    return await write_kept(connection, actor.organization_id, kept, _concerned(told), now)


def keeper_of(given: Promised, *, new_id: Callable[[], UUID], now: datetime) -> Keeper:
    """Return what takes these clocks on."""
    return Keeper(given.clocks, given.policy, given.priority, new_id=new_id, at=now)


def kept_by(keeper: Keeper, ticket_id: UUID, policy: SlaPolicy) -> Kept:
    """Return what has become of the clocks of a ticket."""
    return Kept(ticket_id=ticket_id, policy=policy, ticks=keeper.ticks, clocks=keeper.clocks)


async def write_kept(
    connection: AsyncConnection,
    organization_id: UUID,
    kept: Iterable[Kept],
    concerned: Mapping[UUID, tuple[Concerned | None, Concerned | None]],
    now: datetime,
) -> list[NewEvent]:
    """Write the steps that clocks have taken and return what is to be told of them.

    `concerned` has whom each ticket concerned before and concerns after.
    """
    moved = [each for each in kept if each.ticks]
    if not moved:
        return []
    await sla.save(connection, organization_id, moved, now)
    return [
        _told(tick.type, tick, *concerned[each.ticket_id], now)
        for each in moved
        for tick in each.ticks
        if tick.type is not None
    ]


async def _policies_of_new(
    connection: AsyncConnection, actor: Actor, turns: Sequence[Turn], defaults: Targets, now: datetime
) -> dict[UUID, Promised]:
    new = {turn.ticket_id: turn.priority for turn in turns if turn.created and turn.priority is not None}
    if not new:
        return {}
    policy = await sla.policy_in_force(connection, actor.organization_id, defaults, now)
    if policy is None:
        return {}
    return {ticket_id: Promised(clocks=(), policy=policy, priority=priority) for ticket_id, priority in new.items()}


async def _promised(connection: AsyncConnection, organization_id: UUID, turns: Sequence[Turn]) -> dict[UUID, Promised]:
    if not turns:
        return {}
    found = await sla.promised(connection, organization_id, [turn.ticket_id for turn in turns])
    # Whoever only comments has not locked the ticket; whoever does more has.
    answers = [turn.ticket_id for turn in turns if turn == Turn(ticket_id=turn.ticket_id, answered=True)]
    awaited = [each for each in answers if each in found and any(clock.awaits_answer for clock in found[each].clocks)]
    for each in set(answers) - set(awaited):
        # Read without the lock, and nothing waits for the answer: the worker tells what has come due.
        found.pop(each, None)
    if awaited:
        await sla.lock_tickets(connection, organization_id, awaited)
        found |= await sla.promised(connection, organization_id, awaited)
    return found


def _concerned(told: Sequence[NewEvent]) -> dict[UUID, tuple[Concerned | None, Concerned | None]]:
    """Return whom each ticket concerns: as its own event says, and where it has none, its last event."""
    concerned: dict[UUID, tuple[Concerned | None, Concerned | None]] = {}
    for event in sorted(told, key=lambda event: event.kind == "Ticket"):
        if event.ticket_id is not None:
            concerned[event.ticket_id] = (_public(event.before), _public(event.after))
    return concerned


def _public(concerned: Concerned | None) -> Concerned | None:
    # A clock is shown to whoever sees its ticket, whatever moved it.
    if concerned is None or not concerned.internal:
        return concerned
    return replace(concerned, internal=False)


def _told(type_: EventType, tick: Tick, before: Concerned | None, after: Concerned | None, now: datetime) -> NewEvent:
    old, new = tick.before, tick.after
    changes = [
        FieldChange(field=name, old=plain(getattr(old, name, None)), new=plain(getattr(new, name)))
        for name in _TOLD
        if old is None or getattr(old, name) != getattr(new, name) or (name == "state" and old.current != new.current)
    ]
    metric = FieldChange(field="metric", old=None if old is None else old.metric.value, new=new.metric.value)
    return NewEvent(
        type=type_,
        kind=CLOCK,
        id=new.id,
        version=new.version,
        ticket_id=new.ticket_id,
        occurred_at=now,
        before=None if old is None else before or after,
        after=after,
        changes=(metric, *changes),
    )
