"""What every step of a job has in common: who may take it, when it happened, what follows for the ticket."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from app.db import locations, records
from app.db.tables.assignments import assignments
from app.db.tables.tickets import tickets
from app.domain import tickets as rules
from app.domain import validation
from app.domain.assignments import Assignment, latest_stamp
from app.domain.clock import settle
from app.domain.events import EventType, FieldChange
from app.domain.locations import Point
from app.domain.policy import Action, Standing
from app.domain.refusals import InvalidTransition
from app.domain.situations import Situation, job_event, ticket_event
from app.domain.tickets import Ticket, TicketStatus
from app.services.change import Change
from app.services.comments.add_comment import write_comment
from app.services.situations import expect_version, lock_job, require, team_of


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCommand:
    """A step of one job. `occurred_at` is when it happened, as the phone says; aware.

    `note` is said on the ticket besides, internally; `place` is where it happened, latitude and
    longitude in degrees, and the technician's location unless a newer one is known.
    """

    assignment_id: UUID
    expected_version: int | None = None
    occurred_at: datetime | None = None
    note: str | None = None
    place: tuple[float, float] | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A job before and after, the ticket it belongs to, and when it happened."""

    situation: Situation
    before: Assignment
    after: Assignment
    at: datetime
    note: str | None = None
    place: Point | None = None


async def take_step(change: Change, command: StepCommand, rule: Callable[[Assignment, datetime], Assignment]) -> Step:
    """Lock the actor's job and apply a rule of its life cycle; nothing is written yet.

    Raises:
        NotFound, Forbidden, StaleVersion, ClockSkew, and whatever the rule refuses; an
        InvalidTransition names the job that took this one's place, if there is one.
    """
    note = validation.optional_text(command.note, "note")
    place = None if command.place is None else validation.point(*command.place, "location")
    situation, job = await lock_job(change, command.assignment_id)
    require(
        change.actor,
        Action.WORK_JOB,
        Standing(technician_id=job.technician_id),
        words="work on another technician's job",
    )
    expect_version(job, command.expected_version)
    at = settle(command.occurred_at, now=change.now, not_before=latest_stamp(job))
    after = stepped(situation, job, lambda job: rule(job, at))
    point = None if place is None else Point(latitude=place[0], longitude=place[1], recorded_at=at)
    return Step(situation=situation, before=job, after=after, at=at, note=note, place=point)


def stepped(situation: Situation, job: Assignment, rule: Callable[[Assignment], Assignment]) -> Assignment:
    """Return the job after a rule of its life cycle; an InvalidTransition names the job that took its place."""
    try:
        return rule(job)
    except InvalidTransition as refusal:
        if situation.job is not None and situation.job.id != job.id:
            refusal.current_assignment_id = situation.job.id
        raise


async def write_step(
    change: Change,
    step: Step,
    *,
    told_as: EventType,
    ticket_status: TicketStatus | None = None,
    ticket_told_as: EventType = EventType.TICKET_STATUS_CHANGED,
    resolution_notes: str | None = None,
    also: Sequence[FieldChange] = (),
) -> dict[str, UUID]:
    """Write the job and what it means for its ticket, and tell both; `also` is what hangs on to the job."""
    team_id = await team_of(change, step.situation, step.before)
    ticket = step.situation.ticket
    after = await save_job(change, step.before, step.after)
    if not after.is_active:
        change.queues.add(after.technician_id)
    told = job_event(told_as, step.before, after, ticket=ticket, team_id=team_id, occurred_at=step.at)
    change.tell(replace(told, changes=(*told.changes, *also)))
    if ticket_status is not None and ticket_status is not ticket.status:
        moved = rules.move(ticket, ticket_status, now=change.now)
        if resolution_notes is not None:
            moved = replace(moved, resolution_notes=resolution_notes)
        situation = Situation(
            ticket=await save_ticket(change, ticket, moved),
            job=after if after.is_active else None,
            team_id=team_id if after.is_active else None,
        )
        change.tell(ticket_event(ticket_told_as, step.situation, situation, occurred_at=step.at))
    if step.note is not None:
        await write_comment(change, step.situation, step.note, internal=True)
    if step.place is not None:
        await locations.keep(change.connection, ticket.organization_id, after.technician_id, step.place)
    return {"assignment": after.id, "ticket": ticket.id}


async def end_job(
    change: Change, situation: Situation, before: Assignment, after: Assignment, *, told_as: EventType
) -> Assignment:
    """Write a job that others have ended, and tell of it; what becomes of the ticket is theirs to say."""
    saved = await save_job(change, before, after)
    change.queues.add(before.technician_id)
    team_id = await team_of(change, situation, before)
    at = after.ended_at or change.now
    change.tell(job_event(told_as, before, saved, ticket=situation.ticket, team_id=team_id, occurred_at=at))
    return saved


async def save_job(change: Change, before: Assignment, after: Assignment) -> Assignment:
    """Write a locked job; return it with its new version."""
    return await records.update(change.connection, assignments, before, after, now=change.now)


async def save_ticket(change: Change, before: Ticket, after: Ticket) -> Ticket:
    """Write a locked ticket; return it with its new version."""
    return await records.update(change.connection, tickets, before, after, now=change.now)
