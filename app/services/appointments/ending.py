"""An appointment is called off, or the customer was not there: its time is free again."""

from dataclasses import replace
from decimal import Decimal

from app.domain import appointment_life
from app.domain import assignments as job_rules
from app.domain import tickets as ticket_rules
from app.domain.appointments import Appointment, AppointmentStatus
from app.domain.assignments import AssignmentOutcome, AssignmentStatus, Report
from app.domain.events import EventType
from app.domain.refusals import InvalidTransition
from app.domain.situations import Situation, ticket_event
from app.domain.tickets import TicketStatus
from app.services.appointments.agreed import Agreed, save
from app.services.appointments.freeing import free_time
from app.services.assignments.job_step import end_job, save_ticket
from app.services.change import Change

_UNDER_WAY = frozenset({AssignmentStatus.EN_ROUTE, AssignmentStatus.IN_PROGRESS, AssignmentStatus.PAUSED})


async def call_off(
    change: Change, agreed: Agreed, *, reason: str, fee: Decimal | None = None, currency: str | None = None
) -> Appointment:
    """Cancel a locked appointment: its job is called off, its ticket OPEN, its time and parts are free.

    Guard: the ticket's row lock, then the technician's.

    Raises:
        InvalidTransition: it is over, or the work has begun.
    """
    appointment, situation = agreed.appointment, agreed.situation
    after = appointment_life.cancelled(appointment, reason=reason, at=change.now, fee=fee, currency=currency)
    job = situation.job
    if job is not None and job.id == appointment.assignment_id:
        if job.status in _UNDER_WAY:
            raise InvalidTransition(
                subject="appointment",
                current=appointment.status,
                to=AppointmentStatus.CANCELLED,
                allowed=(),
                current_assignment_id=job.id,
                why="The technician is on the way or at work; end the job first.",
            )
        at = max(change.now, job_rules.latest_stamp(job))
        change.followed.add(job.id)
        ended = job_rules.cancel(job, reason=reason, at=at)
        await end_job(change, situation, job, ended, told_as=EventType.JOB_CANCELLED)
        await _reopen(change, situation, TicketStatus.OPEN)
    saved = await save(change, agreed, after, told_as=EventType.APPOINTMENT_CANCELLED)
    await free_time(change, saved)
    return saved


async def miss(change: Change, agreed: Agreed) -> Appointment:
    """Say that the customer was not there: the job has failed, the ticket waits for the customer.

    Guard: the ticket's row lock, then the technician's.

    Raises:
        InvalidTransition: it is over.
    """
    appointment, situation = agreed.appointment, agreed.situation
    after = replace(appointment_life.moved(appointment, AppointmentStatus.NO_SHOW), remind_at=None)
    job = situation.job
    if job is not None and job.id == appointment.assignment_id:
        at = max(change.now, job_rules.latest_stamp(job))
        change.followed.add(job.id)
        if job.status in _UNDER_WAY:
            report = Report(outcome=AssignmentOutcome.CUSTOMER_UNAVAILABLE)
            ended, told_as = job_rules.complete(job, report, at=at), EventType.JOB_FAILED
        else:
            ended, told_as = job_rules.cancel(job, reason="The customer was not there", at=at), EventType.JOB_CANCELLED
        await end_job(change, situation, job, ended, told_as=told_as)
        await _reopen(change, situation, TicketStatus.PENDING_INFO)
    saved = await save(change, agreed, after, told_as=EventType.APPOINTMENT_NO_SHOW)
    await free_time(change, saved)
    return saved


async def _reopen(change: Change, situation: Situation, to: TicketStatus) -> None:
    ticket = situation.ticket
    moved = ticket_rules.move(ticket, to, now=change.now)
    after = Situation(ticket=await save_ticket(change, ticket, moved))
    change.tell(ticket_event(EventType.TICKET_STATUS_CHANGED, situation, after, occurred_at=change.now))
