"""A requester says how well a job was done."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.people import technicians
from app.domain import assignments as rules
from app.domain import validation
from app.domain.events import EventType
from app.domain.people import Actor
from app.domain.policy import Action, Standing
from app.domain.situations import job_event
from app.services.assignments.job_step import save_job
from app.services.change import Change
from app.services.perform import Writer, Written, perform
from app.services.situations import expect_version, lock_job, require, team_of

WORST, BEST = 1, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RateAssignment:
    """Which job, 1 (bad) to 5 (good), and why; at most 2,000 characters."""

    assignment_id: UUID
    rating: int
    feedback: str | None = None
    expected_version: int | None = None
    idempotency_key: str | None = None


async def rate_assignment(writer: Writer, actor: Actor, command: RateAssignment) -> Written:
    """Rate a completed job, once; for the ticket's requester only. Ids: assignment, ticket.

    Guard: the ticket's row lock, then the job's, then the technician's row, whose mean is counted on.
    """

    async def work(change: Change) -> dict[str, UUID]:
        rating = validation.number(command.rating, ("rating",), least=WORST, most=BEST)
        feedback = validation.optional_text(command.feedback, "feedback", longest=validation.LONGEST_REASON)
        situation, job = await lock_job(change, command.assignment_id)
        ticket = situation.ticket
        asked_for = Standing(requester_id=ticket.requester_id, customer_id=ticket.customer_id)
        require(change.actor, Action.RATE_JOB, asked_for, words="rate jobs that somebody else asked for")
        expect_version(job, command.expected_version)
        rated = await save_job(change, job, rules.rate(job, rating=rating, feedback=feedback, at=change.now))
        of = technicians.c
        counted = sa.update(technicians).where(of.organization_id == job.organization_id, of.id == job.technician_id)
        raised = counted.values(rating_total=of.rating_total + rating, rating_count=of.rating_count + 1)
        await change.connection.execute(raised)
        team_id = await team_of(change, situation, job)
        change.tell(job_event(EventType.JOB_RATED, job, rated, ticket=ticket, team_id=team_id, occurred_at=change.now))
        return {"assignment": job.id, "ticket": ticket.id}

    return await perform(writer, actor, "rateAssignment", command, work)
