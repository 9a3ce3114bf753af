"""Somebody moves an appointment to another slot."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from app.domain import appointment_life
from app.domain import assignments as job_rules
from app.domain import tickets as ticket_rules
from app.domain.appointments import Appointment, AppointmentSeries, AppointmentStatus, ScheduleLock
from app.domain.assignments import Assignment, AssignmentReason, AssignmentStatus, AssignmentType
from app.domain.bookings import Booking
from app.domain.events import EventType
from app.domain.organizations import BookingRules, OrganizationSettings
from app.domain.people import Actor
from app.domain.policy import is_staff
from app.domain.refusals import Invalid, InvalidTransition
from app.domain.series import local_minutes, shifted, template_of
from app.domain.slot_offers import SlotOffer
from app.domain.tickets import TicketStatus
from app.services.appointments.agreed import Agreed, expect_bookable_by, expect_version, lock_agreed, save
from app.services.appointments.booking import expect_still_held, give_up, ids_of
from app.services.appointments.holds import tell_who_waits
from app.services.appointments.judging import expect_bookable, lock_time
from app.services.appointments.offered import chosen, rules_of
from app.services.appointments.reserving import reserve, unreserve
from app.services.appointments.scopes import SeriesScope, lock_series_of, others_of, save_series
from app.services.appointments.taking import booking_of, release, take
from app.services.appointments.wanting import for_ticket
from app.services.assignments.job_step import end_job
from app.services.assignments.offering import find_technician, offer, tier_of
from app.services.change import Change
from app.services.perform import Writer, Written, perform

_MOVABLE = frozenset({AssignmentStatus.ASSIGNED, AssignmentStatus.ACCEPTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class RescheduleAppointment:
    """Which appointment, and the slot that it is to have, by its hold or its token."""

    appointment_id: UUID
    hold_id: UUID | None = None
    slot_token: str | None = None
    scope: SeriesScope = SeriesScope.THIS
    expected_version: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Where an appointment is to go, by which rules."""

    offer: SlotOffer
    rules: BookingRules
    settings: OrganizationSettings
    hold: Booking | None = None
    field: str = "slotToken"


async def reschedule_appointment(writer: Writer, actor: Actor, command: RescheduleAppointment) -> Written:
    """Give an appointment that is ahead another slot; with another technician its job is handed over.

    It is SCHEDULED again, and who confirmed it is asked anew. Of a series those that follow, or all that are ahead,
    move by as much on the local clock and to the same technician and bay; if one of them cannot, none does.
    Ids: appointment, ticket, assignment, series.

    Guard: the series' row lock, the tickets' row locks, then the locks of all technicians, bays and parts involved;
    the exclusion constraints on bookings.

    Raises:
        Invalid: it is locked, the slot was looked for with something else, or it is shorter, and the actor no staff.
        InvalidTransition: the work has begun, or is over.
        SlotTaken, HoldExpired, NotEligible: the slot cannot be had.
    """

    async def work(change: Change) -> dict[str, UUID]:
        series = await lock_series_of(change, command.appointment_id, command.scope)
        agreed = await lock_agreed(change, command.appointment_id)
        expect_bookable_by(change, agreed, words="reschedule this appointment")
        expect_version(agreed.appointment, command.expected_version)
        choice = await chosen(change, writer.slot_tokens, slot_token=command.slot_token, hold_id=command.hold_id)
        rules, settings = await rules_of(writer, change)
        move = Move(offer=choice.offer, rules=rules, settings=settings, hold=choice.hold, field=choice.field)
        if not is_staff(actor):
            _expect_as_long(agreed.appointment, move)
        if series is None:
            return ids_of(await move_appointment(change, agreed, move))
        others = await others_of(change, series, agreed.appointment, command.scope)
        moved = await move_appointment(change, agreed, move)
        await _move_others(change, agreed.appointment, others, move)
        saved = await _adapted(change, series, agreed.appointment, moved, move)
        return {**ids_of(moved), "series": saved.id}

    return await perform(writer, actor, "rescheduleAppointment", command, work)


def _expect_as_long(appointment: Appointment, move: Move) -> None:
    length, offered = appointment.ends_at - appointment.starts_at, move.offer.ends_at - move.offer.starts_at
    if offered < length:
        minutes = int(length.total_seconds()) // 60
        raise Invalid(field=(move.field,), problem=f"The work takes {minutes} minutes; look for a slot as long.")


async def _move_others(change: Change, before: Appointment, others: Sequence[Agreed], move: Move) -> None:
    """Move others as one was moved: by as much on the local clock, to the same technician and bay."""
    wish, zone = move.offer, before.time_zone
    minutes = local_minutes(before.starts_at, wish.starts_at, zone)
    # Whoever moves later goes first, so that nobody is in the way of the one before.
    for each in reversed(others) if minutes > 0 else others:
        start = shifted(each.appointment.starts_at, minutes=minutes, zone=zone)
        copy = replace(
            wish,
            starts_at=start,
            ends_at=start + (wish.ends_at - wish.starts_at),
            arrival_until=start + (wish.arrival_until - wish.starts_at),
            wanted=replace(wish.wanted, windows=(), ticket_id=None),
        )
        await move_appointment(change, each, replace(move, offer=copy, hold=None, field="scope"))


