"""Time passes: warnings and breaches of a ticket's clocks are told, and a breach may escalate it."""

from dataclasses import dataclass
from uuid import UUID

import structlog

from app.db import sla
from app.domain.people import Actor
from app.domain.refusals import NotFound, Refusal
from app.domain.situations import Situation, concerned
from app.domain.sla import SlaClock, to_escalate
from app.services.change import Change
from app.services.perform import Writer, Written, perform
from app.services.service_levels.promises import keeper_of, kept_by, write_kept
from app.services.situations import lock_ticket
from app.services.tickets.escalate_ticket import EscalateTicket, escalate

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleSla:
    """Which ticket."""

    ticket_id: UUID
    idempotency_key: str | None = None


async def settle_sla(writer: Writer, actor: Actor, command: SettleSla) -> Written | None:
    """Tell what has come due of a ticket's clocks; None: nothing has. Ids: ticket.

    A breach under a policy that says so, whatever told of it, escalates the ticket here, if somebody has it and there
    is a tier above; if not, that is all.

    Guard: the ticket's row lock, under which the clocks are read: of any number of workers one tells.
    """

    async def work(change: Change) -> dict[str, UUID]:
        try:
            situation = await lock_ticket(change, command.ticket_id)
        except NotFound as gone:
            raise _NothingToDo from gone
        organization_id, ticket = actor.organization_id, situation.ticket
        given = (await sla.promised(change.connection, organization_id, [ticket.id])).get(ticket.id)
        if given is None:
            raise _NothingToDo
        keeper = keeper_of(given, new_id=change.new_id, now=change.now)
        keeper.pass_time()
        late = [clock for clock in keeper.clocks if to_escalate(clock)]
        keeper.acknowledge()
        if not keeper.ticks:
            raise _NothingToDo
        whom = concerned(ticket, situation.job, situation.team_id)
        kept = kept_by(keeper, ticket.id, given.policy)
        for event in await write_kept(
            change.connection, organization_id, [kept], {ticket.id: (whom, whom)}, change.now
        ):
            change.tell(event)
        if late:
            await _escalate(change, situation, late[0])
        return {"ticket": ticket.id}

    try:
        return await perform(writer, actor, "settleSla", command, work)
    except _NothingToDo:
        return None


class _NothingToDo(Exception):
    """Nothing has come due."""


async def _escalate(change: Change, situation: Situation, clock: SlaClock) -> None:
    if situation.job is None:
        return
    # One that stands has no due time, and can be breached all the same: by another priority's target.
    reason = f"{clock.metric.value} was due at {clock.breached_at:%Y-%m-%d %H:%M} UTC"
    try:
        async with change.attempt():
            await escalate(change, EscalateTicket(ticket_id=situation.ticket.id, reason=reason))
    except Refusal as refusal:
        # Nobody stands above: dispatchers are told of the breach as of any other.
        log.info("sla.not_escalated", ticket_id=str(situation.ticket.id), reason=type(refusal).__name__)
