"""An offer becomes an appointment: its ticket, its job and the time taken, all at once."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.db import records
from app.db.tables.appointments import appointments
from app.db.tables.base import Uuid
from app.db.tables.organizations import skills, territories
from app.domain import appointment_life
from app.domain import assignments as job_rules
from app.domain import tickets as ticket_rules
from app.domain.appointment_events import appointment_event, hold_event
from app.domain.appointments import Appointment, AppointmentStatus, AppointmentType, Urgency
from app.domain.assignments import Assignment, AssignmentReason, AssignmentStatus, AssignmentType
from app.domain.bookings import Booking
from app.domain.events import EventType
from app.domain.organizations import BookingRules, OrganizationSettings
from app.domain.refusals import Invalid, SlotTaken
from app.domain.situations import Situation
from app.domain.slot_offers import SlotOffer
from app.domain.tickets import TicketCategory, TicketStatus
from app.domain.wanted import Wanted
from app.services.appointments.judging import expect_bookable, lock_time
from app.services.appointments.outside import tell_outside
from app.services.appointments.reserving import reserve
from app.services.appointments.taking import release, take
from app.services.appointments.wanting import PRIORITIES
from app.services.assignments.job_step import end_job
from app.services.assignments.offering import find_technician, inferred_reason, offer, tier_of
from app.services.change import Change
from app.services.lanes import lanes_of
from app.services.naming import check_exists
from app.services.tickets.create_ticket import CreateTicket, draft, insert_drafts
from app.services.tickets.ticket_fields import NeededPart, NeededSkill

_CATEGORIES = {
    AppointmentType.ROUTINE_MAINTENANCE: TicketCategory.MAINTENANCE,
    AppointmentType.DIAGNOSTIC: TicketCategory.INSPECTION,
    AppointmentType.COMPONENT_REPAIR: TicketCategory.SERVICE_REQUEST,
    AppointmentType.EMERGENCY: TicketCategory.INCIDENT,
}
_TITLES = {
    AppointmentType.ROUTINE_MAINTENANCE: "Routine maintenance",
    AppointmentType.DIAGNOSTIC: "Diagnostic",
    AppointmentType.COMPONENT_REPAIR: "Component repair",
    AppointmentType.EMERGENCY: "Emergency",
}
_MOVABLE = frozenset({AssignmentStatus.ASSIGNED, AssignmentStatus.ACCEPTED})
_HAS_ONE = sa.text(
    """
    SELECT id FROM appointments WHERE organization_id = :organization_id AND ticket_id = :ticket_id
        AND status IN ('SCHEDULED', 'CONFIRMED', 'IN_PROGRESS')
    """
).bindparams(sa.bindparam("organization_id", type_=Uuid), sa.bindparam("ticket_id", type_=Uuid))
_ASSET_NAME = sa.text("SELECT name FROM assets WHERE organization_id = :organization_id AND id = :id").bindparams(
    sa.bindparam("organization_id", type_=Uuid), sa.bindparam("id", type_=Uuid)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How an appointment is made: by which rules, from which hold, for which series, and who is told.

    `automatic`: the server has chosen the slot, whoever has asked it to.
    """

    rules: BookingRules
    settings: OrganizationSettings
    hold: Booking | None = None
    notes: str | None = None
    notify: bool = True
    series_id: UUID | None = None
    occurrence_at: datetime | None = None
    reason: AssignmentReason | None = None
    automatic: bool = False
    field: str = "slotToken"


async def ticket_for(
    change: Change, wanted: Wanted, *, title: str | None = None, description: str | None = None,
    requester_id: UUID | None = None,
) -> Situation:  # fmt: skip
    """Create the ticket of work that has none yet. Guard: the counter's row lock."""
    name = None
    if wanted.asset_id is not None:
        values = {"organization_id": change.actor.organization_id, "id": wanted.asset_id}
        name = await change.connection.scalar(_ASSET_NAME, values)
    # What a kind of service asks for, and where a facility lies, is named already.
    for at, key in enumerate(wanted.skills):
        await check_exists(change, skills, f"requiredSkills.{at}.skillId", "skill", key, past=True)
    await check_exists(change, territories, "territoryId", "territory", wanted.territory_id, past=True)
    words = _TITLES[wanted.appointment_type]
    command = CreateTicket(
        title=title or (words if name is None else f"{words}: {name}")[:200],
        description=description or f"{words}, booked as an appointment.",
        category=_CATEGORIES[wanted.appointment_type],
        priority=PRIORITIES[Urgency(wanted.urgency)],
        customer_id=wanted.customer_id,
        asset_id=wanted.asset_id,
        requester_id=requester_id,
        territory_id=wanted.territory_id,
        latitude=wanted.latitude,
        longitude=wanted.longitude,
        required_skills=tuple(NeededSkill(skill_id=key, level=level) for key, level in wanted.skills.items()),
        required_parts=tuple(
            NeededPart(part_id=part.part_id, quantity=part.quantity, critical=part.critical) for part in wanted.parts
        ),
    )
    (ticket,) = await insert_drafts(change, [await draft(change, command)])
    return Situation(ticket=ticket)


