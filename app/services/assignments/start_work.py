"""A technician begins work on a job."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from app.db import records
from app.db.locks import lock_technicians
from app.db.tables.assignments import assignments
from app.domain import assignments as rules
from app.domain.assignments import Assignment, AssignmentStatus
from app.domain.events import EventType
from app.domain.people import Actor
from app.domain.refusals import InvalidTransition
from app.domain.tickets import TicketStatus
from app.services.assignments.job_step import StepCommand, take_step, write_step
from app.services.change import Change
from app.services.organization import settings_of
from app.services.perform import Writer, Written, perform

Rule: TypeAlias = Callable[[Assignment, datetime], Assignment]


async def start_work(writer: Writer, actor: Actor, command: StepCommand) -> Written:
    """Move the actor's job and its ticket to IN_PROGRESS. Ids: assignment, ticket.

    Guard: the ticket's row lock, then the job's, then the technician's advisory lock, under which
    there is no other job in progress where the organisation allows only one.
    """
    return await at_work(writer, actor, "startWork", command, lambda job, at: rules.start(job, at=at))


async def at_work(writer: Writer, actor: Actor, mutation: str, command: StepCommand, rule: Rule) -> Written:
    """Take the step that a rule says, after which the actor is at work on the job."""

    async def work(change: Change) -> dict[str, UUID]:
        step = await take_step(change, command, rule)
        await expect_free(change, step.before)
        resumed = step.before.status is AssignmentStatus.PAUSED
        told_as = EventType.JOB_RESUMED if resumed else EventType.JOB_STARTED
        return await write_step(change, step, told_as=told_as, ticket_status=TicketStatus.IN_PROGRESS)

    return await perform(writer, actor, mutation, command, work)


async def expect_free(change: Change, job: Assignment) -> None:
    """Lock the job's technician; refuse if they are at work on another and may not be. Raises InvalidTransition."""
    await lock_technicians(change.connection, job.organization_id, [job.technician_id])
    settings = await settings_of(change.connection, job.organization_id)
    if not settings.one_job_in_progress:
        return
    running = await records.fetch(
        change.connection,
        assignments,
        Assignment,
        assignments.c.organization_id == job.organization_id,
        assignments.c.technician_id == job.technician_id,
        assignments.c.status == AssignmentStatus.IN_PROGRESS,
        assignments.c.id != job.id,
        limit=1,
    )
    if running:
        raise InvalidTransition(
            subject="job",
            current=job.status,
            to=AssignmentStatus.IN_PROGRESS,
            allowed=[each for each in rules.allowed_after(job.status) if each is not AssignmentStatus.IN_PROGRESS],
            current_assignment_id=running[0].id,
            why="You are at work on another job: pause or complete it first.",
        )
