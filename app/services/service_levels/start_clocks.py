"""Open tickets that were promised nothing get their clocks: what came over, or was there before promises were made."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

import sqlalchemy as sa

from app.db import log, sla
from app.db.sla import Kept
from app.db.tables.assignments import assignments
from app.db.tables.people import technicians, users
from app.db.tables.tickets import tickets
from app.domain.assignments import ACTIVE
from app.domain.events import Concerned, Event, EventType
from app.domain.people import Actor, Role
from app.domain.promises import Keeper, Tick, turns_of
from app.domain.sla import SlaClock, SlaPolicy, acknowledged
from app.domain.tickets import OPEN, TicketPriority
from app.services.change import Change
from app.services.perform import Writer, Written, perform
from app.services.service_levels.promises import write_kept

_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class StartClocks:
    """Nothing needs to be said."""

    idempotency_key: str | None = None


async def start_clocks(writer: Writer, actor: Actor) -> int:
    """Give every open ticket of the organisation that has no clocks its clocks, as its log says; return how many.

    A hundred tickets are one change. Clocks begin where the log has the ticket coming in; what they would have
    told by now is not told, but shown: each begins with one SLA_STARTED that says how it stands.

    Guard: the tickets' row locks; those that somebody else holds are left for another time.
    """
    total, last = 0, UUID(int=0)
    while (done := await _some(writer, actor, last)) is not None:
        total += len(done.ids)
        last = max(done.ids.values())
    return total


class _NothingToDo(Exception):
    """Every open ticket has clocks, or the organisation promises nothing."""


async def _some(writer: Writer, actor: Actor, after: UUID) -> Written | None:
    async def work(change: Change) -> dict[str, UUID]:
        connection, organization_id = change.connection, actor.organization_id
        policy = await sla.policy_in_force(connection, organization_id, writer.targets, change.now)
        found = await _without_clocks(change, after)
        if policy is None or not found:
            raise _NothingToDo
        stories = await log.read_tickets(connection, organization_id, list(found))
        staff = await _staff(change, stories)
        kept, concerned = [], {}
        for ticket_id, events in stories.items():
            clocks = _clocks(change, events, policy, staff)
            ticks = [Tick(type=EventType.SLA_STARTED, before=None, after=clock) for clock in clocks]
            current = [clock for clock in clocks if clock.current]
            kept.append(Kept(ticket_id=ticket_id, policy=policy, ticks=ticks, clocks=current))
            concerned[ticket_id] = (None, found[ticket_id])
        for event in await write_kept(connection, organization_id, kept, concerned, change.now):
            change.tell(event)
        return {str(ticket_id): ticket_id for ticket_id in stories}

    try:
        return await perform(writer, actor, "startClocks", StartClocks(), work)
    except _NothingToDo:
        return None


async def _without_clocks(change: Change, after: UUID) -> dict[UUID, Concerned]:
    of, job, who = tickets.c, assignments.c, technicians.c
    has = sa.and_(job.organization_id == of.organization_id, job.ticket_id == of.id, job.status.in_(ACTIVE))
    whose = sa.and_(who.organization_id == job.organization_id, who.id == job.technician_id)
    query = (
        sa.select(of.id, of.territory_id, of.requester_id, of.customer_id, job.technician_id, who.team_id)
        .select_from(tickets.outerjoin(assignments, has).outerjoin(technicians, whose))
        .where(
            of.organization_id == change.actor.organization_id,
            of.id > after,
            of.sla_policy_id.is_(None),
            of.deleted_at.is_(None),
            of.status.in_(OPEN),
        )
        .order_by(of.id)
        .limit(_AT_ONCE)
        .with_for_update(of=tickets, skip_locked=True)
    )
    return {
        row.id: Concerned(
            technician_id=row.technician_id,
            team_id=row.team_id,
            territory_id=row.territory_id,
            requester_id=row.requester_id,
            customer_id=row.customer_id,
        )
        for row in await change.connection.execute(query)
    }


async def _staff(change: Change, stories: dict[UUID, list[Event]]) -> frozenset[UUID]:
    """Return who of those that did something works for the organisation, as far as can still be told."""
    actors = {event.actor_id for events in stories.values() for event in events if event.actor_id is not None}
    of = users.c
    query = sa.select(of.id).where(
        of.organization_id == change.actor.organization_id,
        of.id.in_(actors),
        of.roles != sa.literal([Role.END_USER.value], sa.ARRAY(sa.Text)),
    )
    return frozenset(await change.connection.scalars(query))


def _clocks(change: Change, events: Sequence[Event], policy: SlaPolicy, staff: frozenset[UUID]) -> list[SlaClock]:
    """Return every generation of a ticket's clocks, as its events and the time since have left them."""
    current: list[SlaClock] = []
    every: dict[UUID, SlaClock] = {}
    priority = TicketPriority.P4
    for _, of_one in groupby(events, key=lambda event: event.change_id):
        told = list(of_one)
        by_staff = told[0].actor_id is None or told[0].actor_id in staff
        for turn in turns_of(told, actor_id=told[0].actor_id, by_staff=by_staff):
            priority = turn.priority or priority
            keeper = Keeper(current, policy, priority, new_id=change.new_id, at=told[0].recorded_at)
            keeper.follow(turn)
            current = keeper.clocks
            every |= {tick.after.id: tick.after for tick in keeper.ticks}
    keeper = Keeper(current, policy, priority, new_id=change.new_id, at=change.now)
    keeper.pass_time()
    every |= {tick.after.id: tick.after for tick in keeper.ticks}
    # What was breached long ago escalates nothing now.
    return [acknowledged(clock) for clock in every.values()]
