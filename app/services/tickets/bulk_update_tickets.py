"""Somebody changes many tickets alike: each for itself, all in one change."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from app.domain import validation
from app.domain.people import Actor
from app.domain.policy import Action
from app.domain.refusals import Invalid, Refusal
from app.domain.situations import Situation
from app.domain.tickets import TicketPriority, TicketStatus
from app.services.assignments.assign_ticket import AssignTicket, give
from app.services.change import Change, RefusedItem
from app.services.perform import Writer, Written, perform
from app.services.situations import lock_ticket, require, standing_of
from app.services.tickets.move_ticket import move_ticket
from app.services.tickets.update_ticket import save_changes

MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkUpdateTickets:
    """Which tickets, at most 100, and what is to become of each: what is None stays as it is."""

    ticket_ids: tuple[UUID, ...]
    priority: TicketPriority | None = None
    status: TicketStatus | None = None
    add_tags: tuple[str, ...] = ()
    technician_id: UUID | None = None
    idempotency_key: str | None = None


async def bulk_update_tickets(writer: Writer, actor: Actor, command: BulkUpdateTickets) -> Written:
    """Change each ticket that may be changed, and tell of the others why not.

    Ids: those that were, as ticket.0 and so on by their places.

    Guard: the row locks of all tickets and their jobs, in the order of the tickets' ids; then technicians'.
    """

    async def work(change: Change) -> dict[str, UUID]:
        ids, tags = _checked(command)
        found = await _lock(change, ids)
        done: dict[str, UUID] = {}
        for at, ticket_id in enumerate(ids):
            try:
                async with change.attempt():
                    await _update(change, found[ticket_id], command, tags)
            except Refusal as refusal:
                field = None if refusal.field is None else list(refusal.field)
                change.refused[ticket_id] = RefusedItem(
                    place=at, code=refusal.code, message=refusal.message, field=field
                )
            else:
                done[f"ticket.{at}"] = ticket_id
        return done

    return await perform(writer, actor, "bulkUpdateTickets", command, work)


def _checked(command: BulkUpdateTickets) -> tuple[list[UUID], tuple[str, ...]]:
    ids = list(dict.fromkeys(command.ticket_ids))
    if not 1 <= len(ids) <= MOST_AT_ONCE:
        raise Invalid(field=("ids",), problem=f"ids must name 1 to {MOST_AT_ONCE} tickets.")
    tags = validation.tags(command.add_tags, "addTags")
    if not tags and all(each is None for each in (command.priority, command.status, command.technician_id)):
        problem = "Say what is to become of the tickets: priority, status, addTags or assignToTechnicianId."
        raise Invalid(field=("ids",), problem=problem)
    if command.status is not None and command.technician_id is not None:
        raise Invalid(field=("status",), problem="A ticket that is assigned is ASSIGNED: give no status besides.")
    return ids, tags


async def _lock(change: Change, ids: list[UUID]) -> Mapping[UUID, Situation | Refusal]:
    found: dict[UUID, Situation | Refusal] = {}
    for ticket_id in sorted(ids):
        try:
            found[ticket_id] = await lock_ticket(change, ticket_id, field="ids")
        except Refusal as missing:
            found[ticket_id] = missing
    return found


async def _update(
    change: Change, found: Situation | Refusal, command: BulkUpdateTickets, tags: tuple[str, ...]
) -> None:  # fmt: skip
    if isinstance(found, Refusal):
        raise found
    situation = found
    if command.priority is not None or tags:
        require(change.actor, Action.UPDATE_TICKET, standing_of(situation), words="change this ticket")
        ticket = situation.ticket
        merged = validation.tags((*ticket.tags, *tags), "addTags")
        wanted = replace(ticket, priority=command.priority or ticket.priority, tags=merged)
        situation = await save_changes(change, situation, wanted)
    if command.status is not None and command.status is not situation.ticket.status:
        situation = await move_ticket(change, situation, command.status)
    if command.technician_id is not None:
        wish = AssignTicket(ticket_id=situation.ticket.id, technician_id=command.technician_id)
        await give(change, situation, wish, field="assignToTechnicianId")