async def book(change: Change, wish: SlotOffer, situation: Situation, terms: Terms) -> Appointment:
    """Make an appointment of an offer for a locked ticket; the ticket is its technician's job from now on.

    Guard: the ticket's row lock, then the locks of technicians, bays and parts under which the offer is judged again;
    the exclusion constraints on bookings would stop whoever forgot them.

    Raises:
        Invalid: the ticket has an appointment, or is being worked on; the slot has begun.
        InvalidTransition: the ticket can be given to nobody.
        SlotTaken, NotEligible: the slot cannot be booked.
    """
    ticket, connection = situation.ticket, change.connection
    values = {"organization_id": ticket.organization_id, "ticket_id": ticket.id}
    if await connection.scalar(_HAS_ONE, values) is not None:
        raise Invalid(field=("ticketId",), problem="The ticket has an appointment; reschedule or cancel it first.")
    chosen = replace(wish, wanted=replace(wish.wanted, ticket_id=ticket.id))
    holders = [] if situation.job is None else [situation.job.technician_id]
    held = [] if terms.hold is None else [terms.hold.technician_id]
    await lock_time(change, chosen, technicians=[*holders, *held])
    await expect_still_held(change, chosen, terms.hold, field=terms.field)
    mine = () if terms.hold is None else (terms.hold.id,)
    await expect_bookable(change, chosen, terms.rules, field=terms.field, but_bookings=mine)
    job = await _given(change, situation, chosen, terms)
    appointment = Appointment(
        id=change.new_id(),
        organization_id=ticket.organization_id,
        ticket_id=ticket.id,
        assignment_id=job.id,
        asset_id=chosen.wanted.asset_id or ticket.asset_id,
        customer_id=chosen.wanted.customer_id or ticket.customer_id,
        type=chosen.wanted.appointment_type,
        urgency=chosen.wanted.urgency,
        status=AppointmentStatus.SCHEDULED,
        location_mode=chosen.wanted.location_mode,
        facility_id=chosen.facility_id,
        bay_id=chosen.bay_id,
        technician_id=chosen.technician_id,
        starts_at=chosen.starts_at,
        ends_at=chosen.ends_at,
        arrival_until=chosen.arrival_until,
        time_zone=chosen.wanted.time_zone,
        series_id=terms.series_id,
        occurrence_at=terms.occurrence_at,
        request=chosen.wanted.written(),
        notes=terms.notes,
        notify=terms.notify,
        used_recommended_slot=chosen.recommended,
        remind_at=appointment_life.remind_at(chosen.starts_at, terms.rules, now=change.now),
        booked_by=change.actor.user_id,
        created_at=change.now,
        updated_at=change.now,
    )
    await records.insert(connection, appointments, appointment)
    await give_up(change, terms.hold)
    await take(
        change,
        chosen,
        buffer_minutes=terms.rules.buffer_minutes,
        appointment_id=appointment.id,
        field=terms.field,
    )
    await reserve(change, appointment, chosen.wanted)
    lanes = await lanes_of(change, [chosen.technician_id])
    change.tell(
        appointment_event(
            EventType.APPOINTMENT_SCHEDULED, None, appointment, ticket=ticket, lanes=lanes, occurred_at=change.now
        )
    )
    await tell_outside(change, appointment, EventType.APPOINTMENT_SCHEDULED)
    return appointment


def ids_of(appointment: Appointment) -> dict[str, UUID]:
    """Return the keys of what an appointment consists of, by role."""
    ids = {"appointment": appointment.id, "ticket": appointment.ticket_id}
    if appointment.assignment_id is not None:
        ids["assignment"] = appointment.assignment_id
    return ids


async def expect_still_held(change: Change, chosen: SlotOffer, hold: Booking | None, *, field: str) -> None:
    """Refuse a hold that was given back while its technician's lock was waited for. Raises SlotTaken."""
    if hold is None:
        return
    query = sa.text("SELECT active FROM bookings WHERE organization_id = :organization_id AND id = :id")
    values = {"organization_id": hold.organization_id, "id": hold.id}
    if not await change.connection.scalar(query, values):
        raise SlotTaken(field=(field,), wanted=chosen.wanted)


async def give_up(change: Change, hold: Booking | None) -> None:
    """Give the time of a hold back to whom it was held for: what takes it next is in the same change."""
    if hold is not None:
        await release(change, [hold.id])
        change.tell(hold_event(EventType.SLOT_RELEASED, hold, occurred_at=change.now))


async def _given(change: Change, situation: Situation, chosen: SlotOffer, terms: Terms) -> Assignment:
    """Give the ticket to the technician of the offer, or leave it with them."""
    ticket, job = situation.ticket, situation.job
    if job is not None and job.technician_id == chosen.technician_id:
        return job
    if job is not None and job.status not in _MOVABLE:
        raise Invalid(field=("ticketId",), problem="The ticket is being worked on by somebody else.")
    technician = await find_technician(change, ticket, chosen.technician_id, field=terms.field)
    tier = await tier_of(change.connection, ticket)
    if job is not None:
        at = max(change.now, job_rules.latest_stamp(job))
        ended = job_rules.hand_over(job, at=at)
        change.followed.add(job.id)
        await end_job(change, situation, job, ended, told_as=EventType.JOB_REASSIGNED)
    by_hand = change.actor.user_id is not None and change.actor.technician_id is None and not terms.automatic
    given = await offer(
        change,
        situation,
        ticket_rules.move(ticket, TicketStatus.ASSIGNED, now=change.now),
        technician,
        tier,
        terms.settings,
        reason=terms.reason or inferred_reason(ticket, situation.last),
        note=None,
        type_=AssignmentType.MANUAL if by_hand else AssignmentType.AUTO,
        told_as=EventType.TICKET_STATUS_CHANGED,
        expires=False,
    )
    # That is a dispatcher's to think about, who gives jobs away by hand.
    change.impact = None
    return given
