"""What becomes of an appointment when its job begins, ends or goes to somebody else."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from uuid import UUID

from app.db import records
from app.db.tables.appointments import appointments
from app.db.tables.tickets import tickets
from app.domain import appointment_life
from app.domain.appointments import Appointment, AppointmentStatus
from app.domain.assignments import AssignmentOutcome
from app.domain.events import EventType, NewEvent
from app.domain.organizations import BookingRules
from app.domain.refusals import NotEligible, Refusal
from app.domain.situations import Situation
from app.domain.slot_offers import SlotOffer, SlotScore
from app.domain.tickets import Ticket
from app.domain.wanted import wanted
from app.services.appointments.agreed import Agreed, save
from app.services.appointments.freeing import free_time
from app.services.appointments.judging import against, lock_time
from app.services.appointments.taking import booking_of, release, take
from app.services.change import Change
from app.services.organization import own_rules

_S = AppointmentStatus
# What the end of a job means for its appointment, unless somebody else gets the job.
_BECOMES: Mapping[EventType, AppointmentStatus] = MappingProxyType(
    {
        EventType.JOB_STARTED: _S.IN_PROGRESS,
        EventType.JOB_COMPLETED: _S.COMPLETED,
        EventType.JOB_FAILED: _S.COMPLETED,
        EventType.JOB_REJECTED: _S.CANCELLED,
        EventType.JOB_CANCELLED: _S.CANCELLED,
        EventType.JOB_ESCALATED: _S.CANCELLED,
        EventType.JOB_REASSIGNED: _S.CANCELLED,
        EventType.JOB_OFFER_EXPIRED: _S.CANCELLED,
    }
)
_TOLD_AS: Mapping[AppointmentStatus, EventType] = MappingProxyType(
    {
        _S.IN_PROGRESS: EventType.APPOINTMENT_STARTED,
        _S.COMPLETED: EventType.APPOINTMENT_COMPLETED,
        _S.NO_SHOW: EventType.APPOINTMENT_NO_SHOW,
        _S.CANCELLED: EventType.APPOINTMENT_CANCELLED,
    }
)
_REASONS: Mapping[EventType, str] = MappingProxyType(
    {
        EventType.JOB_REJECTED: "The technician gave the job back",
        EventType.JOB_CANCELLED: "The job was called off",
        EventType.JOB_ESCALATED: "The job was escalated",
        EventType.JOB_REASSIGNED: "The job went to a technician who has no time then",
        EventType.JOB_OFFER_EXPIRED: "The technician did not take the job on",
    }
)
_NO_SCORE = SlotScore(urgency=0, customer_preference=0, waiting_penalty=0, workload_balance=0, travel_penalty=0)


async def follow_jobs(change: Change, server: BookingRules) -> None:
    """Let the appointments of jobs that have begun or ended in this change follow them.

    Begun work begins the appointment, work done ends it, and a customer who was not there has missed it. Whoever gets
    the job instead gets the appointment too, if they have time for it; given back and called off, it is cancelled.

    Guard: the ticket's row lock, which whoever changes a job has.
    """
    told = [event for event in change.told if event.type in _BECOMES and event.assignment_id not in change.followed]
    ids = [event.assignment_id for event in told if event.assignment_id is not None]
    if not ids:
        return
    of = appointments.c
    found = await records.fetch(
        change.connection,
        appointments,
        Appointment,
        of.organization_id == change.actor.organization_id,
        of.assignment_id.in_(ids),
        of.status.in_(appointment_life.OPEN),
        order=(of.id,),
    )
    for appointment in found:
        event = next(each for each in told if each.assignment_id == appointment.assignment_id)
        await _follow(change, appointment, event, server)


async def _follow(change: Change, appointment: Appointment, event: NewEvent, server: BookingRules) -> None:
    ticket = await records.fetch_one(
        change.connection, tickets, Ticket, appointment.organization_id, appointment.ticket_id
    )
    if ticket is None:
        raise LookupError("an appointment has a ticket")
    agreed = Agreed(appointment=appointment, situation=Situation(ticket=ticket))
    successor = _successor(change.told, event)
    ahead = appointment.status in appointment_life.AHEAD
    if successor is not None and ahead and await _handed_over(change, agreed, successor, server):
        return
    becomes = _BECOMES[event.type]
    if event.type is EventType.JOB_FAILED and _outcome(event) == AssignmentOutcome.CUSTOMER_UNAVAILABLE:
        becomes = _S.NO_SHOW
    if becomes is appointment.status:
        return
    after = appointment_life.followed(appointment, becomes, _REASONS.get(event.type), at=change.now)
    saved = await save(change, agreed, after, told_as=_TOLD_AS[becomes])
    if becomes is not _S.IN_PROGRESS:
        await free_time(change, saved)


async def _handed_over(change: Change, agreed: Agreed, successor: NewEvent, server: BookingRules) -> bool:
    """Give the appointment to whoever got the job, at its time; False: they have none then."""
    technician_id = None if successor.after is None else successor.after.technician_id
    if technician_id is None:
        return False
    try:
        async with change.attempt():
            await _hand_over(change, agreed, technician_id, successor.assignment_id, server)
    except Refusal:
        return False
    return True


async def _hand_over(
    change: Change, agreed: Agreed, technician_id: UUID, assignment_id: UUID | None, server: BookingRules
) -> None:
    appointment = agreed.appointment
    await expect_time(change, appointment, technician_id, server)
    rules = await own_rules(change.connection, appointment.organization_id, server)
    before = await booking_of(change, appointment.id)
    if before is not None:
        await release(change, [before.id])
    offer = offer_again(appointment, technician_id=technician_id)
    await take(change, offer, buffer_minutes=rules.buffer_minutes, appointment_id=appointment.id)
    after = replace(
        appointment,
        technician_id=technician_id,
        assignment_id=assignment_id,
        invite_sequence=appointment.invite_sequence + 1,
    )
    await save(change, agreed, after, told_as=EventType.APPOINTMENT_RESCHEDULED)


async def expect_job_goes_along(change: Change, job_id: UUID, technician_id: UUID, server: BookingRules) -> None:
    """Refuse to give a job to somebody who has no time for its appointment. Raises NotEligible."""
    of = appointments.c
    found = await records.fetch(
        change.connection,
        appointments,
        Appointment,
        of.organization_id == change.actor.organization_id,
        of.assignment_id == job_id,
        of.status.in_(sorted(appointment_life.AHEAD)),
    )
    for appointment in found:
        await expect_time(change, appointment, technician_id, server)


async def expect_time(change: Change, appointment: Appointment, technician_id: UUID, server: BookingRules) -> None:
    """Refuse somebody who has no time for an appointment. Raises NotEligible.

    One whose time has come is judged no more: somebody must go there now.
    """
    rules = await own_rules(change.connection, appointment.organization_id, server)
    before = await booking_of(change, appointment.id)
    offer = offer_again(appointment, technician_id=technician_id)
    await lock_time(change, offer, technicians=[appointment.technician_id])
    if appointment.starts_at < change.now:
        return
    mine = () if before is None else (before.id,)
    reasons = await against(change, offer, rules, but=mine, but_appointments=[appointment.id])
    if reasons is None or reasons:
        raise NotEligible(field=("technicianId",), reasons=reasons or (), overridable=False)


def offer_again(appointment: Appointment, *, technician_id: UUID | None = None) -> SlotOffer:
    """Return the slot that an appointment has, as if it were offered now, to another technician if one is named."""
    return SlotOffer(
        technician_id=technician_id or appointment.technician_id,
        facility_id=appointment.facility_id,
        bay_id=appointment.bay_id,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        arrival_until=appointment.arrival_until,
        parts_available=True,
        parts_ready_on=None,
        estimated_completion=appointment.ends_at,
        travel_minutes=None,
        distance_km=None,
        distance_source=None,
        confidence=0.0,
        score=_NO_SCORE,
        recommended=appointment.used_recommended_slot,
        made_at=appointment.created_at,
        wanted=replace(wanted(appointment.request), ticket_id=appointment.ticket_id, windows=()),
    )


def _successor(told: Sequence[NewEvent], ended: NewEvent) -> NewEvent | None:
    return next(
        (
            event
            for event in told
            if event.type is EventType.JOB_ASSIGNED
            and event.ticket_id == ended.ticket_id
            and event.assignment_id != ended.assignment_id
        ),
        None,
    )


def _outcome(event: NewEvent) -> str | None:
    return next((change.new for change in event.changes if change.field == "outcome"), None)
