"""Somebody would like a time, or an earlier one, and waits until one becomes free."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.db import records
from app.db.tables.appointments import waitlist_entries
from app.db.timers.setting import set_timer
from app.domain.appointment_life import AHEAD
from app.domain.appointments import AppointmentType
from app.domain.events import EventType
from app.domain.people import Actor
from app.domain.refusals import Invalid
from app.domain.timers import Timer, TimerKind
from app.domain.waitlist import LONGEST_WAIT, RANKS, WaitlistEntry, WaitlistStatus
from app.domain.waitlist_events import waitlist_event
from app.domain.wanted import Wanted, wanted
from app.services.appointments.agreed import expect_bookable_by, lock_agreed
from app.services.appointments.judging import LONGEST_AHEAD
from app.services.appointments.pausing import hold_customer
from app.services.appointments.waiting import WAITS
from app.services.appointments.wanting import SlotQuestion, check_windows, wanted_of
from app.services.change import Change
from app.services.perform import Writer, Written, perform

MOST_WAITS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinWaitlist:
    """What is waited for: an earlier time of an appointment, or a first one; `windows` are times that would suit."""

    appointment_type: AppointmentType
    windows: tuple[tuple[datetime, datetime], ...]
    appointment_id: UUID | None = None
    customer_id: UUID | None = None
    idempotency_key: str | None = None


async def join_waitlist(writer: Writer, actor: Actor, command: JoinWaitlist) -> Written:
    """Wait for a time: what becomes free is offered to fleet and premium customers first, then by time. Ids: entry.

    The wait ends with the last of the windows, after sixty days at most.

    Guard: the ticket's row lock where there is an appointment; one wait for each is unique in SQL. Else the customer's
    row, which stays active meanwhile.

    Raises:
        Invalid: windows that make no sense, an appointment that is not ahead or waits already.
    """

    async def work(change: Change) -> dict[str, UUID]:
        check_windows(command.windows, "windows", now=change.now)
        if not command.windows:
            raise Invalid(field=("windows",), problem="windows needs one entry at least.")
        work_wanted, customer_id = await _wanted(change, command)
        entry = WaitlistEntry(
            id=change.new_id(),
            organization_id=actor.organization_id,
            customer_id=customer_id,
            appointment_id=command.appointment_id,
            joined_by=actor.user_id,
            appointment_type=work_wanted.appointment_type,
            windows=tuple((start.isoformat(), end.isoformat()) for start, end in command.windows),
            request=work_wanted.written(),
            tier_rank=RANKS[work_wanted.customer_tier],
            status=WaitlistStatus.WAITING,
            declined=(),
            expires_at=min(max(end for _, end in command.windows), change.now + LONGEST_WAIT),
            created_at=change.now,
            updated_at=change.now,
        )
        await records.insert(change.connection, waitlist_entries, entry)
        timer = Timer(TimerKind.WAIT_ENDS, entry.organization_id, entry.id)
        await set_timer(change.connection, timer, after=entry.expires_at - change.now)
        change.tell(waitlist_event(EventType.WAITLIST_JOINED, None, entry, occurred_at=change.now))
        return {"entry": entry.id}

    return await perform(writer, actor, "joinWaitlist", command, work)


async def _wanted(change: Change, command: JoinWaitlist) -> tuple[Wanted, UUID | None]:
    if command.appointment_id is None:
        asked = SlotQuestion(appointment_type=command.appointment_type, customer_id=command.customer_id)
        found = await wanted_of(change.connection, change.actor, asked, now=change.now, horizon_days=LONGEST_AHEAD.days)
        await hold_customer(change, found.customer_id)
        await _expect_few(change, found.customer_id)
        return found, found.customer_id
    agreed = await lock_agreed(change, command.appointment_id, field="appointmentId")
    expect_bookable_by(change, agreed, words="wait for an earlier time of this appointment")
    appointment = agreed.appointment
    if appointment.status not in AHEAD:
        raise Invalid(field=("appointmentId",), problem="Only an appointment that is ahead can become earlier.")
    if command.appointment_type is not appointment.type:
        raise Invalid(field=("appointmentType",), problem=f"The appointment is {appointment.type}.")
    if command.customer_id not in {None, appointment.customer_id}:
        raise Invalid(field=("customerId",), problem="The appointment is another customer's.")
    of = waitlist_entries.c
    query = sa.select(sa.true()).where(
        of.organization_id == change.actor.organization_id,
        of.appointment_id == appointment.id,
        of.status.in_(sorted(WAITS)),
    )
    if await change.connection.scalar(query):
        raise Invalid(field=("appointmentId",), problem="An earlier time is waited for already; leave that wait first.")
    return wanted(appointment.request), appointment.customer_id


async def _expect_few(change: Change, customer_id: UUID | None) -> None:
    of = waitlist_entries.c
    whose = of.joined_by == change.actor.user_id if customer_id is None else of.customer_id == customer_id
    query = sa.select(sa.func.count()).where(
        of.organization_id == change.actor.organization_id, whose, of.status.in_(sorted(WAITS))
    )
    if int(await change.connection.scalar(query) or 0) >= MOST_WAITS:
        raise Invalid(field=("customerId",), problem=f"A customer waits for at most {MOST_WAITS} times at once.")