async def _adapted(
    change: Change, series: AppointmentSeries, before: Appointment, after: Appointment, move: Move
) -> AppointmentSeries:
    """Let the occurrences that are still to come be copies of the new slot, moved by as much."""
    kept = {name: series.template[name] for name in ("notes", "notify")}
    template = template_of(move.offer, requester_id=UUID(series.template["requester_id"]), **kept)
    minutes = local_minutes(before.starts_at, after.starts_at, series.time_zone)
    changed = replace(series, template=template, shift_minutes=series.shift_minutes + minutes)
    return await save_series(change, series, changed, after)


async def move_appointment(change: Change, agreed: Agreed, move: Move) -> Appointment:
    """Move a locked appointment that is ahead; the time it had is offered to who waits."""
    appointment, situation, field = agreed.appointment, agreed.situation, move.field
    expect_movable(appointment, move.offer, field=field)
    # What was looked for without the ticket must still be enough for it.
    whole = await for_ticket(change.connection, move.offer.wanted, situation.ticket, field=field)
    wish = replace(move.offer, wanted=whole)
    before = await booking_of(change, appointment.id)
    held = [] if move.hold is None else [move.hold.technician_id]
    await lock_time(change, wish, technicians=[appointment.technician_id, *held])
    await expect_still_held(change, wish, move.hold, field=field)
    mine = [each.id for each in (before, move.hold) if each is not None]
    await expect_bookable(change, wish, move.rules, field=field, but_bookings=mine, but_appointments=[appointment.id])
    job = await _handed_over(change, agreed, wish, move)
    if before is not None:
        await release(change, [before.id])
    await give_up(change, move.hold)
    await take(change, wish, buffer_minutes=move.rules.buffer_minutes, appointment_id=appointment.id, field=field)
    await unreserve(change, [appointment.id])
    after = replace(
        appointment,
        status=AppointmentStatus.SCHEDULED,
        assignment_id=appointment.assignment_id if job is None else job.id,
        technician_id=wish.technician_id,
        facility_id=wish.facility_id,
        bay_id=wish.bay_id,
        location_mode=wish.wanted.location_mode,
        starts_at=wish.starts_at,
        ends_at=wish.ends_at,
        arrival_until=wish.arrival_until,
        time_zone=wish.wanted.time_zone,
        request=wish.wanted.written(),
        used_recommended_slot=wish.recommended,
        invite_sequence=appointment.invite_sequence + 1,
        remind_at=appointment_life.remind_at(wish.starts_at, move.rules, now=change.now),
        reminded_at=None,
        confirmed_at=None,
    )
    saved = await save(change, agreed, after, told_as=EventType.APPOINTMENT_RESCHEDULED)
    await reserve(change, saved, wish.wanted)
    if job is None:
        # Its place in the queue is by its time.
        change.queues.add(saved.technician_id)
    if before is not None:
        await tell_who_waits(change, before.id)
    return saved


def expect_movable(appointment: Appointment, wish: SlotOffer, *, field: str) -> None:
    """Refuse to move what is locked, begun, over, or about something else. Raises Invalid, InvalidTransition."""
    if appointment.status not in appointment_life.AHEAD:
        raise InvalidTransition(
            subject="appointment",
            current=appointment.status,
            to=AppointmentStatus.SCHEDULED,
            allowed=(),
            why="Only an appointment that is ahead can be moved.",
        )
    wanted = wish.wanted
    if wanted.ticket_id not in {None, appointment.ticket_id}:
        raise Invalid(field=(field,), problem="The slot was looked for with another ticket; look for slots again.")
    if wanted.appointment_type is not appointment.type:
        raise Invalid(field=(field,), problem=f"The slot is for {wanted.appointment_type}, not {appointment.type}.")
    time_moves = (wish.starts_at, wish.ends_at) != (appointment.starts_at, appointment.ends_at)
    resource_moves = (wish.technician_id, wish.bay_id) != (appointment.technician_id, appointment.bay_id)
    lock = appointment.lock
    if time_moves and lock in {ScheduleLock.TIME, ScheduleLock.RESOURCE_AND_TIME}:
        raise Invalid(field=(field,), problem="The appointment's time is locked; unlock it first.")
    if resource_moves and lock in {ScheduleLock.RESOURCE, ScheduleLock.RESOURCE_AND_TIME}:
        raise Invalid(field=(field,), problem="Who does the appointment and where is locked; unlock it first.")


async def _handed_over(change: Change, agreed: Agreed, wish: SlotOffer, move: Move) -> Assignment | None:
    """Hand the job over to the technician of the slot; None: it stays with whoever has it."""
    situation, job = agreed.situation, agreed.situation.job
    if job is not None and job.status not in _MOVABLE:
        raise Invalid(field=("id",), problem="The technician is on the way or at work; end the job first.")
    if job is not None and job.technician_id == wish.technician_id:
        return None
    ticket = situation.ticket
    technician = await find_technician(change, ticket, wish.technician_id, field=move.field)
    if job is not None:
        at = max(change.now, job_rules.latest_stamp(job))
        change.followed.add(job.id)
        await end_job(change, situation, job, job_rules.hand_over(job, at=at), told_as=EventType.JOB_REASSIGNED)
    tier = await tier_of(change.connection, ticket)
    given = await offer(
        change,
        situation,
        ticket_rules.move(ticket, TicketStatus.ASSIGNED, now=change.now),
        technician,
        tier,
        move.settings,
        reason=AssignmentReason.REASSIGNMENT,
        note=None,
        type_=AssignmentType.AUTO,
        told_as=EventType.TICKET_STATUS_CHANGED,
        expires=False,
    )
    # That is a dispatcher's to think about, who gives jobs away by hand.
    change.impact = None
    return given
