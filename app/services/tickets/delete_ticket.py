"""A ticket is taken out of everybody's sight."""

from dataclasses import replace
from uuid import UUID

from app.domain import assignments as job_rules
from app.domain.events import EventType
from app.domain.people import Actor
from app.domain.policy import Action
from app.domain.situations import ticket_event
from app.services.assignments.job_step import end_job, save_ticket
from app.services.change import Change
from app.services.deleting import Delete
from app.services.perform import Writer, Written, perform
from app.services.situations import expect_version, lock_ticket, require, standing_of

NOTE = "The ticket was deleted"


async def delete_ticket(writer: Writer, actor: Actor, command: Delete) -> Written:
    """Delete a ticket for good, though its row and its log stay; its active job is called off. Ids: deleted_ticket.

    Guard: the ticket's row lock, then its job's.
    """

    async def work(change: Change) -> dict[str, UUID]:
        before = await lock_ticket(change, command.id, field="id")
        require(change.actor, Action.DELETE_TICKET, standing_of(before), words="delete tickets")
        expect_version(before.ticket, command.expected_version)
        if before.job is not None:
            at = max(change.now, job_rules.latest_stamp(before.job))
            ended = job_rules.cancel(before.job, reason=NOTE, at=at)
            await end_job(change, before, before.job, ended, told_as=EventType.JOB_CANCELLED)
        saved = await save_ticket(change, before.ticket, replace(before.ticket, deleted_at=change.now))
        after = replace(before, ticket=saved, job=None, team_id=None)
        told = ticket_event(EventType.TICKET_DELETED, before, after, occurred_at=change.now)
        change.tell(replace(told, after=None))
        return {"deleted_ticket": saved.id}

    return await perform(writer, actor, "deleteTicket", command, work)
