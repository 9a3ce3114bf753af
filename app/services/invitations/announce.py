"""What is agreed is put down to be told: within the transaction that agreed it, to be sent after it."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as _insert

from app.db import records
from app.db.tables.customers import customer_users
from app.db.tables.deliveries import calendar_connections, deliveries
from app.db.tables.people import technicians, users
from app.db.tables.tickets import tickets
from app.db.timers.setting import set_timer
from app.domain.appointments import Appointment
from app.domain.deliveries import Addressee, Channel, Delivery, DeliveryPurpose, DeliveryState, invited_by, to_send
from app.domain.organizations import booking_rules
from app.domain.people import Role
from app.domain.timers import Timer, TimerKind
from app.services.change import Change
from app.services.organization import settings_of

# A customer may have any number of users.
MOST_OF_A_CUSTOMER = 20
_AT_ONCE = timedelta()


async def announce(change: Change, appointment: Appointment, purpose: DeliveryPurpose) -> None:
    """Put down what is to leave the house about an appointment, as it now stands; nothing is sent here.

    INVITE and UPDATE ask whom it concerns, and call it off for those whom it concerned before; CANCEL calls it off for
    everybody who was asked. The technician is told by e-mail and in every calendar of theirs; if it says `notify`,
    so are the customer's side: the customer's users, and whoever asked for the ticket. No new letters but reminders go
    out where the organisation has settled so (`send_confirmation_email`); who was asked is kept up to date. REMINDER
    and CONFIRMATION are letters for the customer's side. Where no way out is set up, nothing is put down.

    Guard: the ticket's row lock, which the caller holds, and a unique key: of the same sequence each is there once.
    """
    if not change.channels:
        return
    connection, key = change.connection, deliveries.c.organization_id == appointment.organization_id
    former = await records.fetch(connection, deliveries, Delivery, key, deliveries.c.appointment_id == appointment.id)
    connected = await _connected(change, appointment, former)
    customers_side = await _customers_side(change, appointment)
    technician = await _technician(change, appointment, connected)
    concerned = [*technician, *customers_side]
    new = await _welcome(change, appointment, purpose, technician, customers_side)
    told = to_send(purpose, invited=_reached(former, connected), concerned=concerned, welcome=new)
    for addressee, each in told:
        await _put_down(change, appointment, addressee, each)


async def _welcome(
    change: Change,
    appointment: Appointment,
    purpose: DeliveryPurpose,
    technician: Iterable[Addressee],
    customers_side: Iterable[Addressee],
) -> list[Addressee]:
    """Return to whom something new may be sent."""
    rules = booking_rules(await settings_of(change.connection, appointment.organization_id), change.booking_rules)
    told_anyway = purpose is DeliveryPurpose.REMINDER
    found = list(customers_side) if appointment.notify else []
    if purpose in {DeliveryPurpose.INVITE, DeliveryPurpose.UPDATE}:
        found = [*technician, *found]
    return [
        each
        for each in found
        if each.channel in change.channels
        and (each.channel is not Channel.EMAIL or told_anyway or rules.send_confirmation_email)
    ]


async def _connected(change: Change, appointment: Appointment, former: Iterable[Delivery]) -> list[Addressee]:
    """Return the calendars that may be written into, of the technician and of those before."""
    of = calendar_connections.c
    who = {appointment.technician_id, *(each.technician_id for each in former if each.technician_id is not None)}
    query = (
        sa.select(of.technician_id, of.provider)
        .where(
            of.organization_id == appointment.organization_id,
            of.technician_id.in_(sorted(who)),
            of.sealed_token.is_not(None),
            of.broken_because.is_(None),
        )
        .order_by(of.technician_id, of.provider)
    )
    return [
        Addressee(channel=Channel(row.provider.value), technician_id=row.technician_id)
        for row in await change.connection.execute(query)
    ]


def _reached(former: Iterable[Delivery], connected: Iterable[Addressee]) -> list[Addressee]:
    """Return those who were invited and can be told more: a calendar that was given up is its owner's alone."""
    still = set(connected)
    return [each for each in invited_by(former) if each.channel is Channel.EMAIL or each in still]


async def _technician(change: Change, appointment: Appointment, connected: Iterable[Addressee]) -> list[Addressee]:
    """Return the ways to the technician: by e-mail, and by each calendar that may be written into."""
    key = appointment.organization_id
    query = (
        sa.select(users.c.email)
        .join(technicians, (technicians.c.organization_id == key) & (technicians.c.user_id == users.c.id))
        .where(users.c.organization_id == key, technicians.c.id == appointment.technician_id, users.c.active)
    )
    found = [each for each in connected if each.technician_id == appointment.technician_id]
    if await change.connection.scalar(query) is not None:
        found.insert(0, Addressee(channel=Channel.EMAIL, technician_id=appointment.technician_id))
    return found


async def _customers_side(change: Change, appointment: Appointment) -> list[Addressee]:
    """Return the customer's users and whoever asked for the ticket, that one first.

    Staff who asked for it in the customer's name are told only where the customer has nobody.
    """
    key = appointment.organization_id
    requester = sa.select(tickets.c.requester_id).where(
        tickets.c.organization_id == key, tickets.c.id == appointment.ticket_id
    )
    members = sa.select(customer_users.c.user_id).where(
        customer_users.c.organization_id == key, customer_users.c.customer_id == appointment.customer_id
    )
    asked = users.c.id == requester.scalar_subquery()
    their_own = sa.select(technicians.c.user_id).where(
        technicians.c.organization_id == key, technicians.c.id == appointment.technician_id
    )
    query = (
        sa.select(users.c.id, users.c.roles, asked.label("asked"))
        .where(
            users.c.organization_id == key,
            users.c.active,
            users.c.email.is_not(None),
            users.c.id != their_own.scalar_subquery(),
            asked | users.c.id.in_(members),
        )
        .order_by(asked.desc(), users.c.id)
        .limit(MOST_OF_A_CUSTOMER)
    )
    found = (await change.connection.execute(query)).all()
    outside = [row.id for row in found if not row.asked or set(row.roles) <= {Role.END_USER}]
    chosen: list[UUID] = outside or [row.id for row in found]
    return [Addressee(channel=Channel.EMAIL, user_id=each) for each in chosen]


async def _put_down(change: Change, appointment: Appointment, addressee: Addressee, purpose: DeliveryPurpose) -> None:
    if addressee.channel not in change.channels:
        return
    delivery_id = change.new_id()
    insert = (
        _insert(deliveries)
        .values(
            organization_id=appointment.organization_id,
            id=delivery_id,
            appointment_id=appointment.id,
            channel=addressee.channel,
            user_id=addressee.user_id,
            technician_id=addressee.technician_id,
            purpose=purpose,
            sequence=appointment.invite_sequence,
            state=DeliveryState.DUE,
            due_at=change.now,
            created_at=change.now,
            updated_at=change.now,
        )
        .on_conflict_do_nothing(constraint="each_effect_once")
    )
    if (await change.connection.execute(insert)).rowcount == 1:
        timer = Timer(TimerKind.DELIVERY, appointment.organization_id, delivery_id)
        await set_timer(change.connection, timer, after=_AT_ONCE)
