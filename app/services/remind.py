"""An appointment is near, and whom it concerns is reminded of it."""

from dataclasses import dataclass, replace
from uuid import UUID

import sqlalchemy as sa

from app.db import records
from app.db.tables.appointments import appointments
from app.db.tables.people import technicians
from app.db.timers.setting import set_timer
from app.domain.appointment_events import appointment_event
from app.domain.appointments import Appointment
from app.domain.deliveries import AHEAD, DeliveryPurpose
from app.domain.events import EventType
from app.domain.people import Actor
from app.domain.refusals import NotFound
from app.domain.tickets import Ticket
from app.domain.timers import Timer, TimerKind, TooEarly
from app.services.announce import announce
from app.services.change import Change
from app.services.perform import Writer, Written, perform
from app.services.situations import lock_ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Remind:
    """Which appointment."""

    appointment_id: UUID
    idempotency_key: str | None = None


async def set_reminder(change: Change, appointment: Appointment) -> None:
    """Have an appointment reminded of at its `remind_at`, within the transaction that agreed on its time.

    After each move it is called again: earlier timers find that it is too early, or that there is nothing to do.
    """
    if appointment.remind_at is None or appointment.reminded_at is not None or appointment.status not in AHEAD:
        return
    timer = Timer(TimerKind.APPOINTMENT_REMINDER, appointment.organization_id, appointment.id)
    after = appointment.remind_at - change.now
    # Without its moment in the key it would count as set already, by the timer of the time before.
    await set_timer(change.connection, timer, after=after, apart=appointment.remind_at.isoformat())


async def remind(writer: Writer, actor: Actor, command: Remind) -> Written | None:
    """Tell that an appointment is near, once, and announce it. None: there is nothing to remind of. Ids: appointment.

    Guard: the ticket's row lock, under which the appointment is read: of any number of workers one reminds.

    Raises:
        TooEarly: it is not time yet, by this clock or since the appointment was moved.
    """

    async def work(change: Change) -> dict[str, UUID]:
        appointment, ticket = await _locked(change, command.appointment_id)
        if appointment.remind_at is None or appointment.reminded_at is not None or appointment.status not in AHEAD:
            raise _NothingToDo
        if appointment.remind_at > change.now:
            raise TooEarly(appointment.remind_at - change.now)
        if appointment.starts_at <= change.now:
            # Workers were away for long: now it would only be odd.
            raise _NothingToDo
        reminded = await _reminded(change, appointment)
        team_id = await change.connection.scalar(
            sa.select(technicians.c.team_id).where(
                technicians.c.organization_id == actor.organization_id, technicians.c.id == appointment.technician_id
            )
        )
        change.tell(
            appointment_event(
                EventType.APPOINTMENT_REMINDER,
                appointment,
                reminded,
                ticket=ticket,
                team_id=team_id,
                occurred_at=change.now,
            )
        )
        await announce(change, reminded, DeliveryPurpose.REMINDER)
        return {"appointment": appointment.id}

    try:
        return await perform(writer, actor, "remind", command, work)
    except _NothingToDo:
        return None


class _NothingToDo(Exception):
    """There is nothing to remind of."""


async def _locked(change: Change, appointment_id: UUID) -> tuple[Appointment, Ticket]:
    organization_id = change.actor.organization_id
    ticket_id = await change.connection.scalar(
        sa.select(appointments.c.ticket_id).where(
            appointments.c.organization_id == organization_id, appointments.c.id == appointment_id
        )
    )
    if ticket_id is None:
        raise _NothingToDo
    try:
        situation = await lock_ticket(change, ticket_id)
    except NotFound as gone:
        raise _NothingToDo from gone
    appointment = await records.fetch_one(
        change.connection, appointments, Appointment, organization_id, appointment_id, lock=True
    )
    if appointment is None:
        raise _NothingToDo
    return appointment, situation.ticket


async def _reminded(change: Change, appointment: Appointment) -> Appointment:
    written = replace(
        appointment,
        reminded_at=change.now,
        updated_at=max(change.now, appointment.updated_at),
        version=appointment.version + 1,
    )
    await change.connection.execute(
        sa.update(appointments)
        .where(appointments.c.organization_id == appointment.organization_id, appointments.c.id == appointment.id)
        .values(reminded_at=written.reminded_at, updated_at=written.updated_at, version=written.version)
    )
    return written
