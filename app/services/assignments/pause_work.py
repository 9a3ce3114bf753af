"""A technician lets a job rest."""

from uuid import UUID

from app.domain import assignments as rules
from app.domain.events import EventType
from app.domain.people import Actor
from app.services.assignments.job_step import StepCommand, take_step, write_step
from app.services.change import Change
from app.services.perform import Writer, Written, perform


async def pause_work(writer: Writer, actor: Actor, command: StepCommand) -> Written:
    """Move the actor's job to PAUSED; the ticket stays IN_PROGRESS. Ids: assignment, ticket.

    Guard: the ticket's row lock, then the job's.
    """

    async def work(change: Change) -> dict[str, UUID]:
        step = await take_step(change, command, lambda job, at: rules.pause(job, at=at))
        return await write_step(change, step, told_as=EventType.JOB_PAUSED)

    return await perform(writer, actor, "pauseWork", command, work)
