"""A technician goes on with a job after a pause."""

from app.domain import assignments as rules
from app.domain.people import Actor
from app.services.assignments.job_step import StepCommand
from app.services.assignments.start_work import at_work
from app.services.perform import Writer, Written


async def resume_work(writer: Writer, actor: Actor, command: StepCommand) -> Written:
    """Move the actor's paused job and its ticket to IN_PROGRESS again. Ids: assignment, ticket.

    Guard: as `start_work`.
    """
    return await at_work(writer, actor, "resumeWork", command, lambda job, at: rules.resume(job, at=at))
